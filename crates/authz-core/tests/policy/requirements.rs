//! Every requirement against every kind of claim, and its negation: what can't be said is neither.

use std::time::Duration;

use authz_core::policy::{
    Policy, Predicates, Verdict,
    Verdict::{Met, NotMet, Unknown},
    custom, max_age,
};
use serde_json::{Value, json};

use crate::case::{self, NOW, api, api_with, issuer};

#[test]
fn each_requirement_against_each_kind_of_claim() {
    let api = api();
    for (policy, claims, expected) in [
        (r#"any_valid_token"#, json!({}), Met),
        (r#"deny"#, json!({"scope": "admin"}), NotMet),
        // Scopes: the token is refused where they are no strings.
        (r#"scope("a")"#, json!({"scope": "b a"}), Met),
        (r#"scope("a")"#, json!({"scope": "ab"}), NotMet),
        (r#"scope("a")"#, json!({}), NotMet),
        (r#"scope("a")"#, json!({"scp": ["a"]}), Met),
        // Permissions.
        (r#"permission("a")"#, json!({"permissions": ["a"]}), Met),
        (r#"permission("a")"#, json!({"permissions": ["b"]}), NotMet),
        (r#"permission("a")"#, json!({"permissions": []}), NotMet),
        (r#"permission("a")"#, json!({}), NotMet),
        (
            r#"permission("a")"#,
            json!({"permissions": {"a": 1}}),
            Unknown,
        ),
        (r#"permission("a")"#, json!({"permissions": [1]}), Unknown),
        (r#"permission("a")"#, json!({"permissions": null}), Unknown),
        (r#"permission("a")"#, json!({"scope": "a"}), NotMet),
        // Roles and groups: a string, an array, or an object's keys.
        (r#"role("a")"#, json!({"roles": "a"}), Met),
        (r#"role("a")"#, json!({"roles": "a b"}), NotMet),
        (r#"role("a")"#, json!({"roles": ["b", "a"]}), Met),
        (r#"role("a")"#, json!({"roles": ["ab"]}), NotMet),
        (r#"role("a")"#, json!({"roles": []}), NotMet),
        (r#"role("a")"#, json!({"roles": {"a": {"org": "x"}}}), Met),
        (r#"role("a")"#, json!({"roles": {"b": "a"}}), NotMet),
        (r#"role("a")"#, json!({}), NotMet),
        (r#"role("a")"#, json!({"roles": null}), NotMet),
        (r#"role("a")"#, json!({"roles": 1}), Unknown),
        (r#"role("a")"#, json!({"roles": true}), Unknown),
        (r#"role("a")"#, json!({"roles": ["b", 1]}), Unknown),
        (r#"role("a")"#, json!({"roles": ["a", 1]}), Met),
        (r#"role("a")"#, json!({"roles": [["a"]]}), Unknown),
        (r#"role("a")"#, json!({"groups": ["a"]}), NotMet),
        (r#"group("a")"#, json!({"groups": ["a"]}), Met),
        (r#"group("a")"#, json!({"roles": ["a"]}), NotMet),
        // The client.
        (r#"client("x", "y")"#, json!({"client_id": "y"}), Met),
        (r#"client("x", "y")"#, json!({"azp": "y"}), Met),
        (
            r#"client("x")"#,
            json!({"client_id": "y", "azp": "x"}),
            NotMet,
        ),
        (r#"client("x")"#, json!({}), Unknown),
        (r#"issuer("https://issuer.example/")"#, json!({}), Met),
        (r#"issuer("https://issuer.example")"#, json!({}), NotMet),
        // Strength of the authentication.
        (r#"acr("gold", "silver")"#, json!({"acr": "silver"}), Met),
        (r#"acr("gold")"#, json!({"acr": "bronze"}), NotMet),
        (r#"acr("gold")"#, json!({"acr": ["gold"]}), Unknown),
        (r#"acr("gold")"#, json!({}), Unknown),
        (r#"amr("mfa")"#, json!({"amr": ["pwd", "mfa"]}), Met),
        (r#"amr("mfa")"#, json!({"amr": "mfa"}), Met),
        (r#"amr("mfa")"#, json!({"amr": ["pwd"]}), NotMet),
        (r#"amr("mfa")"#, json!({"amr": 2}), Unknown),
        (r#"amr("mfa")"#, json!({}), Unknown),
        (r#"max_age(300)"#, json!({"auth_time": NOW - 300}), Met),
        (r#"max_age(300)"#, json!({"auth_time": NOW - 360}), Met),
        (r#"max_age(300)"#, json!({"auth_time": NOW - 361}), NotMet),
        (
            r#"max_age(300)"#,
            json!({"auth_time": (NOW - 10) as f64 + 0.5}),
            Met,
        ),
        (r#"max_age(300)"#, json!({"auth_time": NOW + 60}), Met),
        (r#"max_age(300)"#, json!({"auth_time": NOW + 61}), Unknown),
        (
            r#"max_age(300)"#,
            json!({"auth_time": "yesterday"}),
            Unknown,
        ),
        (r#"max_age(300)"#, json!({"auth_time": -1}), Unknown),
        (r#"max_age(300)"#, json!({"auth_time": 1e300}), Unknown),
        (r#"max_age(300)"#, json!({}), Unknown),
        // What is there.
        (r#"claim("x") exists"#, json!({"x": false}), Met),
        (r#"claim("x") exists"#, json!({"x": []}), Met),
        (r#"claim("x") exists"#, json!({"x": null}), NotMet),
        (r#"claim("x") exists"#, json!({}), NotMet),
        (r#"claim("x.y") exists"#, json!({"x": "y"}), NotMet),
        // Equality within one kind.
        (r#"claim("x") == "a""#, json!({"x": "a"}), Met),
        (r#"claim("x") == "a""#, json!({"x": "A"}), NotMet),
        (r#"claim("x") == "1""#, json!({"x": 1}), Unknown),
        (r#"claim("x") == "true""#, json!({"x": true}), Unknown),
        (r#"claim("x") == "a""#, json!({"x": ["a"]}), Unknown),
        (r#"claim("x") == "a""#, json!({"x": {"a": 1}}), Unknown),
        (r#"claim("x") == "a""#, json!({"x": null}), Unknown),
        (r#"claim("x") == "a""#, json!({}), Unknown),
        (r#"claim("x") == true"#, json!({"x": true}), Met),
        (r#"claim("x") == true"#, json!({"x": false}), NotMet),
        (r#"claim("x") == true"#, json!({"x": "true"}), Unknown),
        (r#"claim("x") == true"#, json!({"x": 1}), Unknown),
        (r#"claim("x") == 3"#, json!({"x": 3}), Met),
        (r#"claim("x") == 3"#, json!({"x": 3.0}), Met),
        (r#"claim("x") == 3"#, json!({"x": 3.5}), NotMet),
        (r#"claim("x") == -3"#, json!({"x": -3}), Met),
        (r#"claim("x") == 3"#, json!({"x": "3"}), Unknown),
        (
            r#"claim("x") == 3"#,
            json!({"x": 18_446_744_073_709_551_615_u64}),
            NotMet,
        ),
        (
            r#"claim("x") == 9007199254740993"#,
            json!({"x": 9007199254740992.0}),
            Unknown,
        ),
        (
            r#"claim("x") == claim("y")"#,
            json!({"x": "a", "y": "a"}),
            Met,
        ),
        (
            r#"claim("x") == claim("y")"#,
            json!({"x": 1, "y": 2}),
            NotMet,
        ),
        (
            r#"claim("x") == claim("y")"#,
            json!({"x": ["a"], "y": ["a"]}),
            Unknown,
        ),
        (r#"claim("x") == claim("y")"#, json!({}), Unknown),
        (r#"claim("x") != "a""#, json!({"x": "b"}), Met),
        (r#"claim("x") != "a""#, json!({"x": "a"}), NotMet),
        (r#"claim("x") != "a""#, json!({}), Unknown),
        (r#"claim("x") != "a""#, json!({"x": 1}), Unknown),
        // One of several.
        (r#"claim("x") in ["a", "b"]"#, json!({"x": "b"}), Met),
        (r#"claim("x") in ["a", "b"]"#, json!({"x": "c"}), NotMet),
        (r#"claim("x") in ["a", 1]"#, json!({"x": 1}), Met),
        (r#"claim("x") in ["a", 1]"#, json!({"x": 2}), Unknown),
        (r#"claim("x") in ["a"]"#, json!({}), Unknown),
        // Among several.
        (r#"claim("x") contains "a""#, json!({"x": ["b", "a"]}), Met),
        (r#"claim("x") contains "a""#, json!({"x": ["ab"]}), NotMet),
        (r#"claim("x") contains "a""#, json!({"x": []}), NotMet),
        (r#"claim("x") contains "a""#, json!({"x": "a"}), Met),
        (r#"claim("x") contains "a""#, json!({"x": "abc"}), NotMet),
        (r#"claim("x") contains "a""#, json!({"x": {"a": null}}), Met),
        (
            r#"claim("x") contains "a""#,
            json!({"x": ["b", null]}),
            Unknown,
        ),
        (r#"claim("x") contains 1"#, json!({"x": [2, 1]}), Met),
        (r#"claim("x") contains 1"#, json!({"x": {"1": 1}}), Unknown),
        (
            r#"claim("x") contains claim("y")"#,
            json!({"x": ["a"], "y": "a"}),
            Met,
        ),
        (r#"claim("x") contains "a""#, json!({}), Unknown),
        // Names.
        (
            r#"claim("https://example.com/team") == "a""#,
            json!({"https://example.com/team": "a"}),
            Met,
        ),
        (
            r#"claim("realm_access.roles") contains "a""#,
            json!({"realm_access": {"roles": ["a"]}}),
            Met,
        ),
        (
            r#"claim("'kubernetes.io'.namespace") == "a""#,
            json!({"kubernetes.io": {"namespace": "a"}}),
            Met,
        ),
        (r#"claim("a.b") == "x""#, json!({"a.b": "x"}), Unknown),
        (r#"claim("'a.b'") == "x""#, json!({"a.b": "x"}), Met),
        // Without a request, nothing can be said about it.
        (r#"method("GET")"#, json!({}), Unknown),
        (r#"path("org") exists"#, json!({}), Unknown),
        (r#"path("org") == "a""#, json!({}), Unknown),
        (r#"header("x") == "a""#, json!({}), Unknown),
        (r#"query("x") == "a""#, json!({}), Unknown),
    ] {
        let policy: Policy = policy.parse().unwrap();
        check(&api, &policy, &claims, expected);
    }
}

#[test]
fn a_group_is_known_where_its_parts_decide_it() {
    let api = api();
    let (yes, no, unknown) = ("any_valid_token", "deny", r#"claim("x") == 1"#);
    for (left, right, and, or) in [
        (yes, yes, Met, Met),
        (yes, no, NotMet, Met),
        (yes, unknown, Unknown, Met),
        (no, no, NotMet, NotMet),
        (no, unknown, NotMet, Unknown),
        (unknown, unknown, Unknown, Unknown),
    ] {
        for (left, right) in [(left, right), (right, left)] {
            for (word, expected) in [("and", and), ("or", or)] {
                let policy = format!("{left} {word} {right}").parse().unwrap();
                check(&api, &policy, &json!({}), expected);
            }
        }
    }
}

#[test]
fn roles_and_groups_come_from_the_claims_that_are_configured() {
    let api = api_with(
        issuer()
            .roles_from(["realm_access.roles", "resource_access.api.roles"])
            .groups_from(["https://example.com/groups"]),
    );
    let claims = json!({
        "roles": ["nowhere"],
        "realm_access": {"roles": ["reader"]},
        "resource_access": {"api": {"roles": ["writer"]}},
        "https://example.com/groups": {"staff": {}},
    });
    for (policy, expected) in [
        (r#"role("reader")"#, Met),
        (r#"role("writer")"#, Met),
        (r#"role("nowhere")"#, NotMet),
        (r#"group("staff")"#, Met),
        (r#"group("reader")"#, NotMet),
    ] {
        check(&api, &policy.parse().unwrap(), &claims, expected);
    }
    let error = authz_core::Authorizer::builder()
        .trust(issuer().roles_from(["a..b"]))
        .build()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"the roles or groups of issuer "https://issuer.example/": "a..b" is not the path of a claim: a name is empty"#
    );
}

#[test]
fn claims_of_a_type_of_the_applications_own_are_parsed_when_a_policy_asks() {
    #[derive(serde::Deserialize)]
    struct Nothing {}
    let authorizer = authz_core::Authorizer::builder()
        .trust(issuer())
        .clock(case::clock())
        .claims::<Nothing>()
        .build()
        .unwrap();
    let api = case::Api { authorizer };
    let policy = r#"claim("org_id") == "a" and role("x")"#.parse().unwrap();
    let decision = api.explain(&policy, &json!({"org_id": "a", "roles": ["x"]}));
    assert!(decision.allowed, "{decision}");
}

#[test]
fn custom_conditions_are_asked_by_name() {
    let api = api();
    let even = |claims: &authz_core::Claims| {
        claims
            .get("n")
            .and_then(Value::as_u64)
            .is_some_and(|it| it % 2 == 0)
    };
    let policy = custom("even", even);
    check(&api, &policy, &json!({"n": 2}), Met);
    check(&api, &policy, &json!({"n": 3}), NotMet);
    let text = r#"custom("even") and scope("a")"#;
    let known = Predicates::new().with("even", even);
    let parsed = Policy::parse_with(text, &known).unwrap();
    assert_eq!(parsed.to_string(), text);
    check(&api, &parsed, &json!({"n": 4, "scope": "a"}), Met);
    let error = text.parse::<Policy>().unwrap_err();
    assert_eq!(
        error.problem(),
        r#"there is no condition "even": none is known here"#
    );
}

#[test]
fn ages_are_whole_seconds() {
    assert_eq!(
        max_age(Duration::from_millis(1999)).to_string(),
        "max_age(1)"
    );
}

/// The verdict, and that the negation has the opposite one.
fn check(api: &case::Api, policy: &Policy, claims: &Value, expected: Verdict) {
    let decision = api.explain(policy, claims);
    assert_eq!(
        decision.finding.verdict, expected,
        "{policy} of {claims}\n{decision}"
    );
    assert_eq!(decision.allowed, expected == Met);
    let opposite = match expected {
        Met => NotMet,
        NotMet => Met,
        Unknown => Unknown,
    };
    let decision = api.explain(&!policy.clone(), claims);
    assert_eq!(
        decision.finding.verdict, opposite,
        "not {policy} of {claims}"
    );
}
