//! What the pages say about the sources.

use std::collections::BTreeSet;

use docs_tests::{code_spans, pages, read, tests};

/// A test's name as the pages write it: two or more snake-case parts.
fn is_test_name(span: &str) -> bool {
    let part = |it: &str| {
        !it.is_empty()
            && it
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let parts: Vec<_> = span.split("::").collect();
    // `tokio::spawn` and `authz::keys` are none: a test's name is a sentence.
    parts.len() >= 2 && parts.iter().all(|it| part(it)) && parts[parts.len() - 1].contains('_')
}

#[track_caller]
fn every_test_named_exists(page: &str, at_least: usize) {
    let text = read(page);
    let tests: BTreeSet<String> = tests().into_iter().collect();
    let named: Vec<&str> = code_spans(&text).filter(|it| is_test_name(it)).collect();
    let missing: Vec<_> = named.iter().filter(|it| !tests.contains(**it)).collect();
    assert!(missing.is_empty(), "{page} names no tests: {missing:#?}");
    assert!(named.len() >= at_least, "{page}: only {named:?}");
}

#[test]
fn every_test_that_the_guarantees_name_exists() {
    every_test_named_exists("docs/guarantees.md", 20);
}

#[test]
fn every_row_of_the_guarantees_names_a_test() {
    let text = read("docs/guarantees.md");
    let (_, tables) = text.split_once("\n## What happens\n").expect("is there");
    let (tables, _) = tables.split_once("\n## ").expect("ends");
    let rows: Vec<_> = tables
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| trouble"))
        .collect();
    assert!(rows.len() >= 20, "{} rows", rows.len());
    for row in rows {
        assert!(code_spans(row).any(is_test_name), "no test: {row}");
    }
}

#[test]
fn every_test_that_the_security_page_names_exists() {
    every_test_named_exists("docs/security.md", 25);
}

#[test]
fn every_theme_of_attacks_that_the_security_page_names_exists() {
    let themes: Vec<_> = attacks::table::themes().iter().map(|it| it.name).collect();
    let text = read("docs/security.md");
    let named: Vec<_> = code_spans(&text)
        .filter_map(|span| span.strip_prefix("theme: "))
        .collect();
    assert!(named.len() >= 10, "{named:?}");
    for name in named {
        assert!(themes.contains(&name), "{name} is none of {themes:?}");
    }
}

#[test]
fn every_reason_stands_on_the_troubleshooting_page() {
    let source = read("crates/authz-core/src/rejection/reason.rs");
    let (_, names) = source.split_once("fn name(self)").expect("is there");
    let (names, _) = names.split_once("\n    }").expect("ends");
    let names: Vec<_> = names.split('"').skip(1).step_by(2).collect();
    assert!(names.len() >= 25, "{names:?}");
    let page = read("docs/troubleshooting.md");
    for name in names {
        assert!(
            page.contains(&format!("\n## `{name}`\n")),
            "no heading for {name}"
        );
    }
}

#[test]
fn the_readme_shows_each_adapter_in_at_most_15_lines() {
    let text = read("README.md");
    let blocks: Vec<_> = text.split("\n```rust").skip(1).collect();
    let blocks: Vec<_> = blocks
        .iter()
        .filter_map(|block| block.split_once('\n')?.1.split_once("\n```"))
        .map(|(code, _)| code)
        .collect();
    for adapter in ["authz_axum", "authz_warp", "authz_poem"] {
        let block = blocks.iter().find(|block| block.contains(adapter));
        let lines = block.map_or(0, |block| block.lines().count());
        assert!((1..=15).contains(&lines), "{adapter}: {lines} lines");
    }
}

#[test]
fn the_readme_shows_the_lab_and_an_adapter_on_its_first_screen() {
    let text = read("README.md");
    let (first_screen, rest) = text.split_once("\n```rust").expect("has an adapter");
    let lines = first_screen.lines().count();
    assert!(lines <= 42, "{lines} lines");
    assert!(first_screen.contains("](docs/images/lab.png)"));
    assert!(rest.contains("](docs/performance.svg)"));
}

/// The name of the core belongs to somebody else on the public registry.
#[test]
fn no_page_has_a_line_that_installs_from_the_registry() {
    for page in pages() {
        for line in read(&page).lines().map(str::trim) {
            let from_registry = line.starts_with("authz-") && line.contains("= \"");
            let by_version = from_registry && !line.contains("path = ") && !line.contains("git = ");
            let added = line.contains("cargo add authz") || line.contains("cargo install authz");
            assert!(!by_version && !added, "{}: {line}", page.display());
        }
    }
}
