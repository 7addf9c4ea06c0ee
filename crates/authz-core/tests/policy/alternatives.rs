//! What a policy says in scopes, for API descriptions.

use authz_core::policy::Policy;

/// Each alternative is written as its scopes; `+` follows if the policy requires more than these.
fn alternatives(policy: &str) -> Vec<String> {
    let policy: Policy = policy.parse().unwrap();
    let texts = policy.scope_alternatives().into_iter().map(|it| {
        let more = if it.is_sufficient { "" } else { "+" };
        format!("{}{more}", it.scopes.join(" "))
    });
    texts.collect()
}

#[test]
fn or_is_a_choice_and_and_merges() {
    for (policy, expected) in [
        (r#"any_valid_token"#, &[""][..]),
        (r#"deny"#, &[]),
        (r#"scope("a")"#, &["a"]),
        (r#"scope("a") and scope("b") and scope("a")"#, &["a b"]),
        (r#"scope("a") or scope("b")"#, &["a", "b"]),
        (
            r#"scope("a") and (scope("b") or scope("c"))"#,
            &["a b", "a c"],
        ),
        (
            r#"(scope("a") or scope("b")) and (scope("a") or scope("c"))"#,
            &["a", "b c"],
        ),
        (r#"scope("a") or (scope("a") and scope("b"))"#, &["a"]),
        (r#"(scope("a") and scope("b")) or scope("a")"#, &["a"]),
        (r#"scope("a") or any_valid_token"#, &[""]),
        (r#"scope("a") and any_valid_token"#, &["a"]),
        (r#"scope("a") and deny"#, &[]),
        (r#"scope("a") or deny"#, &["a"]),
        // What scopes can't say.
        (r#"role("r")"#, &["+"]),
        (r#"scope("a") and role("r")"#, &["a+"]),
        (r#"(role("r") and scope("a")) or scope("a")"#, &["a"]),
        (r#"scope("a") or role("r")"#, &["a", "+"]),
        (r#"role("r") or group("g")"#, &["+"]),
        (r#"scope("a") or (scope("b") and role("r"))"#, &["a", "b+"]),
        (r#"not scope("a")"#, &["+"]),
        (r#"scope("a") and claim("org") == path("org")"#, &["a+"]),
        (
            r#"(method("GET") and scope("a")) or scope("b")"#,
            &["a+", "b"],
        ),
    ] {
        assert_eq!(alternatives(policy), expected, "{policy}");
    }
}

#[test]
fn a_product_of_many_alternatives_stays_small() {
    let pairs = (0..20).map(|it| format!(r#"(scope("a{it}") or scope("b{it}"))"#));
    let policy = pairs.collect::<Vec<_>>().join(" and ");
    let alternatives = alternatives(&format!(r#"scope("all") and {policy}"#));
    assert!(alternatives.len() <= 32, "{}", alternatives.len());
    assert!(
        alternatives.iter().all(|it| it.ends_with('+')),
        "{alternatives:?}"
    );
}
