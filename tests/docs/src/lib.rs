//! Every fenced Rust block of `README.md`, `CONTRIBUTING.md` and `docs/*.md`, as a doc test, and what
//! the tests in `tests/` need to hold the pages against the sources.

use std::{
    fs,
    path::{Path, PathBuf},
};

#[cfg(doctest)]
mod pages {
    include!(concat!(env!("OUT_DIR"), "/pages.rs"));
}

/// The repository's folder.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the repository is there")
}

/// The text of a file, named from the repository's folder.
///
/// # Panics
///
/// When there is no such file.
#[must_use]
pub fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The pages for readers: those at the repository's root and those in `docs`.
///
/// # Panics
///
/// When the folder can't be read.
#[must_use]
pub fn pages() -> Vec<PathBuf> {
    let mut pages = [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "CHANGELOG.md",
    ]
    .map(PathBuf::from)
    .to_vec();
    for entry in fs::read_dir(root().join("docs")).expect("docs is there") {
        let name = entry.expect("docs can be read").file_name();
        if Path::new(&name).extension().is_some_and(|it| it == "md") {
            pages.push(Path::new("docs").join(name));
        }
    }
    pages.sort();
    pages
}

/// What stands between backticks on a page, outside of its fenced blocks.
pub fn code_spans(page: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    page.lines()
        .filter(move |line| {
            let fence = line.trim_start().starts_with("```");
            fenced ^= fence;
            !fenced && !fence
        })
        .flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// All test functions of the workspace, as the pages name them: `file::module::function`, or
/// `package::file::module::function` for those in a package that is not the core.
///
/// # Panics
///
/// When the sources can't be read.
#[must_use]
pub fn tests() -> Vec<String> {
    let mut found = Vec::new();
    for folder in ["crates", "tests", "examples"] {
        for package in fs::read_dir(root().join(folder)).expect("the folder is there") {
            let package = package.expect("the folder can be read");
            let name = package.file_name().to_string_lossy().replace('-', "_");
            let prefix = match name.as_str() {
                "authz_core" => String::new(),
                name => format!("{name}::"),
            };
            for part in ["src", "tests"] {
                sources(&package.path().join(part), &mut |path, text| {
                    // The module of `bearer/mod.rs` is `bearer`.
                    let module = match path.ends_with("mod.rs") {
                        true => path.parent().unwrap_or(path),
                        false => path,
                    };
                    let file = module.file_stem().unwrap_or_default().to_string_lossy();
                    tests_in(text, &format!("{prefix}{file}"), &mut found);
                });
            }
        }
    }
    found
}

fn sources(folder: &Path, visit: &mut impl FnMut(&Path, &str)) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            sources(&path, visit);
        } else if path.extension().is_some_and(|it| it == "rs") {
            visit(&path, &fs::read_to_string(&path).expect("a source is text"));
        }
    }
}

/// Functions behind a `#[test]`, `#[tokio::test]` or within `proptest!`, by the sources' indentation.
fn tests_in(text: &str, prefix: &str, found: &mut Vec<String>) {
    let mut module = "";
    let mut is_test = false;
    for line in text.lines() {
        let code = line.trim_start();
        if let Some(name) = line
            .strip_prefix("mod ")
            .and_then(|it| it.strip_suffix(" {"))
        {
            module = name;
        } else if line == "}" {
            module = "";
        } else if code.starts_with("#[test") || code.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some((_, after)) = code.split_once("fn ")
            && is_test
        {
            let name = after.split(['(', '<']).next().unwrap_or_default();
            is_test = false;
            found.push(match module {
                "" => format!("{prefix}::{name}"),
                module => format!("{prefix}::{module}::{name}"),
            });
        }
    }
}
