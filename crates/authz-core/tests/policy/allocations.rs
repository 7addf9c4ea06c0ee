//! A policy that allows costs no allocation.

use authz_core::{RequestParts, policy::Policy};
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
        r#"claim("amr") contains "mfa" and claim("org_id") != "x""#,
    ] {
        let policy: Policy = text.parse().unwrap();
        let allowed = || {
            api.authorizer
                .check_request(&caller, &policy, &parts)
                .is_ok()
        };
        let mut is_allowed = false;
        let counted = allocation_counter::measure(|| is_allowed = allowed());
        assert!(is_allowed, "{policy}");
        assert_eq!(counted.count_total, 0, "{policy}");
    }
}
