//! The operator's line about an unmet policy.

use authz_core::{
    Admission, PolicyGuard, RequestParts,
    policy::{Policy, role, scope},
};
use serde_json::json;
use tracing_subscriber::filter::LevelFilter;

use crate::{
    case::{Api, api, api_with, issuer, token},
    support::log::logged,
};

#[test]
fn the_log_has_the_decision_and_no_token() {
    let api = api();
    let claims = json!({"scope": "read", "roles": ["reader"], "sub": "u\u{1b}1"});
    let caller = api.caller(&claims);
    let policy = r#"scope("read") and role("admin")"#.parse().unwrap();
    let log = logged(LevelFilter::DEBUG, || {
        assert!(caller.check(&policy).is_err());
    });
    for expected in [
        "reason=\"insufficient_scope\"",
        "status=403",
        r#"expected=scope("read") and role("admin")"#,
        r#"decision=+scope("read") and -role("admin") [["reader"]]"#,
        "the decision in full: denied",
        "✗ role(\"admin\"): [\"reader\"]",
    ] {
        assert!(log.contains(expected), "{expected} is not in\n{log}");
    }
    assert!(!log.contains('\u{1b}'), "{log}");
    let token = token(&claims);
    let signature = token.rsplit('.').next().unwrap();
    assert!(!log.contains(signature), "{log}");
}

/// The line about the one policy that is not met, and the answer to it.
fn line(api: &Api, claims: &serde_json::Value, policy: &Policy) -> String {
    let caller = api.caller(claims);
    let log = logged(LevelFilter::INFO, || {
        assert!(caller.check(policy).is_err());
    });
    // As a value of a field, a text has its quotes escaped.
    log.replace("\\\"", "\"")
}

#[test]
fn a_hint_says_where_the_scope_is_or_why_nothing_can_be_said() {
    let api = api_with(issuer().roles_from(["roles", "'https://example.com/app'.roles"]));
    let overage = "Entra ID's overage";
    for (policy, claims, hint) in [
        (
            r#"scope("read")"#,
            json!({"permissions": ["read"]}),
            Some(r#"the token has "read" in `permissions`, not among its scopes"#),
        ),
        (
            r#"scope("list") and scope("read")"#,
            json!({"scope": "list", "realm_access": {"roles": ["read"]}}),
            Some(
                r#"the token has "read" in `realm_access.roles`, not among its scopes: ask for role("read"), and name `realm_access.roles` in `roles_from`"#,
            ),
        ),
        (
            r#"scope("read")"#,
            json!({"roles": ["read"]}),
            Some(
                r#"the token has "read" in `roles`, which holds its roles, not among its scopes: ask for role("read")"#,
            ),
        ),
        (
            r#"scope("read")"#,
            json!({"https://example.com/app": {"roles": {"read": {}}}}),
            Some(r#"in `'https://example.com/app'.roles`, which holds its roles"#),
        ),
        (
            r#"scope("read")"#,
            json!({"scope": ["list read"]}),
            Some("an element of the array `scope` holds several scopes, \"read\" among them"),
        ),
        (r#"scope("read")"#, json!({"scope": "list"}), None),
        (r#"scope("read")"#, json!({"roles": "list read"}), None),
        (
            r#"scope("read")"#,
            json!({"permissions": ["read2"], "roles": {"read": false}}),
            None,
        ),
        (r#"role("read")"#, json!({"permissions": ["read"]}), None),
        (
            r#"any_valid_token and not group("BLOCKED")"#,
            json!({"_claim_names": {"groups": "src1"}}),
            Some(overage),
        ),
        (
            r#"group("staff")"#,
            json!({"hasgroups": true}),
            Some("\"Groups assigned to the application\" (ApplicationGroup)"),
        ),
        (r#"role("staff")"#, json!({"hasgroups": true}), None),
        (
            r#"detail("payment")"#,
            json!({"_claim_names": {"authorization_details": "src1"}}),
            Some("the issuer keeps the claim \"authorization_details\" elsewhere"),
        ),
        (
            r#"claim("ref.\u{1b}") exists"#,
            json!({"_claim_names": {"ref": "src1"}}),
            Some("the issuer keeps the claim \"ref\" elsewhere"),
        ),
    ] {
        let policy = policy.parse().unwrap();
        let line = line(&api, &claims, &policy);
        match hint {
            Some(hint) => assert!(line.contains(hint), "{policy} of {claims}: {line}"),
            None => assert!(!line.contains("hint="), "{policy} of {claims}: {line}"),
        }
        assert!(!line.contains('\u{1b}'), "{line}");
    }
}

#[test]
fn a_large_policy_does_not_fill_the_line() {
    let api = api();
    let scopes = (0..1600).map(|i| scope(&format!("scope{i}")));
    let policy = scopes.reduce(Policy::or).unwrap();
    let claims = json!({"scope": vec!["granted"; 20].join(":"), "roles": vec!["x"; 500]});
    let line = line(&api, &claims, &policy);
    assert!(line.len() < 4_096, "{} bytes: {line}", line.len());
    assert!(line.contains("..."), "{line}");
    assert!(line.contains(r#"or scope("scope1"#), "{line}");
}

/// Only where the route is at fault: a client could fill the log with errors otherwise.
#[test]
fn a_pattern_that_is_not_the_routes_is_an_error() {
    let api = api();
    let policy: Policy = r#"claim("org_id") == path("org")"#.parse().unwrap();
    let pattern = "/org/{org}".parse().unwrap();
    let guard = PolicyGuard::new(api.authorizer.clone(), policy).at(pattern);
    let token = token(&json!({"org_id": "a"}));
    for (path, is_error) in [
        ("/orgs/a", true),
        ("/org/b", false),
        ("/orgs/%61", false),
        ("/orgs//a", false),
    ] {
        let request = http::Request::builder()
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
            .body(())
            .unwrap();
        let log = logged(LevelFilter::INFO, || {
            let admission = guard.admit(&RequestParts::from(&request));
            assert!(matches!(admission, Admission::Ready(Err(_))), "{path}");
        });
        assert_eq!(log.contains("ERROR"), is_error, "{path}: {log}");
        assert!(log.contains("expected=/org/{org}") == is_error, "{log}");
    }
}

#[test]
fn the_decision_in_full_is_bounded_too() {
    let api = api();
    let roles = (0..40).map(|i| role(format!("role{i}")));
    let policy = roles.reduce(Policy::or).unwrap();
    let caller = api.caller(&json!({"roles": ["\u{10fffd}".repeat(200)]}));
    let log = logged(LevelFilter::DEBUG, || {
        assert!(caller.check(&policy).is_err());
    });
    let (_, tree) = log.split_once("the decision in full").unwrap();
    assert!(tree.len() < 9000, "{} bytes: {tree}", tree.len());
    assert!(tree.contains("\n  ✗ role(\"role1\"): "), "{tree}");
    assert!(tree.ends_with("...\n"), "{tree}");
}
