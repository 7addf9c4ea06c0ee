//! `docs/calling.md` is made from the programs of `authz-testkit` and the prose beside them.

use std::{env, fmt::Write as _, fs};

use authz_testkit::snippets::{Language, Values};
use docs_tests::{read, root};

#[test]
fn calling_page_is_up_to_date() {
    let page = page();
    if env::var_os("UPDATE_PAGES").is_some() {
        fs::write(root().join("docs/calling.md"), &page).unwrap();
    }
    assert!(
        read("docs/calling.md") == page,
        "docs/calling.md is not what its templates say. Change crates/authz-testkit/src/snippets/, then run: \
         UPDATE_PAGES=1 cargo test -p docs-tests --test calling"
    );
}

const VALUES: Values<'_> = Values {
    url: "http://127.0.0.1:3010/api/private",
    token: "ACCESS_TOKEN",
    token_url: "http://127.0.0.1:3011/oauth/token",
    client_id: "me",
    client_secret: "anything",
    audience: "https://quickstart.example/api",
    scope: "read:messages",
};

fn page() -> String {
    let mut page = read("crates/authz-testkit/src/snippets/calling.md");
    let mut insert = |name: &str, text: &str| {
        let placeholder = format!("{{{{{name}}}}}");
        assert_eq!(page.matches(&placeholder).count(), 1, "{placeholder}");
        page = page.replace(&placeholder, text);
    };
    for (name, value) in [
        ("url", VALUES.url),
        ("token_url", VALUES.token_url),
        ("audience", VALUES.audience),
        ("scope", VALUES.scope),
        ("standings", &standings()),
    ] {
        insert(name, value);
    }
    for language in Language::ALL {
        insert(language.name(), &programs(language));
    }
    page
}

/// Both programs, and what is unproven about them.
fn programs(language: Language) -> String {
    let fence = match language {
        Language::Curl => "sh",
        Language::JQuery => "html",
        Language::Node => "js",
        Language::ObjectiveC => "objectivec",
        // A doc test of the page.
        Language::Rust => "rust,no_run",
        language => language.name(),
    };
    let note = language.unproven().map(|it| format!("**{it}**\n\n"));
    format!(
        "{}Get a token:\n\n```{fence}\n{}```\n\nCall the API:\n\n```{fence}\n{}```",
        note.unwrap_or_default(),
        language.token_request(&VALUES),
        language.call(&VALUES),
    )
}

fn standings() -> String {
    let mut table = "| language | standing | tools |\n|---|---|---|".to_owned();
    for language in Language::ALL {
        let (title, standing, proof) = (language.title(), language.standing(), language.proof());
        write!(table, "\n| {title} | {standing} | {proof} |").unwrap();
    }
    table
}
