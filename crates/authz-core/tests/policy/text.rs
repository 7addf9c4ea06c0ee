//! Policies as text: what is read, how it is printed, and where an error points.

use authz_core::policy::{
    Policy, acr, amr, any_valid_token, claim, client, deny, detail, group, header, issuer, max_age,
    member, method, path, permission, query, role, scope,
};
use http::Method;

#[test]
fn text_and_code_say_the_same() {
    for (text, policy) in [
        ("any_valid_token", any_valid_token()),
        ("deny", deny()),
        (r#"scope("a")"#, scope("a")),
        (r#"permission("a b")"#, permission("a b")),
        (r#"role("a") or group("b")"#, role("a") | group("b")),
        (r#"client("a", "b")"#, client(["a", "b"])),
        (r#"issuer("https://a/")"#, issuer(["https://a/"])),
        (
            r#"acr("gold", "silver") and amr("mfa")"#,
            acr(["gold", "silver"]) & amr("mfa"),
        ),
        ("max_age(300)", max_age(std::time::Duration::from_secs(300))),
        (
            "max_age(9223372036854775807)",
            max_age(std::time::Duration::MAX),
        ),
        (
            r#"method("GET", "POST")"#,
            method([Method::GET, Method::POST]),
        ),
        (r#"claim("a.b") exists"#, claim("a.b").exists()),
        (r#"claim("a") == "b""#, claim("a").equals("b")),
        (r#"claim("a") != -1"#, claim("a").differs_from(-1)),
        (r#"claim("a") in ["b", 1, true]"#, {
            use authz_core::policy::Operand;
            claim("a").one_of([Operand::from("b"), Operand::from(1), Operand::from(true)])
        }),
        (
            r#"claim("a") contains query("b")"#,
            claim("a").contains(query("b")),
        ),
        (
            r#"claim("ref") starts_with "refs/tags/v""#,
            claim("ref").starts_with("refs/tags/v"),
        ),
        (r#"claim("a") < 5"#, claim("a").less_than(5)),
        (r#"claim("a") <= 99.50"#, claim("a").at_most("99.50")),
        (r#"claim("a") > -1"#, claim("a").greater_than("-1")),
        (
            r#"claim("a") >= 99999999999999999999"#,
            claim("a").at_least("99999999999999999999"),
        ),
        (
            r#"query("amount") <= claim("limit")"#,
            query("amount").at_most(claim("limit")),
        ),
        (r#"detail("a")"#, detail("a", any_valid_token())),
        (
            r#"detail("a b", member("c.d") == "e" and (not member("f") exists or member("g") <= path("h")))"#,
            detail(
                "a b",
                member("c.d").equals("e")
                    & (!member("f").exists() | member("g").at_most(path("h"))),
            ),
        ),
        (
            r#"path("a") == header("x-b")"#,
            path("a").equals(header("x-b")),
        ),
        (r#"not scope("a") and scope("b")"#, !scope("a") & scope("b")),
        (
            r#"not (scope("a") and scope("b"))"#,
            !(scope("a") & scope("b")),
        ),
        (r#"not not scope("a")"#, !!scope("a")),
        (
            r#"(scope("a") and scope("b") and scope("c")) or scope("d")"#,
            scope("a").and(scope("b").and(scope("c"))).or(scope("d")),
        ),
        (
            r#"role("\"\\\n\u{202e}\u{7f}é'")"#,
            role("\"\\\n\u{202e}\u{7f}é'"),
        ),
    ] {
        assert_eq!(text.parse::<Policy>().unwrap(), policy, "{text}");
        assert_eq!(policy.to_string(), text);
        let json = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&json).unwrap(), policy);
    }
}

#[test]
fn other_ways_to_write_are_read_too() {
    for (text, canonical) in [
        (
            "  scope ( \"a\" )\n\tand\r\n scope(\"b\") ",
            r#"scope("a") and scope("b")"#,
        ),
        (r#"((scope("a")))"#, r#"scope("a")"#),
        (
            r#"(scope("a") and scope("b")) and scope("c")"#,
            r#"scope("a") and scope("b") and scope("c")"#,
        ),
        (r#"claim("'a'")=="b""#, r#"claim("a") == "b""#),
        (r#"claim("a")<=-0"#, r#"claim("a") <= 0"#),
        (r#"detail("a",any_valid_token)"#, r#"detail("a")"#),
        (r#"header("X-Org")exists"#, r#"header("x-org") exists"#),
        (r#"not(deny)"#, "not deny"),
    ] {
        assert_eq!(
            text.parse::<Policy>().unwrap().to_string(),
            canonical,
            "{text}"
        );
    }
}

#[test]
fn errors_point_at_the_column() {
    for (text, column, problem) in [
        (
            "",
            1,
            "a requirement is expected: one of any_valid_token, deny",
        ),
        ("scope", 6, "`(` is expected"),
        ("scope(a)", 7, "a text in double quotes is expected"),
        ("scope('a')", 7, "a text in double quotes is expected"),
        (r#"scope("a"#, 7, "the text is not closed"),
        (r#"scope("a")) "#, 11, "`)` closes nothing"),
        (r#"scope("a b")"#, 7, "\"a b\" is not a scope"),
        (r#"scope("a", "b")"#, 10, "`)` is expected"),
        (
            r#"(scope("a")"#,
            12,
            "`and`, `or` or the end of the policy is expected; `)` is missing",
        ),
        (r#"scope("a") and"#, 15, "a requirement is expected"),
        (
            r#"and scope("a")"#,
            1,
            "a requirement must come before `and`",
        ),
        (r#"scope("a") scope("b")"#, 12, "`and`, `or` or the end"),
        (r#"scope("a") && scope("b")"#, 12, "write `and`"),
        (r#"scope("a") || scope("b")"#, 12, "write `or`"),
        (r#"!scope("a")"#, 1, "write `not`"),
        (
            r#"scope("a") and scope("b") or scope("c")"#,
            27,
            "`and` and `or` side by side: put parentheses",
        ),
        (r#"roles("a")"#, 1, "there is no requirement `roles`"),
        (
            r#"any_scope("a", "b")"#,
            1,
            r#"write scope("a") or scope("b")"#,
        ),
        (
            r#"claim("a")"#,
            11,
            "`==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `contains`, `starts_with` or `exists` must",
        ),
        (r#"claim("a") == 1.5"#, 15, "a whole number is expected"),
        (r#"claim("a") <= "5""#, 15, "a number is expected"),
        (r#"claim("a") <= true"#, 15, "a number is expected"),
        (r#"claim("a") =< 5"#, 12, "`==`, `!=`"),
        (r#"claim("a") < 007.5"#, 14, "the limit must be a number"),
        (
            r#"claim("a") < 0.1234567890123456789"#,
            14,
            "the limit must be a number without leading zeros, with",
        ),
        (r#"member("a") exists"#, 1, "`member` is for `detail` only"),
        (
            r#"detail("a") and claim("b") == member("c")"#,
            31,
            "`member` is for `detail` only",
        ),
        (r#"detail()"#, 8, "a text in double quotes is expected"),
        (r#"detail("a" "b")"#, 12, "`)` is expected"),
        (
            r#"detail("a", member("b") exists, member("c") exists)"#,
            31,
            "`)` is expected",
        ),
        (
            r#"detail("a", member("b") exists and scope("c"))"#,
            36,
            "only comparisons can be part of `detail`",
        ),
        (
            r#"detail("a", detail("b"))"#,
            13,
            "only comparisons can be part of `detail`",
        ),
        ("max_age(0.5)", 9, "a whole number is expected"),
        (r#"claim("a") starts_with """#, 24, "an empty prefix"),
        (
            r#"claim("a") starts_with claim("b")"#,
            24,
            "a text in double quotes is expected",
        ),
        (
            r#"claim("a") starts_with 1"#,
            24,
            "a text in double quotes is expected",
        ),
        (
            r#"path("a") starts_with "b""#,
            11,
            "`starts_with` is for claims and members only",
        ),
        (
            r#"header("a") starts_with "b""#,
            13,
            "`starts_with` is for claims and members only",
        ),
        (r#"claim("a") = "b""#, 12, "`==`, `!=`"),
        (r#"claim("a") == b"#, 15, "a value is expected"),
        (r#"claim("a") in []"#, 16, "a value is expected"),
        (r#"claim("a") in ["b" "c"]"#, 20, "`,` or `]` is expected"),
        (
            r#"claim("a..b") exists"#,
            7,
            "\"a..b\" is not the path of a claim",
        ),
        (
            r#"header("a b") exists"#,
            8,
            "\"a b\" is not the name of a header",
        ),
        (r#"method("get")"#, 8, "methods are written in capitals"),
        (
            r#"method("GTE")"#,
            8,
            "\"GTE\" is not a method that is registered",
        ),
        (r#"method("G T")"#, 8, "\"G T\" is not a method"),
        ("max_age(5m)", 10, "`)` is expected"),
        ("max_age(-5)", 9, "a number of seconds is expected"),
        (
            r#"claim("a") == 9223372036854775808"#,
            15,
            "the number is too large",
        ),
        (r#"role("a\x")"#, 8, "there is no such escape"),
        (r#"role("\u{d800}")"#, 7, "there is no such escape"),
        (r#"role("é") & deny"#, 11, "write `and`"),
        (r#"custom("a")"#, 8, "there is no condition \"a\""),
    ] {
        let error = text.parse::<Policy>().unwrap_err();
        assert!(error.problem().starts_with(problem), "{text}: {error}");
        assert_eq!(
            (error.line(), error.column()),
            (1, column),
            "{text}: {error}"
        );
    }
    let error = "scope(\"a\")\n\tand rolle(\"b\")"
        .parse::<Policy>()
        .unwrap_err();
    assert_eq!((error.line(), error.column()), (2, 6));
    assert!(
        error.to_string().ends_with("\n\tand rolle(\"b\")\n\t    ^"),
        "{error}"
    );
}

#[test]
fn a_prefix_is_of_a_claim_and_not_empty() {
    for (build, problem) in [
        (
            (|| claim("a").starts_with("")) as fn() -> Policy,
            "an empty prefix: every text starts with it",
        ),
        (
            || path("a").starts_with("b"),
            "path(\"a\"): `starts_with` is for claims and members only",
        ),
        (
            || query("a").starts_with("b"),
            "query(\"a\"): `starts_with` is for claims and members only",
        ),
    ] {
        let panic = std::panic::catch_unwind(build).unwrap_err();
        assert_eq!(*panic.downcast::<String>().unwrap(), problem);
    }
}

#[test]
fn a_limit_is_a_number_and_a_detail_of_comparisons() {
    for (build, problem) in [
        (
            (|| claim("a").at_most("much")) as fn() -> Policy,
            "claim(\"a\") <= ...: the limit must be a number without leading zeros, with at most 20 digits before the point and 18 after it",
        ),
        (
            || claim("a").less_than(true),
            "claim(\"a\") < ...: the limit must be a number without leading zeros, with at most 20 digits before the point and 18 after it",
        ),
        (
            || detail("a", member("b").exists() & !scope("c")),
            "scope(\"c\"): only comparisons can be part of `detail`: put this beside it, with `and`",
        ),
    ] {
        let panic = std::panic::catch_unwind(build).unwrap_err();
        assert_eq!(*panic.downcast::<String>().unwrap(), problem);
    }
}

#[test]
fn depth_is_limited_and_costs_no_stack() {
    let nested = |depth: usize| format!("{}deny{}", "(".repeat(depth), ")".repeat(depth));
    assert!(nested(64).parse::<Policy>().is_ok());
    for text in [nested(65), "(".repeat(100_000), "not ".repeat(100_000)] {
        let error = text.parse::<Policy>().unwrap_err();
        assert_eq!(error.problem(), "the policy is nested too deeply");
    }
}
