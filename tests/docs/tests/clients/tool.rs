//! How a program of each language is run.

use std::{fs, path::PathBuf, process::Output};

use authz_testkit::snippets::Language;
use docs_tests::root;
use tokio::process::Command;

/// A program in a folder of its own.
pub(crate) struct Program {
    language: Language,
    folder: PathBuf,
}

/// What a program did.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Returns `true` if the tools of `language` are installed, and says so on stderr if not.
pub(crate) async fn is_installed(language: Language) -> bool {
    let output = shell(probe(language)).output().await.unwrap();
    if !output.status.success() {
        eprintln!(
            "left out: {}: `{}` fails",
            language.title(),
            probe(language)
        );
    }
    output.status.success()
}

impl Program {
    /// Writes the program `text` to a folder that is called `purpose`.
    pub(crate) fn new(language: Language, purpose: &str, text: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let folder = folder.join(language.name()).join(purpose);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(file(language)), text).unwrap();
        if language == Language::Rust {
            // The versions of the workspace, whose sources are on the machine.
            fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
            let manifest = MANIFEST.replace("NAME", purpose);
            fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        }
        Self { language, folder }
    }

    /// Builds the program, which must not fail, and runs it.
    pub(crate) async fn run(&self) -> Outcome {
        if let Some(build) = build(self.language) {
            let built = self.output(build).await;
            let said = String::from_utf8_lossy(&built.stderr);
            assert!(built.status.success(), "{said}");
        }
        let output = self.output(command(self.language)).await;
        Outcome {
            success: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    async fn output(&self, command: &str) -> Output {
        let mut shell = shell(command);
        shell.current_dir(&self.folder);
        shell.output().await.unwrap()
    }
}

impl Outcome {
    /// Returns the status that the program printed first.
    pub(crate) fn status(&self) -> &str {
        let line = self.stdout.lines().next().unwrap_or_default();
        match line.strip_prefix("HTTP/1.1 ") {
            Some(status) => status.split(' ').next().unwrap_or_default(),
            None => line,
        }
    }
}

fn file(language: Language) -> &'static str {
    match language {
        Language::Curl => "program.sh",
        Language::CSharp => "program.cs",
        Language::Go => "program.go",
        Language::Java => "Program.java",
        Language::JQuery => "page.html",
        Language::Node => "program.mjs",
        Language::ObjectiveC => "program.m",
        Language::Php => "program.php",
        Language::Python => "program.py",
        Language::Ruby => "program.rb",
        Language::Swift => "program.swift",
        Language::Rust => "main.rs",
        _ => unreachable!("{language:?} has no file"),
    }
}

/// Fails where a tool is missing.
fn probe(language: Language) -> &'static str {
    match language {
        Language::Curl => "command -v curl",
        Language::CSharp => "command -v mcs && command -v mono",
        Language::Go => "command -v go",
        // Without the compiler, `java` does not run sources.
        Language::Java => "javac -version",
        Language::JQuery => "cd \"$NPM\" && node -e 'import(\"jsdom\")'",
        Language::Node => "command -v node",
        Language::ObjectiveC => {
            "command -v clang && command -v gnustep-config && test -e /usr/include/Block.h"
        }
        Language::Php => "php -r 'exit(extension_loaded(\"curl\") ? 0 : 1);'",
        Language::Python => "python3 --version",
        Language::Ruby => "ruby -e 'exit RUBY_VERSION >= \"3\"'",
        Language::Swift => "cd \"$NPM\" && node -e 'import(\"web-tree-sitter\")'",
        Language::Rust => "command -v cargo",
        _ => unreachable!("{language:?} has no tools"),
    }
}

fn build(language: Language) -> Option<&'static str> {
    Some(match language {
        Language::CSharp => "mcs -r:System.Net.Http program.cs",
        Language::Go => "go build program.go",
        Language::ObjectiveC => {
            "clang -fblocks $(gnustep-config --objc-flags) -Werror -I\"$OBJC\" -include stand_in.h program.m -o program \
             -idirafter $(gcc -print-file-name=include) $(gnustep-config --base-libs) -lBlocksRuntime"
        }
        Language::Rust => "cargo build --quiet --offline --target-dir ../target",
        _ => return None,
    })
}

fn command(language: Language) -> &'static str {
    match language {
        Language::Curl => "sh program.sh",
        Language::CSharp => "mono program.exe",
        Language::Go | Language::ObjectiveC => "./program",
        Language::Java => "java Program.java",
        Language::JQuery => {
            "node \"$NPM/page.mjs\" page.html $(grep -o 'http://127[^/\"]*' page.html)"
        }
        Language::Node => "node program.mjs",
        Language::Php => "php program.php",
        Language::Python => "python3 program.py",
        Language::Ruby => "ruby program.rb",
        Language::Swift => "node --liftoff-only \"$NPM/parse-swift.mjs\" program.swift",
        Language::Rust => "../target/debug/$(basename \"$PWD\")",
        _ => unreachable!("{language:?} has no command"),
    }
}

fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", command])
        .env("NPM", root().join("tests/docs/npm"))
        .env("OBJC", root().join("tests/docs/tests/clients/objective-c"))
        .env("NO_PROXY", "127.0.0.1")
        .env("no_proxy", "127.0.0.1");
    shell
}

const MANIFEST: &str = r#"
[package]
name = "NAME"
edition = "2024"

[[bin]]
name = "NAME"
path = "main.rs"

[dependencies]
reqwest = { version = "0.13", default-features = false, features = ["form"] }
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }

[profile.dev]
debug = false

[workspace]
"#;
