//! `docs/advisories.md` and the tests agree.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use attacks::{Attack, table};

struct Entry {
    number: usize,
    id: String,
    why_not: String,
    tests: Vec<String>,
}

#[test]
fn every_advisory_stands_on_the_page_once() {
    let page = page();
    let numbers: Vec<_> = page.iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, (1..=71).collect::<Vec<_>>());
    let ids: BTreeSet<_> = page.iter().map(|entry| &entry.id).collect();
    assert_eq!(ids.len(), page.len(), "an advisory stands there twice");
    for row in table::rows() {
        for id in row.advisories {
            let known = page.iter().any(|entry| entry.id == *id);
            assert!(known, "{}: {id} is not on the page", row.name);
        }
    }
}

#[test]
fn every_entry_names_tests_that_exist_or_says_why_it_cannot_apply() {
    let rows = table::rows();
    let rows: BTreeMap<&str, &Attack> = rows.iter().map(|row| (row.name.as_str(), row)).collect();
    for Entry {
        id, why_not, tests, ..
    } in page()
    {
        let cannot_apply = why_not.starts_with("cannot apply: ");
        assert_eq!(
            tests.is_empty(),
            cannot_apply,
            "{id}: a test or a reason, not both"
        );
        for test in tests {
            if test.contains("::") {
                assert!(is_a_test(&test), "{id}: there is no test {test}");
            } else {
                let row = rows.get(test.as_str());
                let row = row.unwrap_or_else(|| panic!("{id}: there is no row {test}"));
                let lists = row.advisories.contains(&id.as_str());
                assert!(lists, "{test} does not list {id}");
            }
        }
    }
}

/// The page's table.
fn page() -> Vec<Entry> {
    let text = read("docs/advisories.md");
    let entries: Vec<_> = text.lines().filter_map(entry).collect();
    assert!(!entries.is_empty(), "the page has no table");
    entries
}

fn entry(line: &str) -> Option<Entry> {
    let cells: Vec<_> = line.strip_prefix("| ")?.split(" | ").collect();
    let number = cells[0].parse().ok()?;
    let [_, id, _, _, why_not, tests] = cells[..] else {
        panic!("entry {number} has {} columns", cells.len());
    };
    Some(Entry {
        number,
        id: id.split(' ').next()?.to_owned(),
        why_not: why_not.to_owned(),
        tests: (tests.split('`').skip(1).step_by(2))
            .map(str::to_owned)
            .collect(),
    })
}

/// Whether `file::[module::]function` is a test of `authz-core`.
fn is_a_test(name: &str) -> bool {
    let parts: Vec<_> = name.split("::").collect();
    let (file, modules, function) = match parts[..] {
        [file, function] => (file, None, function),
        [file, module, function] => (file, Some(module), function),
        _ => return false,
    };
    let source = read(&format!("crates/authz-core/tests/{file}.rs"));
    let within = match modules {
        None => Some(&*source),
        Some(module) => source
            .split_once(&format!("\nmod {module} {{\n"))
            .and_then(|(_, rest)| rest.split_once("\n}\n"))
            .map(|(module, _)| module),
    };
    // The attribute stands on the line before, or the function stands in `proptest!`.
    within.is_some_and(|source| {
        let lines: Vec<_> = source.lines().map(str::trim).collect();
        lines.windows(2).any(|pair| {
            let test = pair[0].starts_with("#[test]") || pair[0].starts_with("#[tokio::test");
            let named = pair[1].split_once("fn ").is_some_and(|(_, rest)| {
                rest.split_once('(')
                    .is_some_and(|(name, _)| name == function)
            });
            test && named
        })
    })
}

fn read(path: &str) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
