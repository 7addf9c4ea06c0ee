//! The programs in twelve languages as text. `tests/docs` runs them.
#![cfg(feature = "dashboard")]

use authz_testkit::snippets::{Language, Values};

const VALUES: Values<'_> = Values {
    url: "http://api.example/private",
    token: "the-token",
    token_url: "http://issuer.example/token",
    client_id: "the-client",
    client_secret: "the-secret",
    audience: "http://api.example",
    scope: "read:messages",
};

#[test]
fn every_program_has_its_values_and_no_placeholder() {
    for language in Language::ALL {
        let token_request = language.token_request(&VALUES);
        for value in [
            VALUES.token_url,
            VALUES.client_id,
            VALUES.client_secret,
            VALUES.audience,
            VALUES.scope,
        ] {
            assert_eq!(token_request.matches(value).count(), 1, "{token_request}");
        }
        let call = language.call(&VALUES);
        for value in [VALUES.url, VALUES.token] {
            assert_eq!(call.matches(value).count(), 1, "{call}");
        }
        for program in [token_request, call] {
            assert!(!program.contains("{{"), "{program}");
            assert!(program.ends_with('\n') && program.is_ascii(), "{program}");
        }
    }
}

#[test]
fn values_are_escaped_for_the_string_literals_of_each_language() {
    let value = "\"'\\ $HOME #{x} </script>\r\n\t\u{1}é😀";
    let ascii = r##"\"'\\ $HOME #{x} </script>\r\n\t"##;
    let braces = r"\u{1}\u{e9}\u{1f600}";
    let utf16 = r"\u0001\u00e9\ud83d\ude00";
    let long = r"\u0001\u00e9\U0001f600";
    let rows = [
        (
            Language::Curl,
            "\"'\\''\\ $HOME #{x} </script>\r\n\t\u{1}é😀".into(),
        ),
        (Language::CSharp, format!("{ascii}{utf16}")),
        (Language::Go, format!("{ascii}{long}")),
        (Language::Java, format!("{ascii}{utf16}")),
        (
            Language::JQuery,
            format!("{ascii}{utf16}").replace('<', r"\u003c"),
        ),
        (Language::Node, format!("{ascii}{utf16}")),
        (
            Language::ObjectiveC,
            format!(r"{ascii}\001\303\251\360\237\230\200"),
        ),
        (
            Language::Php,
            format!("{ascii}{braces}").replace('$', r"\$"),
        ),
        (Language::Python, format!("{ascii}{long}")),
        (
            Language::Ruby,
            format!("{ascii}{braces}").replace('#', r"\#"),
        ),
        (Language::Swift, format!("{ascii}{braces}")),
        (Language::Rust, format!("{ascii}{braces}")),
    ];
    assert_eq!(rows.len(), Language::ALL.len());
    for (language, escaped) in rows {
        let call = language.call(&Values {
            token: value,
            ..VALUES
        });
        assert!(call.contains(&*escaped), "{language:?}\n{call}\n{escaped}");
    }
}

#[test]
fn a_value_that_looks_like_a_placeholder_stays_as_it_is() {
    for language in Language::ALL {
        let call = language.call(&Values {
            url: "http://x.example/{{token}}{{url",
            ..VALUES
        });
        assert_eq!(call.matches("{{token}}{{url").count(), 1, "{call}");
        assert_eq!(call.matches(VALUES.token).count(), 1, "{call}");
    }
}

#[test]
fn an_empty_audience_or_scope_is_not_sent() {
    for language in Language::ALL {
        let program = language.token_request(&Values {
            audience: "",
            scope: "",
            client_secret: "",
            ..VALUES
        });
        assert!(!program.contains("audience"), "{program}");
        assert!(!program.contains("scope"), "{program}");
        assert!(program.contains("client_secret"), "{program}");
    }
}

#[test]
fn debug_output_has_no_secrets() {
    let debug = format!("{VALUES:?}");
    assert!(debug.contains(VALUES.client_id), "{debug}");
    assert!(!debug.contains(VALUES.client_secret), "{debug}");
    assert!(!debug.contains(VALUES.token), "{debug}");
}

#[test]
fn names_are_distinct_and_fit_into_addresses() {
    for (number, language) in Language::ALL.into_iter().enumerate() {
        let name = language.name();
        let fits = |it: u8| it.is_ascii_lowercase() || it == b'-';
        assert!(name.bytes().all(fits), "{name}");
        for other in &Language::ALL[..number] {
            assert_ne!(name, other.name());
            assert_ne!(language.title(), other.title());
        }
    }
}
