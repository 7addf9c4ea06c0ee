//! What a decision tells: the caller the cheapest way, the operator every requirement.

use authz_core::policy::{
    Policy, StepUp, all_scopes, any_scope, any_valid_token, permission, scope,
};
use serde_json::{Value, json};

use crate::case::{NOW, api, issuer};

#[test]
fn names_the_cheapest_way() {
    let api = api();
    for (policy, scopes, permissions, allowed, needed) in [
        (any_valid_token(), "", "", true, &[][..]),
        (scope("a"), "a", "", true, &["a"]),
        (scope("a"), "b", "a", false, &["a"]),
        (all_scopes(["a", "b"]), "a", "", false, &["a", "b"]),
        (all_scopes(["a", "b"]), "b a", "", true, &["a", "b"]),
        (any_scope(["a", "b"]), "", "", false, &["a"]),
        (any_scope(["a", "b"]), "b", "", true, &["b"]),
        (permission("p"), "p", "", false, &[]),
        (permission("p"), "", "p", true, &[]),
        (permission("p").or(scope("a")), "", "", false, &["a"]),
        (permission("p").and(scope("a")), "a", "", false, &[]),
        (permission("p").and(scope("a")), "", "p", false, &["a"]),
        (
            all_scopes(["a", "b", "c"]).or(all_scopes(["d", "e"])),
            "a b",
            "",
            false,
            &["a", "b", "c"],
        ),
        (
            all_scopes(["a", "b", "c"]).or(all_scopes(["d", "e"])),
            "",
            "",
            false,
            &["d", "e"],
        ),
        (
            scope("a").and(all_scopes(["a", "b"])),
            "",
            "",
            false,
            &["a", "b"],
        ),
        // One scope that serves two ends is cheaper than two.
        (
            any_scope(["a", "b"]).and(any_scope(["c", "b"])),
            "",
            "",
            false,
            &["b"],
        ),
        // Negations: De Morgan's laws, and ways that lead nowhere.
        (!(!scope("a") | !scope("b")), "", "", false, &["a", "b"]),
        (scope("a") & !scope("b"), "b", "", false, &[]),
        (scope("a") & !scope("b"), "", "", false, &["a"]),
        (scope("a") & !scope("a"), "", "", false, &[]),
        (
            (scope("a") & !scope("a")) | scope("c"),
            "",
            "",
            false,
            &["c"],
        ),
    ] {
        let mut claims = json!({});
        if !scopes.is_empty() {
            claims["scope"] = json!(scopes);
        }
        if !permissions.is_empty() {
            claims["permissions"] = json!([permissions]);
        }
        let decision = api.explain(&policy, &claims);
        assert_eq!(decision.allowed, allowed, "{policy} of {claims}");
        assert_eq!(decision.scopes, needed, "{policy} of {claims}");
        assert_eq!(decision.step_up, None);
    }
}

