//! Whether the library crates could be published as they are.

use std::path::Path;

use anstream::println;
use anyhow::Context as _;
use serde_json::Value;

use crate::{
    process::{cargo, output, root},
    report::{ERROR, GOOD},
};

/// What a registry shows of a crate, or finds it by. `repository` comes with the first public address.
const METADATA: [&str; 5] = ["description", "license", "readme", "keywords", "categories"];

/// Looks at every package of `crates`, and says what is wrong with each.
pub(super) fn check() -> anyhow::Result<Vec<String>> {
    let metadata = output(&mut cargo(["metadata", "--no-deps", "--format-version=1"]))?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let mut problems = Vec::new();
    for package in packages.iter().filter(|package| is_library(package)) {
        let name = package["name"].as_str().context("a package has no name")?;
        let empty = |field: &&str| match &package[*field] {
            Value::String(text) => text.is_empty(),
            Value::Array(words) => words.is_empty(),
            _ => true,
        };
        let mut problem = Vec::from_iter(METADATA.into_iter().filter(empty));
        // A readme that is named and not there shows here.
        let list = output(&mut cargo([
            "package",
            "--list",
            "--allow-dirty",
            "--package",
            name,
        ]));
        let files = list.as_deref().unwrap_or_default().lines().count();
        if list.is_err() {
            problem.push("a list of files that cargo can make");
        }
        if problem.is_empty() {
            println!("{GOOD}ok{GOOD:#}      {name}: {files} files");
        } else {
            let problem = format!("{name} lacks {}", problem.join(", "));
            println!("{ERROR}FAILED{ERROR:#}  {problem}");
            problems.push(problem);
        }
    }
    Ok(problems)
}

fn is_library(package: &Value) -> bool {
    let manifest = package["manifest_path"].as_str().unwrap_or_default();
    Path::new(manifest).starts_with(root().join("crates"))
}
