//! The programs of `docs/calling.md`, run against an API with a development issuer. A language whose
//! tools are not installed is left out, with a word on stderr.
//!
//! Not on Windows, whose shell does not run the commands.
#![cfg(unix)]

mod server;
mod tool;

use authz_testkit::{
    DevIssuer,
    snippets::{Language, Standing, Values},
};
use serde_json::Value;

use self::{
    server::{Recorder, api},
    tool::{Program, is_installed},
};

macro_rules! run {
    ($($module:ident: $language:ident,)*) => {
        const RUN: &[Language] = &[$(Language::$language),*];
        $(mod $module {
            use authz_testkit::snippets::Language;

            #[tokio::test]
            async fn gets_a_token_and_calls_the_api() {
                super::gets_a_token_and_calls_the_api(Language::$language).await;
            }

            #[tokio::test]
            async fn sends_values_as_they_are() {
                super::sends_values_as_they_are(Language::$language).await;
            }
        })*
    };
}

run! {
    curl: Curl,
    csharp: CSharp,
    go: Go,
    java: Java,
    jquery: JQuery,
    node: Node,
    objective_c: ObjectiveC,
    php: Php,
    python: Python,
    ruby: Ruby,
    rust: Rust,
}

#[test]
fn standings_say_what_the_tests_prove() {
    for language in Language::ALL {
        let proven = match language {
            Language::Swift => Standing::Parsed,
            // With a stand-in for `NSURLSession`.
            Language::ObjectiveC => Standing::Compiled,
            language if RUN.contains(&language) => Standing::Run,
            _ => Standing::Unproven,
        };
        assert_eq!(language.standing(), proven, "{language:?}");
        assert!(language.unproven().is_some() || proven == Standing::Run);
    }
}

#[tokio::test]
async fn swift_is_parsed() {
    let swift = Language::Swift;
    if !is_installed(swift).await {
        return;
    }
    let mut programs = vec![swift.call(&values())];
    programs.extend(AWKWARD.map(|row| swift.token_request(&row)));
    for program in programs {
        let parsed = Program::new(swift, "parsed", &program).run().await;
        assert!(parsed.success, "{program}\n{}", parsed.stderr);
        let broken = program.replacen("\")", ")", 1);
        let parsed = Program::new(swift, "broken", &broken).run().await;
        assert!(!parsed.success, "{broken}");
    }
}

async fn gets_a_token_and_calls_the_api(language: Language) {
    if !is_installed(language).await {
        return;
    }
    let issuer = DevIssuer::start().await;
    let url = format!("http://{}/api/private", api(&issuer).await);
    let values = Values {
        url: &url,
        token: "wrong",
        token_url: &issuer.token_endpoint(),
        audience: issuer.audience(),
        ..values()
    };

    let granted = Program::new(language, "token", &language.token_request(&values));
    let granted = granted.run().await;
    assert!(granted.success, "{granted:?}");
    assert_eq!(granted.status(), "200", "{granted:?}");
    let body = granted.stdout.find('{').expect("the body is JSON");
    let mut body = serde_json::Deserializer::from_str(&granted.stdout[body..]).into_iter();
    let body: Value = body.next().expect("there is a value").expect("it is JSON");
    let token = body["access_token"].as_str().expect("there is a token");

    let allowed = language.call(&Values { token, ..values });
    let allowed = Program::new(language, "call", &allowed).run().await;
    assert!(allowed.success, "{allowed:?}");
    assert_eq!(allowed.status(), "200", "{allowed:?}");
    assert!(allowed.stdout.contains("for readers only"), "{allowed:?}");

    let rejected = Program::new(language, "wrong", &language.call(&values));
    let rejected = rejected.run().await;
    assert!(!rejected.success, "{rejected:?}");
    assert_eq!(rejected.status(), "401", "{rejected:?}");
    assert!(rejected.stdout.contains("invalid_token"), "{rejected:?}");
}

async fn sends_values_as_they_are(language: Language) {
    if !is_installed(language).await {
        return;
    }
    let mut recorder = Recorder::start().await;
    let token_url = recorder.url("/token");
    for row in AWKWARD {
        let program = language.token_request(&Values {
            token_url: &token_url,
            ..row
        });
        let sent = Program::new(language, "awkward", &program).run().await;
        assert!(sent.success, "{program}\n{sent:?}");
        let expected = [
            ("audience", row.audience),
            ("client_id", row.client_id),
            ("client_secret", row.client_secret),
            ("grant_type", "client_credentials"),
            ("scope", row.scope),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let optional = ["audience", "scope"];
        let expected = expected
            .into_iter()
            .filter(|(name, value)| !value.is_empty() || !optional.contains(&&**name));
        assert_eq!(recorder.form(), expected.collect(), "{program}");
    }

    // Every character here may be part of a header field or a path.
    let token = r##"a"b'c\d $HOME #{1 + 1} \(1) %41 </script>"##;
    let path = "/it's/$HOME/(1)?q=$HOME&r=%20";
    let program = language.call(&Values {
        url: &recorder.url(path),
        token,
        ..Values::default()
    });
    let sent = Program::new(language, "header", &program).run().await;
    assert!(sent.success, "{program}\n{sent:?}");
    let expected = (path.to_owned(), format!("Bearer {token}"));
    assert_eq!(recorder.call(), expected, "{program}");
}

fn values() -> Values<'static> {
    Values {
        client_id: "me",
        client_secret: "anything",
        scope: "read:messages",
        ..Values::default()
    }
}

/// Values that end a string or insert something where they are not escaped.
const AWKWARD: [Values<'_>; 3] = [
    Values {
        client_id: "\"double\" 'single' `back`",
        client_secret: r"C:\new\table \u0041 \x41 \101 \",
        audience: r"$HOME ${HOME} $(id) `id` %PATH% {$x} \(1 + 1)",
        scope: "#{1 + 1} #$0 #@x %s %d %@ {0} {{token}} ??/ ??'",
        ..EMPTY
    },
    Values {
        client_id: "line\nline\r\nline\rtab\tcontrol\u{1}2\u{1f}a\u{7f}\u{85}\u{2028}",
        client_secret: "é ß 漢字 😀1 \u{feff}\u{202e}\u{301}a",
        audience: "@file & a=b&c=d ; + % %41 ? / < > </script> <!-- ",
        scope: " space at both ends ",
        ..EMPTY
    },
    Values {
        client_id: "-d",
        client_secret: "@/etc/hostname",
        ..EMPTY
    },
];

const EMPTY: Values<'_> = Values {
    url: "",
    token: "",
    token_url: "",
    client_id: "",
    client_secret: "",
    audience: "",
    scope: "",
};
