//! A name that stands for two types makes every reader look twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use docs_tests::root;

/// One type for the reader, in several files.
const ALTERNATIVES: [(&str, &str); 13] = [
    ("ApiMetrics", "with the feature `metrics` and without it"),
    ("AuthorizationRejection", "that of each framework"),
    (
        "Authorized",
        "the core's, and the extractors of two frameworks",
    ),
    ("EcKey", "that of each backend"),
    ("Ed25519Key", "that of each backend"),
    ("IssuerMetrics", "with the feature `metrics` and without it"),
    ("MlDsaKey", "that of each backend"),
    ("RequireExt", "that of each framework"),
    ("RsaKey", "that of each backend"),
    ("RulesExt", "that of each framework"),
    ("Scoped", "that of each framework"),
    ("Sealed", "the idiom of each crate"),
    ("Timer", "with the feature `metrics` and without it"),
];

#[test]
fn a_name_is_one_type() {
    let mut files = BTreeMap::<String, BTreeSet<String>>::new();
    for folder in ["crates", "examples", "xtask"] {
        add(&root().join(folder), &mut files);
    }
    assert!(files.len() > 500, "{} types", files.len());
    files.retain(|_, files| files.len() > 1);
    let is_alternative = |name: &str| ALTERNATIVES.iter().any(|(it, _)| *it == name);
    let (known, unknown): (Vec<_>, Vec<_>) = files.iter().partition(|(it, _)| is_alternative(it));
    assert!(unknown.is_empty(), "{unknown:#?}");
    let known: Vec<_> = known.into_iter().map(|(name, _)| &**name).collect();
    assert_eq!(known, ALTERNATIVES.map(|(name, _)| name));
}

/// Adds the types that the sources below `folder` define, tests excepted.
fn add(folder: &Path, files: &mut BTreeMap<String, BTreeSet<String>>) {
    for entry in fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("a file of the repository").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_source =
            name.ends_with(".rs") && path.components().any(|it| it.as_os_str() == "src");
        if path.is_dir() && !["tests", "target", "node_modules"].contains(&&*name) {
            add(&path, files);
        } else if is_source && name != "tests.rs" {
            let source = fs::read_to_string(&path).expect("a source in UTF-8");
            let (source, _) = source
                .split_once("#[cfg(test)]\nmod tests {")
                .unwrap_or((&source, ""));
            for name in source.lines().filter_map(defined) {
                let file = path.display().to_string();
                files.entry(name.to_owned()).or_default().insert(file);
            }
        }
    }
}

/// The type that a line defines.
fn defined(line: &str) -> Option<&str> {
    let mut words = line
        .split_whitespace()
        .skip_while(|it| it.starts_with("pub"));
    let keyword = words.next()?;
    let name = words
        .next()?
        .split(|it: char| !it.is_alphanumeric())
        .next()?;
    (["struct", "enum", "trait", "union"].contains(&keyword) && !name.is_empty()).then_some(name)
}
