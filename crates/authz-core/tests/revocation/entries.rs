use std::time::{Duration, UNIX_EPOCH};

use authz_core::{Reason, Revocations};
use proptest::prelude::*;

use crate::{
    api::{Api, NOW, at},
    support::{ISSUER, log::logged},
};

const REVOKED: Option<Reason> = Some(Reason::Revoked);

#[tokio::test]
async fn a_revoked_token_is_refused_with_the_next_request_cached_tokens_included() {
    let api = Api::new();
    let (token, other) = (api.token("a").build(), api.token("b").build());
    assert_eq!(api.refusal(&token).await, None);
    assert_eq!(api.authorizer.cache_status().unwrap().tokens, 1);

    api.revocations.deny_token(ISSUER, "a", at(4000)).unwrap();
    let rejection = api.request(&token).await.unwrap_err();
    assert_eq!(rejection.reason(), Reason::Revoked);
    assert_eq!(rejection.status(), 401);
    let challenge = rejection.challenge().unwrap();
    let expected = r#"error="invalid_token", error_description="the access token was revoked""#;
    assert!(
        challenge.to_str().unwrap().contains(expected),
        "{challenge:?}"
    );
    assert_eq!(rejection.retry_after(), None);

    // A token that is not cached, and one that did not come with a request.
    assert_eq!(api.refusal(&other).await, None);
    api.revocations.deny_token(ISSUER, "c", at(4000)).unwrap();
    let unseen = api.token("c").build();
    assert_eq!(api.refusal(&unseen).await, REVOKED);
    let refused = api.authorizer.verify(&token).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::Revoked);
}

#[tokio::test]
async fn a_token_that_waited_for_its_key_is_checked_too() {
    let api = Api::new();
    api.keys.hold();
    api.revocations.deny_token(ISSUER, "a", at(4000)).unwrap();
    let token = api.token("a").build();
    let waiting = api.refusal(&token);
    let release = async {
        crate::support::settle().await;
        api.keys.release();
    };
    assert_eq!(tokio::join!(waiting, release).0, REVOKED);
}

#[tokio::test]
async fn an_entry_is_about_one_issuer_and_one_claim() {
    for kind in ["jti", "sub", "sid", "client_id"] {
        let api = Api::new();
        let deny = |issuer: &str, name: &str| {
            let list = &api.revocations;
            match kind {
                "jti" => list.deny_token(issuer, name, at(4000)),
                "sub" => list.deny_subject(issuer, name, at(1), at(4000)),
                "sid" => list.deny_session(issuer, name, at(1), at(4000)),
                _ => list.deny_client(issuer, name, at(1), at(4000)),
            }
            .unwrap();
        };
        let token = api.token("one").claim(kind, "one").build();
        let names = ["jti", "sub", "sid", "client_id"];
        let others = names.iter().filter(|it| **it != kind);
        let elsewhere = others.fold(api.token("other"), |it, name| it.claim(*name, "one"));
        let elsewhere = elsewhere.claim(kind, "two").build();
        deny("https://other.example/", "one");
        deny(ISSUER, "on");
        deny(ISSUER, "one ");
        assert_eq!(api.refusal(&token).await, None, "{kind}");
        deny(ISSUER, "one");
        assert_eq!(api.refusal(&token).await, REVOKED, "{kind}");
        assert_eq!(api.refusal(&elsewhere).await, None, "{kind}");
    }
}

#[tokio::test]
async fn azp_counts_where_client_id_is_missing() {
    let api = Api::new();
    api.revocations
        .deny_client(ISSUER, "app", at(1), at(4000))
        .unwrap();
    let by_azp = api.token("a").without("client_id").claim("azp", "app");
    assert_eq!(api.refusal(&by_azp.build()).await, REVOKED);
    let by_both = api.token("b").claim("azp", "app").build();
    assert_eq!(api.refusal(&by_both).await, None);
}

#[tokio::test]
async fn only_tokens_issued_before_the_time_are_revoked() {
    let api = Api::new();
    // Within a second: a token of the same second may be older, so it is revoked.
    let before = at(100) + Duration::from_millis(1);
    api.revocations
        .deny_subject(ISSUER, "user", before, at(4000))
        .unwrap();
    api.clock.set(at(200));
    for (issued, expected) in [(0, REVOKED), (100, REVOKED), (101, None), (150, None)] {
        let token = api.token(&issued.to_string()).claim("iat", NOW + issued);
        assert_eq!(api.refusal(&token.build()).await, expected, "{issued}");
    }
    let fraction = api.token("f").claim("iat", NOW as f64 + 100.9).build();
    assert_eq!(api.refusal(&fraction).await, REVOKED);
    let unknown = api.token("u").without("iat").build();
    assert_eq!(
        api.refusal(&unknown).await,
        REVOKED,
        "it can't show that it is newer"
    );
}