#[test]
fn asks_for_another_authentication_where_that_helps() {
    let strong = json!({"acr": "gold", "amr": ["mfa"], "auth_time": NOW});
    let weak = json!({"acr": "bronze", "amr": ["pwd"], "auth_time": NOW - 1000});
    let none = json!({});
    for (policy, claims, step_up) in [
        (r#"acr("gold")"#, &strong, None),
        (
            r#"acr("gold", "silver")"#,
            &weak,
            Some((&["gold", "silver"][..], None)),
        ),
        (r#"acr("gold")"#, &none, Some((&["gold"], None))),
        (r#"max_age(300)"#, &weak, Some((&[], Some(300)))),
        (r#"amr("mfa")"#, &weak, Some((&[], None))),
        // What is there already is asked for again, or the new login might lose it.
        (
            r#"acr("gold") and max_age(300)"#,
            &json!({"acr": "gold"}),
            Some((&["gold"], Some(300))),
        ),
        (
            r#"max_age(300) and max_age(60)"#,
            &weak,
            Some((&[], Some(60))),
        ),
        (
            r#"acr("gold", "silver") and acr("silver", "bronze")"#,
            &none,
            Some((&["silver"], None)),
        ),
        (r#"acr("gold") and acr("silver")"#, &weak, None),
        (r#"not acr("bronze")"#, &weak, None),
        // A scope is cheaper than a login, and no login gives a role.
        (r#"acr("gold") or scope("a")"#, &weak, None),
        (r#"acr("gold") and role("a")"#, &weak, None),
    ] {
        let policy: Policy = policy.parse().unwrap();
        let decision = api().explain(&policy, claims);
        let asked = decision.step_up.as_ref().map(
            |StepUp {
                 acr_values,
                 max_age,
                 ..
             }| {
                (
                    acr_values.iter().map(String::as_str).collect::<Vec<_>>(),
                    *max_age,
                )
            },
        );
        let expected = step_up.map(|(classes, max_age)| (classes.to_vec(), max_age));
        assert_eq!(asked, expected, "{policy} of {claims}");
    }
}

#[test]
fn the_challenge_says_what_would_do() {
    let api = api();
    let challenge = |policy: &str, claims: &Value| {
        let caller = api.caller(claims);
        let rejection = caller.check(&policy.parse().unwrap());
        let rejection = rejection.unwrap_err();
        let challenge = rejection.challenge().unwrap().to_str().unwrap().to_owned();
        (rejection.status().as_u16(), challenge)
    };
    assert_eq!(
        challenge(r#"scope("a") and (scope("b") or role("admin"))"#, &json!({"scope": "a"})),
        (
            403,
            r#"Bearer realm="https://api.example", error="insufficient_scope", error_description="the access token does not grant what this request needs", scope="a b""#.to_owned()
        )
    );
    assert_eq!(
        challenge(r#"role("admin")"#, &json!({})),
        (
            403,
            r#"Bearer realm="https://api.example", error="insufficient_scope", error_description="the access token does not grant what this request needs""#.to_owned()
        )
    );
    // RFC 9470 section 3.
    assert_eq!(
        challenge(r#"scope("a") and acr("gold", "silver") and max_age(300)"#, &json!({})),
        (
            401,
            r#"Bearer realm="https://api.example", error="insufficient_user_authentication", error_description="this request needs a stronger or more recent authentication of the user", scope="a", acr_values="gold silver", max_age="300""#.to_owned()
        )
    );
}

#[test]
fn shows_every_requirement_and_what_the_token_had() {
    let api = api();
    let policy: Policy = r#"scope("read") and (role("admin") or claim("org_id") == path("org") or not client("batch"))"#
        .parse()
        .unwrap();
    let claims = json!({"scope": "read write", "roles": ["reader"], "client_id": "batch"});
    let request = http::Request::get("/orgs/org_7").body(()).unwrap();
    let decision = api.explain_request(&policy, &claims, &request, &[("org", "org_7")]);
    assert_eq!(
        decision.to_string(),
        r#"denied
? all of
  ✓ scope("read"): read write
  ? any of
    ✗ role("admin"): ["reader"]
    ? claim("org_id") == path("org"): nothing, "org_7"
    ✗ not
      ✓ client("batch"): "batch""#
    );
    assert_eq!(
        decision.summary(),
        r#"+scope("read") and (-role("admin") [["reader"]] or ?claim("org_id") == path("org") [nothing, "org_7"] or not +client("batch"))"#
    );
    let json = serde_json::to_value(&decision).unwrap();
    assert_eq!(json["allowed"], false);
    assert_eq!(json["finding"]["verdict"], "unknown");
    assert_eq!(
        json["finding"]["parts"][0],
        json!({"verdict": "met", "requirement": r#"scope("read")"#, "found": "read write"})
    );
}

#[test]
fn shows_no_secrets_and_nothing_that_a_terminal_obeys() {
    let api = api();
    let policy: Policy = r#"header("authorization") == "x" or query("access_token") == claim("x") or claim("long") == "y" or path("p") == "z""#
        .parse()
        .unwrap();
    let claims = json!({"x": "\u{1b}[31m\u{202e}", "long": "l".repeat(10_000)});
    let request = http::Request::get("/?access_token=secret-token")
        .header("authorization", "Bearer secret-token")
        .body(())
        .unwrap();
    let decision = api.explain_request(&policy, &claims, &request, &[("p", "\n\u{1b}")]);
    for text in [
        decision.to_string(),
        decision.summary(),
        serde_json::to_string(&decision).unwrap(),
    ] {
        assert!(!text.contains("secret"), "{text}");
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
        assert!(text.len() < 1500, "{text}");
    }
    assert!(!decision.summary().contains('\n'));
}

#[test]
fn scopes_imply_others() {
    let authorizer = crate::support::authorizer()
        .issuer(issuer())
        .clock(crate::case::clock())
        .scope_implies("admin", ["write:messages", "delete:messages"])
        .scope_implies("write:messages", ["read:messages"])
        .build()
        .unwrap();
    let api = crate::case::Api { authorizer };
    let admin = api.caller(&json!({"scope": "admin"}));
    assert_eq!(admin.scopes().to_string(), "admin");
    assert_eq!(
        admin.effective_scopes().to_string(),
        "admin write:messages read:messages delete:messages"
    );
    for (scopes, policy, allowed) in [
        ("admin", r#"scope("read:messages")"#, true),
        ("admin", r#"not scope("read:messages")"#, false),
        ("write:messages", r#"scope("read:messages")"#, true),
        ("write:messages", r#"scope("admin")"#, false),
        ("read:messages", r#"scope("write:messages")"#, false),
    ] {
        let decision = api.explain(&policy.parse().unwrap(), &json!({"scope": scopes}));
        assert_eq!(decision.allowed, allowed, "{scopes}: {decision}");
    }
}

#[test]
fn implications_in_a_circle_are_refused() {
    let builder = || crate::support::authorizer().issuer(issuer());
    let error = builder()
        .scope_implies("root", ["admin"])
        .scope_implies("admin", ["write"])
        .scope_implies("write", ["read", "admin"])
        .build()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "scope implications are cyclic: admin implies write implies admin"
    );
    assert!(builder().scope_implies("a", ["a"]).build().is_err());
    let error = builder().scope_implies("a", ["b c"]).build().unwrap_err();
    assert!(
        error.to_string().contains("\"b c\" is not a scope"),
        "{error}"
    );
    // The same twice, and by two ways, is no circle.
    assert!(
        builder()
            .scope_implies("a", ["b", "c"])
            .scope_implies("a", ["b"])
            .scope_implies("b", ["d"])
            .scope_implies("c", ["d"])
            .build()
            .is_ok()
    );
}
