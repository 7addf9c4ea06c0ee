//! Files of a library that import each other in a circle can't be read one after the other. What a
//! file defines counts, not who passes it on; paths that are written out in the code are not looked at.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fs,
    path::Path,
};

use docs_tests::root;

#[test]
fn no_files_of_a_library_import_each_other_in_a_circle() {
    let mut found = Vec::new();
    let crates = fs::read_dir(root().join("crates")).expect("crates is there");
    let crates = crates.map(|it| it.expect("crates can be read").path());
    for package in crates.chain([root().join("examples/quickstart"), root().join("xtask")]) {
        let circles = Library::read(&package.join("src")).circles();
        let name = package.display();
        found.extend(circles.into_iter().map(|it| format!("{name}: {it}")));
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn circles_are_found_through_parents_and_names_that_are_passed_on() {
    let circles = |sources: &[(&str, &str)]| {
        let mut library = Library::default();
        for (file, text) in sources {
            library.add(file, text);
        }
        library.circles()
    };
    let root = (
        "lib.rs",
        "mod a;\nmod b;\npub use crate::{a::A, b::B as C};\n",
    );
    let a = ("a.rs", "use crate::C;\nstruct A(C);\n");
    assert_eq!(circles(&[root, a, ("b.rs", "struct B;\n")]), [""; 0]);
    let b = ("b.rs", "use super::{\n    A,\n};\nstruct B(A);\n");
    assert_eq!(circles(&[root, a, b]), ["a.rs -> b.rs -> a.rs"]);
    let b = (
        "b.rs",
        "#[cfg(test)]\nmod tests {\n    use super::*;\n    use crate::A;\n}\n",
    );
    assert_eq!(circles(&[root, a, b]), [""; 0]);

    // A name that is passed on is imported only where it is used as well.
    let child = ("a/part.rs", "use super::A;\nstruct Part(A);\n");
    let parent = ("a.rs", "mod part;\npub(crate) use part::Part;\nstruct A;\n");
    assert_eq!(circles(&[parent, child]), [""; 0]);
    let parent = ("a.rs", "mod part;\npub use part::Part;\nstruct A(Part);\n");
    assert_eq!(circles(&[parent, child]), ["a.rs -> a/part.rs -> a.rs"]);
}

/// A module's path: the names from the root on.
type Module = Vec<String>;

#[derive(Default)]
struct Library {
    files: BTreeMap<Module, File>,
}

struct File {
    name: String,
    imports: Vec<Import>,
    /// Without imports, comments and tests.
    code: String,
}

struct Import {
    /// As it is written, without the braces.
    path: Vec<String>,
    /// What the file calls it.
    name: String,
    passes_on: bool,
}

impl Library {
    fn read(src: &Path) -> Self {
        fn visit(src: &Path, folder: &Path, library: &mut Library) {
            for entry in fs::read_dir(folder).expect("the folder is there") {
                let path = entry.expect("the folder can be read").path();
                if path.is_dir() {
                    visit(src, &path, library);
                } else if path.extension().is_some_and(|it| it == "rs") {
                    let name = path.strip_prefix(src).expect("is in it");
                    let name = name.to_string_lossy().replace('\\', "/");
                    library.add(&name, &fs::read_to_string(&path).expect("is text"));
                }
            }
        }
        let mut library = Self::default();
        visit(src, src, &mut library);
        assert!(!library.files.is_empty(), "{}", src.display());
        library
    }

    fn add(&mut self, name: &str, text: &str) {
        let module = name.trim_end_matches(".rs");
        let module = module.trim_end_matches("/mod");
        let module = match module {
            "lib" | "main" => Module::new(),
            module => module.split('/').map(str::to_owned).collect(),
        };
        self.files.insert(module, File::new(name, text));
    }

    /// A shortest circle for each knot of files.
    fn circles(&self) -> Vec<String> {
        let edges: BTreeMap<&str, BTreeSet<&str>> = self
            .files
            .iter()
            .map(|(module, file)| (&*file.name, self.imported(module, file)))
            .collect();
        let mut told = BTreeSet::new();
        let mut circles = Vec::new();
        for start in edges.keys() {
            if let Some(circle) = circle(start, &edges).filter(|_| !told.contains(start)) {
                told.extend(circle.iter().copied());
                circles.push(circle.join(" -> "));
            }
        }
        circles
    }

    fn imported(&self, module: &Module, file: &File) -> BTreeSet<&str> {
        let used = |import: &&Import| !import.passes_on || has_word(&file.code, &import.name);
        file.imports
            .iter()
            .filter(used)
            .filter_map(|import| self.absolute(module, &import.path))
            .filter_map(|path| self.definition(&path, 0))
            .filter(|name| *name != file.name)
            .collect()
    }

    /// The path from the root on; nothing for those of other crates.
    fn absolute(&self, module: &Module, path: &[String]) -> Option<Module> {
        let mut base = module.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                base.clear();
                rest = &path[1..];
            }
            "self" => rest = &path[1..],
            "super" => {
                while let Some(("super", after)) =
                    rest.split_first().map(|(first, after)| (&**first, after))
                {
                    base.pop();
                    rest = after;
                }
            }
            first => {
                base.push(first.to_owned());
                if !self.files.contains_key(&base) {
                    return None;
                }
                base.pop();
            }
        }
        base.extend(rest.iter().cloned());
        Some(base)
    }

    /// The file that defines what `path` names, through whoever passes it on.
    fn definition(&self, path: &[String], depth: usize) -> Option<&str> {
        let known = (0..=path.len()).rev();
        let len = known
            .into_iter()
            .find(|len| self.files.contains_key(&path[..*len]))?;
        let (module, rest) = path.split_at(len);
        let file = &self.files[module];
        let passed_on = rest.first().and_then(|name| {
            let import = file.imports.iter().find(|it| it.name == *name)?;
            let mut path = self.absolute(&module.to_vec(), &import.path)?;
            path.extend(rest[1..].iter().cloned());
            (depth < 16).then(|| self.definition(&path, depth + 1))?
        });
        Some(passed_on.unwrap_or(&file.name))
    }
}

