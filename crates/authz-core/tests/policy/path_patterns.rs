//! The patterns of paths, and the parameters that a policy finds by them.

use authz_core::{PolicyGuard, RequestParts, policy::path, rules::PathPattern};
use serde_json::json;

use crate::case::{api, token};

#[test]
fn names_the_parameters() {
    for (pattern, expected) in [
        ("/a/b", &[][..]),
        ("/a/{b}/c-{d}/{*e}", &["b", "d", "e"]),
        ("/{{a}}/{b}", &["b"]),
        ("/x{{{a}", &["a"]),
    ] {
        let parsed: PathPattern = pattern.parse().unwrap();
        assert!(parsed.names().eq(expected.iter().copied()), "{pattern}");
    }
}

/// Whether a request of `sent` has these parameters by `pattern`; without any, whether it does not match.
async fn has_params(pattern: &str, sent: &str, params: &[(&str, &str)]) -> bool {
    let first = pattern.parse::<PathPattern>().unwrap();
    let first = first.names().next().unwrap().to_owned();
    let policy = match params {
        [] => !path(&first).exists(),
        params => params
            .iter()
            .map(|(name, value)| path(name).equals(*value))
            .reduce(|all, one| all & one)
            .unwrap(),
    };
    let guard = PolicyGuard::new(api().authorizer, policy).at(pattern.parse().unwrap());
    let request = http::Request::get(sent)
        .header("authorization", format!("Bearer {}", token(&json!({}))))
        .body(())
        .unwrap();
    let admission = guard.admit(&RequestParts::from(&request)).resolve().await;
    admission.is_ok()
}

#[tokio::test]
async fn finds_parameters_that_mean_the_same_in_both_readings() {
    for (path, params) in [
        ("/orgs/a/b", &[("org", "a"), ("rest", "b")][..]),
        ("/orgs/a/b/c/", &[("org", "a"), ("rest", "b/c")]),
        ("/orgs/a%20b/c%2Fd", &[("org", "a b"), ("rest", "c/d")]),
        // Sent, the organisation is `a/b`; decoded, it is `a`.
        ("/orgs/a%2Fb/c", &[]),
        ("/orgs/a", &[]),
        ("/%6frgs/a/b", &[]),
    ] {
        assert!(
            has_params("/orgs/{org}/{*rest}", path, params).await,
            "{path}"
        );
    }
}

#[tokio::test]
async fn reads_what_can_be_read_in_one_way_only() {
    for (path, rest) in [
        ("/a", Some("a")),
        ("/a/", Some("a")),
        ("/a/b.c", Some("a/b.c")),
        ("/a/...", Some("a/...")),
        ("/J%C3%BCrgen", Some("Jürgen")),
        ("/a%20b", Some("a b")),
        ("/a%2Fb", Some("a/b")),
        ("/100%25", Some("100%")),
        ("*", None),
        ("//", None),
        ("//a", None),
        ("/a//b", None),
        ("/a//", None),
        ("/a/./b", None),
        ("/a/../b", None),
        ("/..", None),
        ("/a/%2e%2E/b", None),
        ("/a/%2e", None),
        ("/a%2F", None),
        ("/a%2F%2Fb", None),
        ("/a%2F..%2Fb", None),
        ("/a\\b", None),
        ("/a%5Cb", None),
        ("/a%00", None),
        ("/a%0Ab", None),
        ("/a%7F", None),
        ("/a%252Fb", None),
        ("/%252e%252e", None),
        ("/a%2525", None),
        ("/a%", None),
        ("/a%2", None),
        ("/a%zz", None),
        ("/a%FF", None),
    ] {
        let params: Vec<_> = rest.map(|rest| ("rest", rest)).into_iter().collect();
        assert!(has_params("/{*rest}", path, &params).await, "{path}");
    }
}
