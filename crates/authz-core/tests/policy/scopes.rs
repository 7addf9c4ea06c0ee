//! The names of scopes, the scopes of a token, and the scopes that a caller without a token is told.

use authz_core::{PolicyGuard, RequestParts, Scope, ScopeClaim, Scopes};
use serde_json::{Value, json};

use crate::case::{api, api_with, issuer};

fn scopes(claims: &Value) -> Scopes {
    api().caller(claims).scopes().clone()
}

fn names(scopes: &Scopes) -> Vec<&str> {
    scopes.iter().collect()
}

#[test]
fn a_scope_is_what_rfc_6749_says() {
    for (text, valid) in [
        ("read:messages", true),
        ("https://www.googleapis.com/auth/drive", true),
        ("!", true),
        ("", false),
        ("a b", false),
        ("a\"b", false),
        ("a\\b", false),
        ("a\nb", false),
        ("\u{e9}", false),
    ] {
        assert_eq!(text.parse::<Scope>().is_ok(), valid, "{text:?}");
    }
}

#[test]
fn what_cannot_be_a_name_counts_for_nothing() {
    let padding = "padding:".repeat(10);
    for more in [json!([]), json!([padding])] {
        for (names, expected) in [
            (json!(["a"]), "a"),
            (json!(["a b"]), ""),
            (json!([" a"]), ""),
            (json!([""]), ""),
            (json!(["a\nb"]), ""),
            (json!(["é"]), ""),
            (json!("a b"), "a b"),
            (json!("a\nb c"), "c"),
            (json!("\"a\" c\\ \u{7f} é d"), "d"),
        ] {
            let scopes = scopes(&json!({"scope": names, "scp": more}));
            let found: Vec<_> = scopes.iter().filter(|it| *it != padding).collect();
            assert_eq!(found.join(" "), expected, "{names}");
        }
    }
    let caller = api().caller(&json!({"permissions": ["read admin", "é:a\"\\", "b\t", "", "c"]}));
    assert_eq!(names(caller.permissions()), ["é:a\"\\", "c"]);
}

#[test]
fn keeps_order_and_finds_whole_names_only() {
    let untidy = scopes(&json!({"scope": "write:b read:a", "scp": "  read:a  c "}));
    assert_eq!(names(&untidy), ["write:b", "read:a", "c"]);
    assert_eq!(untidy.to_string(), "write:b read:a c");
    for (name, there) in [
        ("read:a", true),
        ("write:b", true),
        ("c", true),
        ("read:", false),
        ("read:ab", false),
        ("", false),
        (" ", false),
        ("write:b read:a", false),
    ] {
        assert_eq!(untidy.contains(name), there, "{name:?}");
    }
    assert_eq!(untidy.len(), 3);
    // As most tokens have them, but for repetitions.
    let tidy = scopes(&json!({"scope": "write:b read:a write:b", "scp": ["c", "read:a"]}));
    assert_eq!(names(&tidy), ["write:b", "read:a", "c"]);
    assert_eq!(
        (tidy.to_string(), tidy.len()),
        (untidy.to_string(), untidy.len())
    );
    assert_eq!(tidy, untidy);
    assert_ne!(tidy, scopes(&json!({"scope": "write:b read:a"})));
    for empty in [
        json!({}),
        json!({"scope": ""}),
        json!({"scope": " ", "scp": "  "}),
    ] {
        assert!(scopes(&empty).is_empty(), "{empty}");
    }
}

#[test]
fn few_and_many_names_are_found_alike() {
    let issuer = issuer().scopes_from([ScopeClaim::Scope, ScopeClaim::Scp]);
    let authorizer = crate::support::authorizer()
        .issuer(issuer)
        .max_token_bytes(100_000);
    let api = crate::case::Api {
        authorizer: authorizer.clock(crate::case::clock()).build().unwrap(),
    };
    for count in [1, 3, 5, 20, 50, 1000] {
        let expected: Vec<String> = (0..count).rev().map(|i| format!("scope:{i}")).collect();
        let caller = api.caller(&json!({"scope": expected, "scp": expected}));
        let scopes = caller.scopes();
        assert_eq!(scopes.len(), count);
        assert_eq!(names(scopes), expected);
        assert!(expected.iter().all(|name| scopes.contains(name)));
        for absent in ["scope:", "scope:1001", "cope:0", "", " ", "scope:0 "] {
            assert!(!scopes.contains(absent), "{absent:?} among {count}");
        }
    }
}

#[tokio::test]
async fn a_caller_without_a_token_is_told_the_fewest_scopes() {
    let authorizer = api_with(issuer()).authorizer;
    for (policy, expected) in [
        ("any_valid_token", None),
        ("deny", None),
        (r#"scope("a")"#, Some("a")),
        (r#"scope("a") and scope("b") and scope("a")"#, Some("a b")),
        (r#"(scope("a") and scope("b")) or scope("c")"#, Some("c")),
        (r#"scope("a") or any_valid_token"#, None),
        (r#"scope("a") or role("admin")"#, Some("a")),
        (
            r#"scope("a") and (claim("org") == path("org") or role("admin"))"#,
            Some("a"),
        ),
        (r#"deny or (scope("b") and scope("a"))"#, Some("b a")),
        (r#"not scope("a")"#, None),
        (
            r#"(method("POST") and scope("w")) or (method("GET") and scope("r"))"#,
            Some("r"),
        ),
    ] {
        let guard = PolicyGuard::new(authorizer.clone(), policy.parse().unwrap());
        let request = http::Request::get("/").body(()).unwrap();
        let admission = guard.admit(&RequestParts::from(&request)).resolve().await;
        let rejection = admission.unwrap_err();
        let challenge = rejection.challenge().unwrap();
        let challenge = challenge.to_str().unwrap();
        let scope = challenge.split_once("scope=\"");
        let scope = scope.map(|(_, rest)| rest.split('"').next().unwrap());
        assert_eq!(scope, expected, "{policy}");
    }
}
