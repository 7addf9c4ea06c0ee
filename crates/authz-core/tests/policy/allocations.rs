//! A policy that allows costs no allocation, and one that does not allow a bounded number.

use authz_core::{
    RequestParts,
    policy::{Policy, scope},
};
use http::Request;
use serde_json::json;

use crate::case::{NOW, api};

#[test]
fn a_policy_that_allows_allocates_nothing() {
    let api = api();
    let caller = api.caller(&json!({
        "scope": "read:messages write:messages",
        "permissions": ["edit"],
        "roles": {"editor": {"org": "x"}},
        "groups": ["staff"],
        "client_id": "web",
        "acr": "gold",
        "amr": ["pwd", "mfa"],
        "auth_time": NOW,
        "org_id": "org_7",
        "https://example.com/team": {"name": "red"},
    }));
    let request = Request::get("/?team=red")
        .header("x-org", "org_7")
        .body(())
        .unwrap();
    let params = [("org", "org_7")];
    let parts = RequestParts::from(&request).with_path_params(&params);
    for text in [
        r#"any_valid_token"#,
        r#"scope("read:messages") and permission("edit") and role("editor") and group("staff")"#,
        r#"client("other", "web") and issuer("https://issuer.example/") and method("GET")"#,
        r#"acr("silver", "gold") and amr("mfa") and max_age(60)"#,
        r#"claim("org_id") == path("org") and claim("org_id") == header("x-org")"#,
        r#"claim("'https://example.com/team'.name") == query("team")"#,
        r#"not (role("x") and (scope("y") or claim("org_id") in ["a", "b"]))"#,
        r#"claim("org_id") starts_with "org_" and not group("x") and not claim("x.y") exists"#,
        r#"claim("amr") contains "mfa" and claim("org_id") != "x""#,
    ] {
        let policy: Policy = text.parse().unwrap();
        let allowed = || caller.check_for(&policy, &parts).is_ok();
        let mut is_allowed = false;
        let counted = allocation_counter::measure(|| is_allowed = allowed());
        assert!(is_allowed, "{policy}");
        assert_eq!(counted.count_total, 0, "{policy}");
    }
}

/// Large policies, in shapes whose ways multiply: what a refusal costs must not grow with their product.
#[test]
fn explaining_a_large_policy_costs_no_more_than_its_length() {
    let api = api();
    let caller = api.caller(&json!({"scope": "read write"}));
    let name = |i: usize, k: usize| format!("group{i}:scope{k}");
    let group = |i: usize, join: fn(Policy, Policy) -> Policy| {
        let scopes = (0..40).map(|k| scope(&name(i, k)));
        scopes.reduce(join).unwrap()
    };
    let groups = |join: fn(Policy, Policy) -> Policy, inner: fn(Policy, Policy) -> Policy| {
        (0..40).map(|i| group(i, inner)).reduce(join).unwrap()
    };
    let (and, or) = (Policy::and, Policy::or);
    let all_of_first: Vec<_> = (0..40).map(|k| name(0, k)).collect();
    let first_of_all: Vec<_> = (0..40).map(|i| name(i, 0)).collect();
    for (policy, needed) in [
        (groups(or, and), all_of_first.clone()),
        (groups(and, or), first_of_all.clone()),
        (
            groups(or, |a, b| !(!a | !b)) | scope("x"),
            vec!["x".to_owned()],
        ),
        (!!groups(or, and), all_of_first),
        (groups(and, or) & !scope("admin"), first_of_all),
    ] {
        let mut rejection = None;
        let counted = allocation_counter::measure(|| {
            rejection = caller.check(&policy).err();
        });
        let challenge = rejection.unwrap().challenge().unwrap();
        let challenge = challenge.to_str().unwrap();
        let needed = needed.join(" ");
        assert!(
            challenge.contains(&format!("scope=\"{needed}\"")),
            "{challenge}"
        );
        assert!(counted.count_total < 1000, "{counted:?}");
        assert!(counted.bytes_total < 300_000, "{counted:?}");
    }
}
