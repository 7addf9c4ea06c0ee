//! Requirements about the request.

use authz_core::policy::{
    Policy,
    Verdict::{Met, NotMet, Unknown},
};
use http::Request;
use serde_json::json;

use crate::case::api;

#[test]
fn each_part_of_a_request() {
    let api = api();
    let claims = json!({"org": "o1", "number": 42, "teams": ["red", "blue"], "admin": true});
    for (policy, method, uri, headers, params, expected) in [
        (r#"method("GET")"#, "GET", "/", &[][..], &[][..], Met),
        (r#"method("GET")"#, "HEAD", "/", &[], &[], Met),
        (r#"method("HEAD")"#, "GET", "/", &[], &[], NotMet),
        (r#"method("GET", "POST")"#, "POST", "/", &[], &[], Met),
        (r#"method("GET")"#, "get", "/", &[], &[], NotMet),
        // The tenant in the path.
        (
            r#"claim("org") == path("org")"#,
            "GET",
            "/",
            &[],
            &[("org", "o1")],
            Met,
        ),
        (
            r#"claim("org") == path("org")"#,
            "GET",
            "/",
            &[],
            &[("org", "o2")],
            NotMet,
        ),
        (
            r#"claim("org") == path("org")"#,
            "GET",
            "/",
            &[],
            &[("id", "o1")],
            Unknown,
        ),
        (
            r#"claim("none") == path("org")"#,
            "GET",
            "/",
            &[],
            &[("org", "o1")],
            Unknown,
        ),
        (
            r#"path("org") == claim("org")"#,
            "GET",
            "/",
            &[],
            &[("org", "o1")],
            Met,
        ),
        (
            r#"path("org") exists"#,
            "GET",
            "/",
            &[],
            &[("org", "")],
            Met,
        ),
        (
            r#"claim("teams") contains path("team")"#,
            "GET",
            "/",
            &[],
            &[("team", "red")],
            Met,
        ),
        (
            r#"claim("teams") contains path("team")"#,
            "GET",
            "/",
            &[],
            &[("team", "re")],
            NotMet,
        ),
        // Text that stands for a number does so in one way only.
        (
            r#"claim("number") == path("id")"#,
            "GET",
            "/",
            &[],
            &[("id", "42")],
            Met,
        ),
        (
            r#"claim("number") == path("id")"#,
            "GET",
            "/",
            &[],
            &[("id", "042")],
            Unknown,
        ),
        (
            r#"claim("number") == path("id")"#,
            "GET",
            "/",
            &[],
            &[("id", "+42")],
            Unknown,
        ),
        (
            r#"claim("number") == path("id")"#,
            "GET",
            "/",
            &[],
            &[("id", "x")],
            Unknown,
        ),
        (r#"path("id") == 0"#, "GET", "/", &[], &[("id", "0")], Met),
        (
            r#"path("id") == 0"#,
            "GET",
            "/",
            &[],
            &[("id", "-0")],
            Unknown,
        ),
        // A handler that parses it as a number may get the value that the policy excludes.
        (
            r#"claim("number") != path("id")"#,
            "GET",
            "/",
            &[],
            &[("id", "042")],
            Unknown,
        ),
        (
            r#"claim("number") != path("id")"#,
            "GET",
            "/",
            &[],
            &[("id", "43")],
            Met,
        ),
        (
            r#"path("id") == true"#,
            "GET",
            "/",
            &[],
            &[("id", "true")],
            Unknown,
        ),
        (
            r#"claim("admin") == path("id")"#,
            "GET",
            "/",
            &[],
            &[("id", "true")],
            Unknown,
        ),
        // Headers.
        (
            r#"header("X-Org") == claim("org")"#,
            "GET",
            "/",
            &[("x-org", "o1")],
            &[],
            Met,
        ),
        (
            r#"header("x-org") == claim("org")"#,
            "GET",
            "/",
            &[("x-org", "o2")],
            &[],
            NotMet,
        ),
        (
            r#"header("x-org") == claim("org")"#,
            "GET",
            "/",
            &[],
            &[],
            Unknown,
        ),
        (
            r#"header("x-org") == claim("org")"#,
            "GET",
            "/",
            &[("x-org", "o1"), ("x-org", "o1")],
            &[],
            Unknown,
        ),
        (
            r#"header("x-org") exists"#,
            "GET",
            "/",
            &[("x-org", "")],
            &[],
            Met,
        ),
        (r#"header("x-org") exists"#, "GET", "/", &[], &[], NotMet),
        // The query.
        (
            r#"query("org") == claim("org")"#,
            "GET",
            "/?org=o1",
            &[],
            &[],
            Met,
        ),
        (
            r#"query("org") == claim("org")"#,
            "GET",
            "/?a=b&or%67=%6f1",
            &[],
            &[],
            Met,
        ),
        (
            r#"query("org") == claim("org")"#,
            "GET",
            "/?org=o2",
            &[],
            &[],
            NotMet,
        ),
        (
            r#"query("org") == claim("org")"#,
            "GET",
            "/?org=o1&org=o2",
            &[],
            &[],
            Unknown,
        ),
        (
            r#"query("org") == claim("org")"#,
            "GET",
            "/?org=o1&or%67=o1",
            &[],
            &[],
            Unknown,
        ),
        (
            r#"query("org") == claim("org")"#,
            "GET",
            "/",
            &[],
            &[],
            Unknown,
        ),
        (
            r#"query("org") == "a b""#,
            "GET",
            "/?org=a+b",
            &[],
            &[],
            Met,
        ),
        (
            r#"query("org") != "a""#,
            "GET",
            "/?org=%ff",
            &[],
            &[],
            Unknown,
        ),
        (r#"query("org") exists"#, "GET", "/?org", &[], &[], Met),
        (r#"query("org") exists"#, "GET", "/?", &[], &[], NotMet),
    ] {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(()).unwrap();
        let policy: Policy = policy.parse().unwrap();
        let decision = api.explain_request(&policy, &claims, &request, params);
        assert_eq!(
            decision.finding.verdict, expected,
            "{policy} of {method} {uri} {headers:?} {params:?}"
        );
        assert!(policy.depends_on_request());
    }
}