#[tokio::test]
async fn an_entry_ends_by_itself() {
    let api = Api::new();
    let token = api.token("a").build();
    api.revocations.deny_token(ISSUER, "a", at(60)).unwrap();
    api.clock.set(at(59));
    assert_eq!(api.refusal(&token).await, REVOKED);
    api.clock.set(at(60));
    assert_eq!(api.refusal(&token).await, None);
    assert_eq!(api.revocations.status().entries, 0);
    assert!(api.revocations.is_empty());
    // One that has ended already is not kept.
    api.revocations.deny_token(ISSUER, "a", at(60)).unwrap();
    assert!(api.revocations.is_empty());

    // It does not make a later one stricter, even before it is swept.
    let list = &api.revocations;
    list.deny_subject(ISSUER, "user", at(4000), at(70)).unwrap();
    assert_eq!(api.refusal(&token).await, REVOKED);
    api.clock.set(at(80));
    list.deny_subject(ISSUER, "user", at(0), at(4000)).unwrap();
    assert_eq!(api.refusal(&token).await, None);
}

#[tokio::test]
async fn an_entry_can_be_taken_back() {
    let api = Api::new();
    let token = api.token("a").build();
    let list = &api.revocations;
    list.deny_token(ISSUER, "a", at(60)).unwrap();
    list.deny_subject(ISSUER, "user", at(1), at(60)).unwrap();
    list.deny_session(ISSUER, "session", at(1), at(60)).unwrap();
    list.deny_client(ISSUER, "web", at(1), at(60)).unwrap();
    assert_eq!(list.len(), 4);
    for allowed in [
        list.allow_token(ISSUER, "a"),
        list.allow_subject(ISSUER, "user"),
        list.allow_session(ISSUER, "session"),
    ] {
        assert!(allowed);
        assert_eq!(api.refusal(&token).await, REVOKED);
    }
    assert!(list.allow_client(ISSUER, "web"));
    assert_eq!(api.refusal(&token).await, None);
    assert!(!list.allow_client(ISSUER, "web"), "it is gone");
    assert!(list.is_empty());
}

#[test]
fn a_full_list_says_so_and_drops_nothing() {
    // Room for ten entries.
    let api = Api::with(Revocations::builder().max_bytes(10 * 76));
    let list = &api.revocations;
    for i in 0..10 {
        list.deny_token(ISSUER, &i.to_string(), at(60 + i)).unwrap();
    }
    assert_eq!(list.status().max_entries, 10);
    let full = list.deny_token(ISSUER, "10", at(4000)).unwrap_err();
    assert_eq!(full.entries, 10);
    assert_eq!(
        full.to_string(),
        "the list of revocations is full: it has 10 entries, so raise `max_bytes`"
    );
    // An entry that exists can still be extended, and others stay.
    list.deny_token(ISSUER, "9", at(4000)).unwrap();
    assert_eq!(list.len(), 10);
    // Entries that have ended make room.
    api.clock.set(at(61));
    for i in 10..12 {
        list.deny_token(ISSUER, &i.to_string(), at(4000)).unwrap();
    }
    assert!(list.deny_token(ISSUER, "12", at(4000)).is_err());
    assert_eq!(list.len(), 10);
}

#[test]
fn the_log_names_the_claim() {
    let log = logged(tracing_subscriber::filter::LevelFilter::INFO, || {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        runtime.block_on(async {
            let api = Api::new();
            api.revocations
                .deny_session(ISSUER, "session", at(1), at(60))
                .unwrap();
            assert_eq!(api.refusal(&api.token("a").build()).await, REVOKED);
        });
    });
    let line = log
        .lines()
        .find(|it| it.contains("request refused"))
        .unwrap();
    for part in [
        "INFO authz:",
        r#"reason="revoked""#,
        "status=401",
        r#"actual="sid""#,
        r#"jti="a""#,
        r#"sub="user""#,
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// Calls may arrive in any order, and repeatedly.
    #[test]
    fn the_order_of_calls_does_not_matter(
        calls in prop::collection::vec((0..3u64, 1..100u64, 1..100u64), 1..12),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let repeated = again.iter().map(|it| *it.get(&calls));
        let other: Vec<_> = repeated.chain(calls.iter().rev().copied()).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let decisions = |calls: &[(u64, u64, u64)]| runtime.block_on(async {
            let api = Api::new();
            for (user, before, until) in calls {
                let (before, until) = (at(*before), at(*until));
                api.revocations.deny_subject(ISSUER, &user.to_string(), before, until).unwrap();
            }
            let mut decisions = Vec::new();
            for now in [0, 30, 60, 90] {
                api.clock.set(UNIX_EPOCH + Duration::from_secs(NOW + now));
                for user in 0..3 {
                    let token = api.token("t").subject(user.to_string());
                    let token = token.claim("iat", NOW + now / 2).build();
                    decisions.push(api.refusal(&token).await);
                }
            }
            decisions
        });
        prop_assert_eq!(decisions(&calls), decisions(&other));
    }
}