impl File {
    fn new(name: &str, text: &str) -> Self {
        let mut imports = Vec::new();
        let mut code = String::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if line.starts_with("#[cfg(test)]") {
                // A module of tests: to its end, which is not indented.
                if !lines.next().is_some_and(|it| it.ends_with(';')) {
                    lines.by_ref().find(|line| *line == "}");
                }
                continue;
            }
            let trimmed = line.trim_start();
            if trimmed.starts_with("//") {
                continue;
            }
            let (visibility, rest) = match trimmed.split_once("use ") {
                Some((before, rest)) if before.is_empty() || before.starts_with("pub") => {
                    (before, rest)
                }
                _ => {
                    code.push_str(line);
                    code.push('\n');
                    continue;
                }
            };
            let mut item = rest.to_owned();
            while !item.contains(';') {
                item.push_str(lines.next().expect("an import ends"));
            }
            let item = item.split(';').next().unwrap_or_default();
            let passes_on = visibility.starts_with("pub");
            for path in flatten(item.trim()) {
                imports.push(Import::new(&path, passes_on));
            }
        }
        Self {
            name: name.to_owned(),
            imports,
            code,
        }
    }
}

impl Import {
    fn new(path: &str, passes_on: bool) -> Self {
        let (path, alias) = path.split_once(" as ").unwrap_or((path, ""));
        let mut path: Vec<_> = path.split("::").map(|it| it.trim().to_owned()).collect();
        // `a::{self, B}` names `a`, and so does `a::*` as far as files go.
        if path.len() > 1 {
            path.pop_if(|last| last == "self" || last == "*");
        }
        let last = path.last().cloned().unwrap_or_default();
        Self {
            name: if alias.is_empty() {
                last
            } else {
                alias.trim().to_owned()
            },
            path,
            passes_on,
        }
    }
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d` and `a::c::e`.
fn flatten(item: &str) -> Vec<String> {
    let Some((prefix, rest)) = item.split_once('{') else {
        return vec![item.trim().to_owned()];
    };
    let inner = rest
        .trim_end()
        .strip_suffix('}')
        .expect("braces are closed");
    let mut depth = 0;
    let parts = inner.split(|c| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    });
    parts
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .flat_map(flatten)
        .map(|part| format!("{}{part}", prefix.trim()))
        .collect()
}

fn has_word(code: &str, word: &str) -> bool {
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|it| it == word)
}

/// A shortest way from `start` to itself.
fn circle<'a>(
    start: &&'a str,
    edges: &BTreeMap<&'a str, BTreeSet<&'a str>>,
) -> Option<Vec<&'a str>> {
    let mut ways = VecDeque::from([vec![*start]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in edges.get(way.last()?)? {
            let longer = || way.iter().copied().chain([*next]).collect();
            if next == start {
                return Some(longer());
            }
            if seen.insert(*next) {
                ways.push_back(longer());
            }
        }
    }
    None
}
