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
        // A string is a list; an element of an array is one name, or none.
        (r#"scope("a")"#, json!({"scp": "b a"}), Met),
        (r#"scope("a")"#, json!({"scp": ["b a"]}), NotMet),
        (r#"scope("a")"#, json!({"scp": ["b", " a"]}), NotMet),
        (r#"scope("a")"#, json!({"scope": ["a b", "c"]}), NotMet),
        (r#"scope("c")"#, json!({"scope": ["a b", "c"]}), Met),
        (r#"scope("a")"#, json!({"scope": "\"a a\tb"}), NotMet),
        (
            r#"permission("a")"#,
            json!({"permissions": ["b a"]}),
            NotMet,
        ),
        (
            r#"permission("b a")"#,
            json!({"permissions": ["b a"]}),
            Unknown,
        ),
        (r#"permission("")"#, json!({"permissions": [""]}), Unknown),
        (r#"permission("b a")"#, json!({}), NotMet),
        (
            r#"permission("c")"#,
            json!({"permissions": ["b a", "c"]}),
            Met,
        ),
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
        (r#"permission("a")"#, json!({"permissions": null}), NotMet),
        (r#"permission("a")"#, json!({"permissions": "a"}), Unknown),
        (r#"permission("a")"#, json!({"permissions": "a b"}), Unknown),
        (
            r#"permission("a")"#,
            json!({"permissions": ["b", 1]}),
            Unknown,
        ),
        (r#"permission("é")"#, json!({"permissions": ["é"]}), Met),
        (r#"permission("a")"#, json!({"scope": "a"}), NotMet),
        // Roles and groups: a string, an array, or an object's keys.
        (r#"role("a")"#, json!({"roles": "a"}), Met),
        (r#"role("b")"#, json!({"roles": "a"}), NotMet),
        (r#"role("a")"#, json!({"roles": ""}), NotMet),
        // It may be a list, of which nobody can say what separates it.
        (r#"role("a")"#, json!({"roles": "a b"}), Unknown),
        (r#"role("a b")"#, json!({"roles": "a b"}), Unknown),
        (r#"role("a")"#, json!({"roles": "a,b"}), Unknown),
        (r#"role("c")"#, json!({"roles": "a,b"}), Unknown),
        (r#"role("a")"#, json!({"roles": "b;a"}), Unknown),
        (r#"role("a")"#, json!({"roles": "b\ta"}), Unknown),
        (r#"role("a")"#, json!({"roles": "[\"a\"]"}), Unknown),
        (r#"group("a")"#, json!({"groups": "b,a"}), Unknown),
        (r#"role("a b")"#, json!({"roles": ["a b"]}), Met),
        (r#"role("a")"#, json!({"roles": ["a b", "c,a"]}), NotMet),
        (r#"role("a")"#, json!({"roles": ["b", "a"]}), Met),
        (r#"role("a")"#, json!({"roles": ["ab"]}), NotMet),
        (r#"role("a")"#, json!({"roles": []}), NotMet),
        (r#"role("a")"#, json!({"roles": {"a": {"org": "x"}}}), Met),
        (r#"role("a")"#, json!({"roles": {"b": "a"}}), NotMet),
        (r#"role("a")"#, json!({"roles": {"a": {}}}), Met),
        (r#"role("a")"#, json!({"roles": {"a": true}}), Met),
        (r#"role("a")"#, json!({"roles": {"a": "since 2020"}}), Met),
        (r#"role("a")"#, json!({"roles": {"a": false}}), NotMet),
        (r#"role("a")"#, json!({"roles": {"a": null}}), NotMet),
        (r#"role("a")"#, json!({"roles": {"a": "False"}}), Unknown),
        (r#"role("a")"#, json!({"roles": {"a": ""}}), Unknown),
        (r#"role("a")"#, json!({"roles": {"a": 0}}), Unknown),
        (r#"role("a")"#, json!({"roles": {"a": 1}}), Unknown),
        (r#"role("a")"#, json!({"roles": {"a": []}}), Unknown),
        (r#"group("a")"#, json!({"groups": {"a": false}}), NotMet),
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
        (r#"acr("gold")"#, json!({"acr": "bronze gold"}), Unknown),
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
        (r#"claim("x.y") exists"#, json!({"x": {}}), NotMet),
        (r#"claim("x.y") exists"#, json!({"x": null}), NotMet),
        (r#"claim("x.y") exists"#, json!({"x": "y"}), Unknown),
        (r#"claim("x.y") exists"#, json!({"x": ["y"]}), Unknown),
        (r#"claim("x.y.z") exists"#, json!({"x": {"y": 1}}), Unknown),
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
        (r#"claim("x") contains "a b""#, json!({"x": "a b"}), Met),
        (r#"claim("x") contains "a""#, json!({"x": "a b"}), Unknown),
        (r#"claim("x") contains "a""#, json!({"x": "b,a"}), Unknown),
        (r#"claim("x") contains "a""#, json!({"x": {"a": {}}}), Met),
        (r#"claim("x") contains "a""#, json!({"x": {"a": true}}), Met),
        (
            r#"claim("x") contains "a""#,
            json!({"x": {"a": false}}),
            NotMet,
        ),
        (
            r#"claim("x") contains "a""#,
            json!({"x": {"a": null}}),
            NotMet,
        ),
        (
            r#"claim("x") contains "a""#,
            json!({"x": {"a": 0}}),
            Unknown,
        ),
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
        // How a text begins.
        (r#"claim("x") starts_with "a/""#, json!({"x": "a/b"}), Met),
        (r#"claim("x") starts_with "a/""#, json!({"x": "a/"}), Met),
        (r#"claim("x") starts_with "a/""#, json!({"x": "a"}), NotMet),
        (
            r#"claim("x") starts_with "a/""#,
            json!({"x": "A/b"}),
            NotMet,
        ),
        (r#"claim("x") starts_with "a/""#, json!({"x": ""}), NotMet),
        (
            r#"claim("x") starts_with "a/""#,
            json!({"x": ["a/b"]}),
            Unknown,
        ),
        (
            r#"claim("x") starts_with "a""#,
            json!({"x": {"ab": 1}}),
            Unknown,
        ),
        (r#"claim("x") starts_with "1""#, json!({"x": 12}), Unknown),
        (r#"claim("x") starts_with "t""#, json!({"x": true}), Unknown),
        (r#"claim("x") starts_with "n""#, json!({"x": null}), Unknown),
        (r#"claim("x") starts_with "a""#, json!({}), Unknown),
        (
            r#"claim("x.y") starts_with "a""#,
            json!({"x": {"y": "ab"}}),
            Met,
        ),
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
    let error = crate::support::authorizer()
        .issuer(issuer().roles_from(["a..b"]))
        .build()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"the role or group claims of issuer "https://issuer.example/" are invalid: "a..b" is not the path of a claim: a name is empty"#
    );
}

/// A value on the way that is not an object says nothing about what would be behind it; only
/// absence says that there is nothing.
#[test]
fn a_value_of_the_wrong_type_on_the_way_to_roles_says_nothing() {
    let api = api_with(
        issuer()
            .roles_from(["a.b.roles"])
            .groups_from(["a.b.roles", "groups"]),
    );
    for (claims, expected) in [
        (json!({}), NotMet),
        (json!({"a": null}), NotMet),
        (json!({"a": {}}), NotMet),
        (json!({"a": {"b": null}}), NotMet),
        (json!({"a": {"b": {}}}), NotMet),
        (json!({"a": {"b": {"roles": null}}}), NotMet),
        (json!({"a": {"b": {"roles": ["x"]}}}), Met),
        (json!({"a": {"b": {"roles": "x"}}}), Met),
        (json!({"a": "x"}), Unknown),
        (json!({"a": ""}), Unknown),
        (json!({"a": ["x"]}), Unknown),
        (json!({"a": []}), Unknown),
        (json!({"a": 1}), Unknown),
        (json!({"a": false}), Unknown),
        (json!({"a": {"b": "x"}}), Unknown),
        (json!({"a": {"b": [{"roles": ["x"]}]}}), Unknown),
        (json!({"a": {"b": 0}}), Unknown),
        (json!({"a": {"b": {"roles": 1}}}), Unknown),
        (json!({"a": {"b": {"roles": "x y"}}}), Unknown),
    ] {
        check(&api, &r#"role("x")"#.parse().unwrap(), &claims, expected);
        check(&api, &r#"group("x")"#.parse().unwrap(), &claims, expected);
        // What another claim says is known all the same.
        let mut more = claims.clone();
        more["groups"] = json!(["x"]);
        check(&api, &r#"group("x")"#.parse().unwrap(), &more, Met);
    }
}

/// Distributed claims (OpenID Connect Core section 5.6.2), and the groups that Entra ID leaves out of
/// the tokens of users who have too many.
#[test]
fn claims_that_are_kept_elsewhere_say_nothing() {
    let api = api_with(issuer().groups_from(["groups", "realm_access.groups"]));
    let elsewhere = |name: &str| {
        json!({
            "_claim_names": {name: "src1"},
            "_claim_sources": {"src1": {"endpoint": "https://graph.example/"}},
        })
    };
    for (policy, claims, expected) in [
        (r#"group("a")"#, elsewhere("groups"), Unknown),
        (r#"group("a")"#, elsewhere("realm_access"), Unknown),
        (r#"group("a")"#, elsewhere("roles"), NotMet),
        (r#"group("a")"#, json!({"hasgroups": true}), Unknown),
        (r#"group("a")"#, json!({"hasgroups": "true"}), Unknown),
        (r#"group("a")"#, json!({"hasgroups": false}), NotMet),
        (r#"group("a")"#, json!({"hasgroups": null}), NotMet),
        (r#"role("a")"#, json!({"hasgroups": true}), NotMet),
        (r#"group("a")"#, json!({"_claim_names": null}), NotMet),
        (r#"group("a")"#, json!({"_claim_names": {}}), NotMet),
        (r#"group("a")"#, json!({"_claim_names": "groups"}), Unknown),
        (
            r#"group("a")"#,
            json!({"_claim_names": ["groups"]}),
            Unknown,
        ),
        (r#"role("a")"#, elsewhere("roles"), Unknown),
        (r#"role("a")"#, elsewhere("groups"), NotMet),
        (r#"permission("a")"#, elsewhere("permissions"), Unknown),
        (r#"scope("a")"#, elsewhere("scope"), Unknown),
        (r#"scope("a")"#, elsewhere("scp"), Unknown),
        (r#"scope("a")"#, elsewhere("groups"), NotMet),
        (r#"client("a")"#, elsewhere("client_id"), Unknown),
        (
            r#"client("a")"#,
            json!({"azp": "a", "_claim_names": {"azp": "src1"}}),
            Unknown,
        ),
        (
            r#"client("a")"#,
            json!({"client_id": "a", "_claim_names": {"azp": "src1"}}),
            Met,
        ),
        (r#"acr("a")"#, elsewhere("acr"), Unknown),
        (r#"amr("a")"#, elsewhere("amr"), Unknown),
        (r#"max_age(1)"#, elsewhere("auth_time"), Unknown),
        (r#"claim("x") exists"#, elsewhere("x"), Unknown),
        (r#"claim("x") == "a""#, elsewhere("x"), Unknown),
        (r#"claim("x") contains "a""#, elsewhere("x"), Unknown),
        (r#"claim("x") in ["a"]"#, elsewhere("x"), Unknown),
        (r#"claim("x") starts_with "a""#, elsewhere("x"), Unknown),
        (r#"claim("x.y") exists"#, elsewhere("x"), Unknown),
        (r#"claim("y") exists"#, elsewhere("x"), NotMet),
        (
            r#"any_valid_token and group("a")"#,
            elsewhere("groups"),
            Unknown,
        ),
    ] {
        check(&api, &policy.parse().unwrap(), &claims, expected);
        // What the token itself has under that name is not the whole of it.
        let names = ["groups", "roles", "scope", "scp", "x", "acr", "amr"];
        for name in names.into_iter().filter(|_| expected == Unknown) {
            let mut both = claims.clone();
            both[name] = json!("a");
            let verdict = api.explain(&policy.parse().unwrap(), &both).finding.verdict;
            let is_elsewhere = claims["_claim_names"].get(name).is_some();
            assert!(
                !is_elsewhere || verdict == Unknown,
                "{policy} of {both} is {verdict:?}"
            );
        }
    }
}

#[test]
fn numbers_are_compared_as_decimals() {
    for (number, expected) in [
        (json!(99), Met),
        (json!(100), NotMet),
        (json!(-100), Met),
        (json!(99.0), Met),
        (json!("99.95"), Met),
        (json!("99.950"), Met),
        (json!("99.9500000000000000000000"), Met),
        (json!("99.951"), NotMet),
        (json!("99.950000000000000001"), NotMet),
        (json!("99.949999999999999999"), Met),
        (json!("-99.96"), Met),
        (json!("0"), Met),
        (json!("-0"), Met),
        (json!("99999999999999999999"), NotMet),
        (json!("-99999999999999999999.999999999999999999"), Met),
        (json!(u64::MAX), NotMet),
        // A parser has rounded it, or may read it differently.
        (json!(99.5), Unknown),
        (json!(1e300), Unknown),
        (json!("1e1"), Unknown),
        (json!("1,5"), Unknown),
        (json!("099"), Unknown),
        (json!("+9"), Unknown),
        (json!("9."), Unknown),
        (json!(".9"), Unknown),
        (json!("-"), Unknown),
        (json!("--9"), Unknown),
        (json!("9-9"), Unknown),
        (json!(" 9"), Unknown),
        (json!("٩"), Unknown),
        (json!(""), Unknown),
        (json!("0x9"), Unknown),
        (json!("100000000000000000000"), Unknown),
        (json!("99.9500000000000000001"), Unknown),
        (json!(true), Unknown),
        (json!([9]), Unknown),
        (json!({"9": 9}), Unknown),
        (json!(null), Unknown),
    ] {
        let policy: Policy = r#"claim("n") <= 99.95"#.parse().unwrap();
        check(&api(), &policy, &json!({"n": number}), expected);
    }
    let relations = [("<", [Met, NotMet, NotMet]), ("<=", [Met, Met, NotMet])];
    let others = [(">", [NotMet, NotMet, Met]), (">=", [NotMet, Met, Met])];
    for (sign, expected) in relations.into_iter().chain(others) {
        let policy: Policy = format!(r#"claim("n") {sign} 5"#).parse().unwrap();
        for (number, expected) in ["4.99", "5.0", "5.01"].into_iter().zip(expected) {
            check(&api(), &policy, &json!({"n": number}), expected);
        }
        // Of two claims, either way to write a number.
        let policy: Policy = format!(r#"claim("n") {sign} claim("m")"#).parse().unwrap();
        let claims = json!({"n": "5.00", "m": 5});
        check(&api(), &policy, &claims, expected[1]);
    }
}

#[test]
fn permissions_that_are_read_as_scopes_are_an_array_too() {
    use authz_core::ScopeClaim;

    let api = api_with(issuer().scopes_from([ScopeClaim::Scope, ScopeClaim::Permissions]));
    for (claims, expected) in [
        (json!({"permissions": ["a"]}), Met),
        (json!({"permissions": ["b"], "scope": "a"}), Met),
        (json!({"permissions": ["b a"]}), NotMet),
        (json!({}), NotMet),
        (json!({"permissions": "a"}), Unknown),
        (json!({"permissions": "a", "scope": "a"}), Met),
        (json!({"permissions": {"a": true}}), Unknown),
        (json!({"permissions": ["a", 1]}), Unknown),
    ] {
        check(&api, &r#"scope("a")"#.parse().unwrap(), &claims, expected);
    }
}

#[test]
fn claims_of_a_type_of_the_applications_own_are_parsed_when_a_policy_asks() {
    #[derive(serde::Deserialize)]
    struct Nothing {}
    let authorizer = crate::support::authorizer()
        .issuer(issuer())
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
