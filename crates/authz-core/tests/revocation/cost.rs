use std::{
    thread,
    time::{Duration, SystemTime},
};

use allocation_counter::measure;
use authz_core::{Admission, Reason, RequestParts, Revocations, any_valid_token};
use http::Request;

use crate::{
    api::{Api, at},
    support::ISSUER,
};

#[tokio::test]
async fn a_check_allocates_nothing_with_a_million_entries() {
    let api = Api::with(Revocations::builder().max_bytes(80 << 20));
    let filled = measure(|| {
        for i in 0..1_000_000 {
            let id = format!("3f2a6d1e-0000-4000-8000-{i:012}");
            api.revocations.deny_token(ISSUER, &id, at(4000)).unwrap();
        }
    });
    let status = api.revocations.status();
    assert_eq!(status.entries, 1_000_000);
    let (taken, believed) = (filled.bytes_current as u64, status.bytes as u64);
    println!(
        "bytes per entry: {}, believed {}",
        taken / 1_000_000,
        believed / 1_000_000
    );
    assert!(taken <= 80 << 20, "{taken}");
    assert!(taken.abs_diff(believed) < taken / 50, "{taken} {believed}");

    api.revocations
        .deny_subject(ISSUER, "other", at(1), at(4000))
        .unwrap();
    let token = api.token("a").build();
    assert_eq!(api.refusal(&token).await, None);
    let request = Request::get("/").header("authorization", format!("Bearer {token}"));
    let request = request.body(()).unwrap();
    let (parts, policy) = (RequestParts::from(&request), any_valid_token());
    let mut allowed = false;
    let check = measure(|| {
        let decision = api.authorizer.decide(&parts, &policy);
        allowed = matches!(decision, Admission::Ready(Ok(Some(_))));
    });
    assert!(allowed);
    assert_eq!(check.count_total, 0, "{check:?}");
}

#[test]
fn memory_is_given_back() {
    let api = Api::new();
    for i in 0..100_000 {
        api.revocations
            .deny_token(ISSUER, &i.to_string(), at(60))
            .unwrap();
    }
    let full = api.revocations.status().bytes;
    api.clock.set(at(60));
    assert!(api.revocations.status().bytes < full / 100, "{full}");
}

#[test]
fn threads_see_what_the_others_have_added() {
    let list = &Revocations::new();
    let until = SystemTime::now() + Duration::from_secs(3600);
    thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for i in 0..5_000 {
                    list.deny_token(ISSUER, &format!("{thread}-{i}"), until)
                        .unwrap();
                    list.deny_token(ISSUER, &format!("all-{i}"), until).unwrap();
                    if i % 2 == 0 {
                        assert!(list.allow_token(ISSUER, &format!("{thread}-{i}")));
                    }
                }
            });
        }
    });
    assert_eq!(list.len(), 4 * 2_500 + 5_000);
    assert_eq!(list.status().entries, 4 * 2_500 + 5_000);
}

#[tokio::test]
async fn names_are_not_limited_in_length() {
    let api = Api::new();
    let id = "x".repeat(4000);
    api.revocations.deny_token(ISSUER, &id, at(4000)).unwrap();
    let token = api.token(&id).build();
    assert_eq!(api.refusal(&token).await, Some(Reason::Revoked));
    let other = api.token(&id[1..]).build();
    assert_eq!(api.refusal(&other).await, None);
}
