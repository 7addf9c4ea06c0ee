//! `docs/differences.md` lists exactly the differences that the suite accepts.

use std::{fs, path::Path};

use super::{differences, requests};

/// What a section says: the heading, and the requests under it.
type Section = (String, Vec<String>);

#[test]
fn the_page_lists_exactly_the_differences() {
    let listed: Vec<Section> = sections(&page())
        .into_iter()
        .map(|(heading, lines)| (heading, requests_in(&lines)))
        .collect();
    assert_eq!(listed, accepted());
}

#[test]
fn every_difference_has_a_reason() {
    for (heading, lines) in sections(&page()) {
        let words: usize = lines
            .iter()
            .filter(|line| !line.starts_with("- "))
            .map(|line| line.split_whitespace().count())
            .sum();
        assert!(words >= 15, "{heading} gives no reason");
    }
}

/// What the data says, as the page has to say it.
fn accepted() -> Vec<Section> {
    let rows = requests::all();
    let section = |known: &differences::Difference| {
        let theirs = known
            .theirs
            .map_or("no answer".to_owned(), |status| status.to_string());
        let heading = format!("`{}`: {theirs} there, {} here", known.name, known.ours);
        let differs = requests::Expected::Differs(known.name);
        let affected = rows.iter().filter(|row| row.expected == differs);
        (heading, affected.map(|row| row.name.to_owned()).collect())
    };
    differences::ALL.iter().map(section).collect()
}

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/differences.md");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The sections of the third level with their lines.
fn sections(page: &str) -> Vec<(String, Vec<String>)> {
    let mut sections: Vec<(String, Vec<String>)> = Vec::new();
    for line in page.lines() {
        match line.strip_prefix("### ") {
            Some(heading) => sections.push((heading.to_owned(), Vec::new())),
            // A heading of a higher level ends the list of differences before it.
            None if line.starts_with('#') => {}
            None => {
                if let Some((_, lines)) = sections.last_mut() {
                    lines.push(line.to_owned());
                }
            }
        }
    }
    sections
}

fn requests_in(lines: &[String]) -> Vec<String> {
    lines
        .iter()
        .filter_map(|line| line.strip_prefix("- "))
        .map(str::to_owned)
        .collect()
}
