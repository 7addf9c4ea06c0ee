//! Links and images of the pages, and `docs/SUMMARY.md`, the table of contents of the book.

use std::{collections::BTreeSet, fs, path::Path};

use docs_tests::{pages, read, root};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut found = 0;
    let mut dead = Vec::new();
    for page in pages()
        .into_iter()
        .chain(["crates/authz-cli/README.md".into()])
    {
        let text = read(&page);
        for target in relative_links(&text) {
            found += 1;
            let (path, heading) = target.split_once('#').unwrap_or((&target, ""));
            let file = match path {
                "" => page.clone(),
                path => page.parent().unwrap_or(Path::new("")).join(path),
            };
            let there = match heading {
                "" => root().join(file).exists(),
                heading => fs::read_to_string(root().join(file))
                    .is_ok_and(|text| headings(&text).contains(heading)),
            };
            if !there {
                dead.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
    assert!(found > 100, "only {found} links");
}

/// The book contains the files of `docs` only.
#[test]
fn no_link_leads_out_of_the_book() {
    for page in pages().iter().filter(|page| page.starts_with("docs")) {
        for target in relative_links(&read(page)) {
            let leaves = target.starts_with('/') || target.contains("..");
            assert!(!leaves, "{}: {target}", page.display());
        }
    }
}

#[test]
fn the_summary_names_every_page_once_and_nothing_else() {
    let mut named = relative_links(&read("docs/SUMMARY.md"));
    named.sort();
    let pages = pages();
    let in_docs = pages.iter().filter_map(|it| it.strip_prefix("docs").ok());
    let mut pages: Vec<_> = in_docs.map(|it| it.display().to_string()).collect();
    pages.retain(|page| page != "SUMMARY.md");
    pages.sort();
    assert_eq!(named, pages);
}

#[test]
fn headings_have_the_ids_of_mdbook_and_github() {
    let page = "# Up\n```sh\n# not this\n```\n## Up\n### `a_b`, \"c\" (D-1)\nText\n===\n\
        ## See [that](page.md)\n";
    let expected = ["up", "up-1", "a_b-c-d-1", "text", "see-that"];
    assert_eq!(headings(page), expected.map(str::to_owned).into());
}

#[test]
fn links_are_found_in_every_form() {
    let page = "[a](a.md) ![b](b.png) [![c](c.svg)](d.md#e) [f] [web](https://example.com)\n\
        `[code](no.md)`\n\n[f]: f.md\n\n```md\n[fenced](no.md)\n```\n";
    let expected = ["a.md", "b.png", "d.md#e", "c.svg", "f.md"];
    assert_eq!(relative_links(page), expected);
}

fn parse(page: &str) -> Parser<'_> {
    Parser::new_ext(page, Options::ENABLE_TABLES)
}

/// The targets of links and images that don't lead to other sites.
fn relative_links(page: &str) -> Vec<String> {
    let targets = parse(page).filter_map(|event| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url),
        _ => None,
    });
    targets
        .filter(|it| !it.contains("://") && !it.starts_with("mailto:"))
        .map(String::from)
        .collect()
}

/// The ids of a page's headings: mdBook and GitHub make them by the same rule.
fn headings(page: &str) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    let mut heading = None;
    for event in parse(page) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let id = id(&heading.take().unwrap_or_default());
                let numbered = (1..).map(|number| format!("{id}-{number}"));
                let mut candidates = [id.clone()].into_iter().chain(numbered);
                ids.extend(candidates.find(|it| !ids.contains(it)));
            }
            _ => {}
        }
    }
    ids
}

fn id(heading: &str) -> String {
    let kept = |c: char| match c {
        c if c.is_alphanumeric() || matches!(c, '-' | '_') => Some(c),
        c if c.is_whitespace() => Some('-'),
        _ => None,
    };
    heading.to_lowercase().chars().filter_map(kept).collect()
}
