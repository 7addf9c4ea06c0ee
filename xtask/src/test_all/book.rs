//! Whether `docs` builds as a book without a warning, and whether each link of its HTML pages leads somewhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

use crate::process::{root, stream};

pub(super) fn check(mdbook: &Path) -> anyhow::Result<Vec<String>> {
    let folder = root().join("target/book");
    let mut command = Command::new(mdbook);
    command
        .current_dir(root())
        .args(["build", "docs", "--dest-dir"]);
    command.arg(&folder);
    let mut problems = Vec::new();
    let status = stream(command, |line| {
        if line.contains("WARN") || line.contains("ERROR") {
            problems.push(line.trim().to_owned());
        }
    })?;
    ensure!(
        status.success() || !problems.is_empty(),
        "mdbook ended with {status}"
    );
    problems.extend(dead_links(&folder)?);
    Ok(problems)
}

fn dead_links(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut pages = BTreeMap::new();
    for entry in fs::read_dir(folder).context("there is no book")? {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == "html") {
            pages.insert(path.clone(), fs::read_to_string(path)?);
        }
    }
    let ids: BTreeMap<&PathBuf, BTreeSet<&str>> = pages
        .iter()
        .map(|(path, html)| (path, attributes(html, "id").collect()))
        .collect();
    let mut dead = Vec::new();
    for (page, html) in &pages {
        for target in attributes(html, "href").chain(attributes(html, "src")) {
            // Other sites; the page 404 is served at any path, so its links start at the site's root.
            if target.contains(':') || target.starts_with('/') {
                continue;
            }
            let (file, id) = target.split_once('#').unwrap_or((target, ""));
            let file = match file {
                "" => page.clone(),
                file => folder.join(file),
            };
            let there = match ids.get(&file) {
                Some(ids) => id.is_empty() || ids.contains(id),
                None => file.exists(),
            };
            if !there {
                let page = page.strip_prefix(folder).unwrap_or(page).display();
                dead.push(format!("{page} has a dead link to {target}"));
            }
        }
    }
    Ok(dead)
}

/// The values of an attribute as mdBook writes it. Code on a page has its quotes escaped.
fn attributes<'a>(html: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let start = format!(" {name}=\"");
    let values: Vec<_> = html.split(start.as_str()).skip(1).collect();
    values.into_iter().filter_map(|rest| rest.split('"').next())
}

#[test]
fn a_link_to_no_file_or_no_heading_is_dead() {
    let folder = std::env::temp_dir().join(format!("book-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let good = r#"<h1 id="top"> <a href="b.html#x"> <a href="b.html"> <img src="c.png">"#;
    fs::write(folder.join("a.html"), good).unwrap();
    fs::write(folder.join("c.png"), "").unwrap();
    let bad = r##"<p id="x"> <a href="#x"> <a href="https://example.com/"> <a href="a.html#y"> <img src="d.png">"##;
    fs::write(folder.join("b.html"), bad).unwrap();
    let dead = dead_links(&folder);
    fs::remove_dir_all(&folder).unwrap();
    let expected = ["a.html#y", "d.png"].map(|it| format!("b.html has a dead link to {it}"));
    assert_eq!(dead.unwrap(), expected);
}
