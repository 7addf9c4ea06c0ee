//! Tables that can't be meant.

use std::error::Error as _;

use authz_core::rules::{Rules, RulesErrorKind};

/// The error, without the lines that its rules stand in.
fn error(rules: &str) -> String {
    let error = Rules::from_toml(rules).unwrap_err().to_string();
    let mut parts = error.split(" in line ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + part.trim_start_matches(|it: char| it.is_ascii_digit())
    })
}

/// A table of (methods, path, policy, more).
fn table(rules: &[(&str, &str, &str, &str)]) -> String {
    let rule = |(methods, path, policy, more): &(&str, &str, &str, &str)| {
        let methods = if methods.is_empty() {
            String::new()
        } else {
            format!("methods = [{methods}]\n")
        };
        format!("[[rules]]\n{methods}path = '{path}'\npolicy = '{policy}'\n{more}\n")
    };
    rules.iter().map(rule).collect()
}

#[test]
fn each_mistake_names_the_rules() {
    for (rules, expected) in [
        (
            &[("", "a", "public", "")][..],
            r#"rule 1 (a): "a" is not the pattern of a path: no request matches it: the path does not begin with a slash"#,
        ),
        (
            &[("", "/a/", "public", "")],
            r#"rule 1 (/a/): "/a/" is not the pattern of a path: a trailing slash makes no difference: remove it"#,
        ),
        (
            &[("", "/a//b", "public", "")],
            r#"rule 1 (/a//b): "/a//b" is not the pattern of a path: no request matches it: the path has an empty segment"#,
        ),
        (
            &[("", "/a/../b", "public", "")],
            r#"rule 1 (/a/../b): "/a/../b" is not the pattern of a path: no request matches it: the path has a segment of dots"#,
        ),
        (
            &[("", "/a?b", "public", "")],
            r#"rule 1 (/a?b): "/a?b" is not the pattern of a path: it must be written as in a URL: percent-encoded, without query and fragment"#,
        ),
        (
            &[("", "/é", "public", "")],
            r#"rule 1 (/é): "/é" is not the pattern of a path: it must be written as in a URL: percent-encoded, without query and fragment"#,
        ),
        (
            &[("", "/{org}/x/{*org}", "public", "")],
            r#"rule 1 (/{org}/x/{*org}): "/{org}/x/{*org}" is not the pattern of a path: it has two parameters of the name org: rename one of them"#,
        ),
        (
            &[("", "/{a", "public", "")],
            r#"rule 1 (/{a): "/{a" is not the pattern of a path: parameters are written {name} or {*name}, and braces {{ and }}"#,
        ),
        (
            &[("", "/{*a}/b", "public", "")],
            r#"rule 1 (/{*a}/b): "/{*a}/b" is not the pattern of a path: a parameter that matches several segments must come at the end"#,
        ),
        (
            &[("", "/{a}b", "public", "")],
            r#"rule 1 (/{a}b): "/{a}b" is not the pattern of a path: a parameter must extend to the end of its segment"#,
        ),
        (
            &[(r#""get""#, "/a", "public", "")],
            r#"rule 1 (get /a): methods are written in capitals: "GET""#,
        ),
        (
            &[(r#""GTE""#, "/a", "public", "")],
            r#"rule 1 (GTE /a): "GTE" is not a method that is registered (RFC 9110 section 16.1): GET is the nearest"#,
        ),
        (
            &[(r#""PROPFID""#, "/a", "public", "")],
            r#"rule 1 (PROPFID /a): "PROPFID" is not a method that is registered (RFC 9110 section 16.1): PROPFIND is the nearest"#,
        ),
        (
            &[(r#""REFRESH""#, "/a", "public", "")],
            r#"rule 1 (REFRESH /a): "REFRESH" is not a method that is registered (RFC 9110 section 16.1)"#,
        ),
        (
            &[(r#""*""#, "/a", "public", "")],
            r#"rule 1 (* /a): remove `methods` to match every method"#,
        ),
        (
            &[(r#""ANY""#, "/a", "public", "")],
            r#"rule 1 (ANY /a): remove `methods` to match every method"#,
        ),
        (
            &[("", "/x/*", "public", "")],
            r#"rule 1 (/x/*): "/x/*" is not the pattern of a path: a star is a star here: write {*rest} for all that follows, and {id} for one segment (%2A for the star)"#,
        ),
        (
            &[("", "/x/**", "public", "")],
            r#"rule 1 (/x/**): "/x/**" is not the pattern of a path: a star is a star here: write {*rest} for all that follows, and {id} for one segment (%2A for the star)"#,
        ),
        (
            &[("", "/x/*file", "public", "")],
            r#"rule 1 (/x/*file): "/x/*file" is not the pattern of a path: a star is a star here: write {*file} for all that follows, and {file} for one segment (%2A for the star)"#,
        ),
        (
            &[("", "/*/x", "public", "")],
            r#"rule 1 (/*/x): "/*/x" is not the pattern of a path: a star is a star here: write {id} for one segment; {*rest}, for all that follows, stands at the end (%2A for the star)"#,
        ),
        (
            &[("", "/x/*.js", "public", "")],
            r#"rule 1 (/x/*.js): "/x/*.js" is not the pattern of a path: a star is a star here: write {*js} for all that follows, and {js} for one segment (%2A for the star)"#,
        ),
        (
            &[("", "/x/:id", "public", "")],
            r#"rule 1 (/x/:id): "/x/:id" is not the pattern of a path: a parameter is written {id} (%3A for the colon)"#,
        ),
        (
            &[("", "/x/{id:[0-9]+}", "public", "")],
            r#"rule 1 (/x/{id:[0-9]+}): "/x/{id:[0-9]+}" is not the pattern of a path: a parameter is a name and matches any one segment: write {id}"#,
        ),
        (
            &[("", "/x/{id:[0-9]{2}}/y", "public", "")],
            r#"rule 1 (/x/{id:[0-9]{2}}/y): "/x/{id:[0-9]{2}}/y" is not the pattern of a path: a parameter is a name and matches any one segment: write {id}"#,
        ),
        (
            &[("", "/x/{id:int}", "public", "")],
            r#"rule 1 (/x/{id:int}): "/x/{id:int}" is not the pattern of a path: a parameter is a name and matches any one segment: write {id}"#,
        ),
        (
            &[("", "/x/{id?}", "public", "")],
            r#"rule 1 (/x/{id?}): "/x/{id?}" is not the pattern of a path: a parameter is a name and matches any one segment: write {id}"#,
        ),
        (
            &[("", "/x/{:id}", "public", "")],
            r#"rule 1 (/x/{:id}): "/x/{:id}" is not the pattern of a path: a parameter is a name and matches any one segment: write {id}"#,
        ),
        (
            &[("", "/x/{rest...}", "public", "")],
            r#"rule 1 (/x/{rest...}): "/x/{rest...}" is not the pattern of a path: a parameter that matches all that follows is written {*rest}"#,
        ),
        (
            &[("", "/x/{path*}", "public", "")],
            r#"rule 1 (/x/{path*}): "/x/{path*}" is not the pattern of a path: a parameter that matches all that follows is written {*path}"#,
        ),
        (
            &[("", "/x/{**path}", "public", "")],
            r#"rule 1 (/x/{**path}): "/x/{**path}" is not the pattern of a path: a parameter that matches all that follows is written {*path}"#,
        ),
        (
            &[("", "/x/{*}", "public", "")],
            r#"rule 1 (/x/{*}): "/x/{*}" is not the pattern of a path: a parameter that matches all that follows is written {*rest}"#,
        ),
        (
            &[("", "/x/{}", "public", "")],
            r#"rule 1 (/x/{}): "/x/{}" is not the pattern of a path: a parameter is a name and matches any one segment: write {id}"#,
        ),
        (
            &[("", "/x/<id>", "public", "")],
            r#"rule 1 (/x/<id>): "/x/<id>" is not the pattern of a path: a parameter is written {id}"#,
        ),
        (
            &[(r#""HEAD""#, "/a", "public", "")],
            r#"rule 1 (HEAD /a): HEAD counts as GET: name that"#,
        ),
        (
            &[("", "/a", "public", "optional = true")],
            "rule 1 (/a): a public rule does not require a token, so `optional` has no effect",
        ),
        (
            &[("", "/a", r#"path("id") == "x""#, "")],
            r#"rule 1 (/a): the policy asks for path("id"), and the path has no such parameter"#,
        ),
        (
            &[("", "/a", "public", ""), ("", "/a", "deny", "")],
            "rule 2 (/a) is never reached: rule 1 (/a) applies to the same requests",
        ),
        (
            &[
                (r#""GET", "POST""#, "/a", "public", ""),
                (r#""PUT", "POST""#, "/a", "deny", ""),
            ],
            "rule 2 (PUT, POST /a), as far as POST goes, is never reached: rule 1 (GET, POST /a) applies to the same requests",
        ),
        (
            &[(r#""GET", "GET""#, "/a", "public", "")],
            "rule 1 (GET, GET /a), as far as GET goes, is never reached: rule 1 (GET, GET /a) applies to the same requests",
        ),
        (
            &[
                ("", "/a/{id}", "public", ""),
                (r#""GET""#, "/a/{name}", "deny", ""),
            ],
            "rule 2 (GET /a/{name}) and rule 1 (/a/{id}) can't be told apart: patterns that match the same paths must be identical, and {name} and {*name} can't be used at the same place",
        ),
        (
            &[
                ("", "/x", "public", ""),
                ("", "/a/{*rest}", "public", ""),
                ("", "/a/{*all}", "deny", ""),
            ],
            "rule 3 (/a/{*all}) and rule 2 (/a/{*rest}) can't be told apart: patterns that match the same paths must be identical, and {name} and {*name} can't be used at the same place",
        ),
        (
            &[
                ("", "/a/{*rest}", "public", ""),
                ("", "/a/{id}", "deny", ""),
            ],
            "rule 2 (/a/{id}) and rule 1 (/a/{*rest}) can't be told apart: patterns that match the same paths must be identical, and {name} and {*name} can't be used at the same place",
        ),
        (
            &[("", "/ab", "public", ""), ("", "/a%62", "deny", "")],
            "rule 2 (/a%62) and rule 1 (/ab) can't be told apart: patterns that match the same paths must be identical, and {name} and {*name} can't be used at the same place",
        ),
    ] {
        assert_eq!(error(&table(rules)), expected);
    }
}

#[test]
fn rules_of_a_toml_file_are_named_with_their_lines() {
    let text = "# who may do what\n\n[[rules]]\npath = '/a'\npolicy = 'public'\n\n\
                # again\n[[rules]]\npath = '/a'\npolicy = 'deny'\n";
    assert_eq!(
        Rules::from_toml(text).unwrap_err().to_string(),
        "rule 2 in line 8 (/a) is never reached: rule 1 in line 3 (/a) applies to the same requests"
    );
    let inline =
        "rules = [\n  { path = '/a', policy = 'public' },\n  { path = 'b', policy = 'deny' },\n]";
    let error = Rules::from_toml(inline).unwrap_err().to_string();
    assert!(error.starts_with("rule 2 in line 3 (b): "), "{error}");
    // A policy's own lines are not the file's.
    let text =
        "[[rules]]\npath = '/a'\npolicy = 'public'\n[[rules]]\npath = '/b'\npolicy = 'rolle'";
    let error = Rules::from_toml(text).unwrap_err().to_string();
    assert!(
        error.starts_with("rule 2 in line 4 (/b): in its policy: "),
        "{error}"
    );
    // What is no rule at all has its line from the parser.
    let error = Rules::from_toml("[[rules]]\npath = '/a'\npolicy = 7").unwrap_err();
    assert!(error.to_string().contains("line 3, column 10"), "{error}");
}

#[test]
fn a_program_can_tell_what_is_wrong_and_where() {
    let entry =
        |path: &str, policy: &str| format!("[[rules]]\npath = '{path}'\npolicy = '{policy}'\n");
    let method = "[[rules]]\nmethods = ['GET']\npath = '/a'\npolicy = 'deny'\n";
    let (a, second) = (entry("/a", "public"), "rule 2 in line 4");
    for (text, kind, rule, line) in [
        (
            "rules = 7".to_owned(),
            RulesErrorKind::Syntax,
            None,
            Some(1),
        ),
        (
            a.clone() + "path = 7",
            RulesErrorKind::Syntax,
            None,
            Some(4),
        ),
        ("rules = []".to_owned(), RulesErrorKind::Empty, None, None),
        (
            a.clone() + &entry("b", "deny"),
            RulesErrorKind::Path,
            Some(format!("{second} (b)")),
            Some(4),
        ),
        (
            a.clone() + &method.replace("GET", "GTE"),
            RulesErrorKind::Method,
            Some(format!("{second} (GTE /a)")),
            Some(4),
        ),
        (
            entry("/b", "rolle"),
            RulesErrorKind::Policy,
            Some("rule 1 in line 1 (/b)".to_owned()),
            Some(1),
        ),
        (
            entry("/b", r#"path("id") exists"#),
            RulesErrorKind::UnknownParameter,
            Some("rule 1 in line 1 (/b)".to_owned()),
            Some(1),
        ),
        (
            method.replace("'GET'", "'GET', 'GET'"),
            RulesErrorKind::Duplicate,
            Some("rule 1 in line 1 (GET, GET /a)".to_owned()),
            Some(1),
        ),
        (
            entry("/x/{a}", "deny") + &entry("/x/{b}", "deny"),
            RulesErrorKind::Ambiguous,
            Some(format!("{second} (/x/{{b}})")),
            Some(4),
        ),
        (
            a.clone() + "optional = true",
            RulesErrorKind::OptionalPublic,
            Some("rule 1 in line 1 (/a)".to_owned()),
            Some(1),
        ),
    ] {
        let error = Rules::from_toml(&text).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(
            (error.rule(), error.line()),
            (rule.as_deref(), line),
            "{error}"
        );
        // The message is whole.
        assert!(error.source().is_none(), "{error}");
        assert_eq!(format!("{error:?}"), error.to_string());
    }
    let json = Rules::from_json("{\n\"rules\": 7}").unwrap_err();
    assert_eq!(
        (json.kind(), json.line()),
        (RulesErrorKind::Syntax, Some(2))
    );
    let json = Rules::from_json(r#"{"rules": [{"path": "a", "policy": "deny"}]}"#).unwrap_err();
    assert_eq!((json.rule(), json.line()), (Some("rule 1 (a)"), None));
}

#[test]
fn a_policy_is_pointed_into() {
    assert_eq!(
        error(&table(&[("", "/a", r#"scope("a") and rolle("b")"#, "")]))
            .lines()
            .skip(1)
            .collect::<Vec<_>>(),
        [r#"scope("a") and rolle("b")"#, "               ^"]
    );
}

#[test]
fn files_of_another_form_are_refused() {
    for text in [
        "",
        "rules = []",
        "[[rules]]",
        "[[rules]]\npath = '/a'",
        "[[rules]]\npath = '/a'\npolicy = 'public'\nmethod = 'GET'",
        "[[rules]]\npath = '/a'\npolicy = 'public'\nmethods = []",
        "[[rule]]\npath = '/a'\npolicy = 'public'",
        "[[rules]]\npath = '/a'\npolicy = true",
    ] {
        assert!(Rules::from_toml(text).is_err(), "{text}");
    }
    for text in [
        "",
        "[]",
        r#"{"rules": []}"#,
        r#"{"rules": [{"path": "/a", "policy": "public", "methods": null}]}"#,
        r#"{"rules": [{"path": "/a", "policy": "public", "policy": "deny"}]}"#,
    ] {
        assert!(Rules::from_json(text).is_err(), "{text}");
    }
}

/// What looks like another router's syntax and is none.
#[test]
fn other_signs_stand_for_themselves() {
    for path in [
        "/x/things:batch",
        "/x/v{version}",
        "/x/{{id}}",
        "/x/a%2Ab",
        "/x/%3Aid",
        "/x/{org-id}/{user_name}",
        "/x/{a.b}",
        "/~user",
        "/x/$id",
    ] {
        let rules = Rules::from_toml(&table(&[("", path, "public", "")]));
        assert!(rules.is_ok(), "{path}: {:?}", rules.err());
    }
    for method in ["QUERY", "PROPFIND", "REPORT", "PURGE", "VERSION-CONTROL"] {
        let rules = Rules::from_toml(&table(&[(&format!("{method:?}"), "/a", "public", "")]));
        assert!(rules.is_ok(), "{method}: {:?}", rules.err());
    }
}
