//! Runs the commands that a newcomer types first, and compares what they print with what the page shows.
#![cfg(unix)]

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    net::TcpListener,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use blackbox::{
    server::{Launch, Server},
    servers,
};
use docs_tests::{pages, read, root};
use tempfile::TempDir;

/// The beginnings of commands that are not run, and why.
const NOT_RUN: [(&str, &str); 10] = [
    (
        "cargo install --path crates/authz-cli",
        "it changes the reader's machine; the command is on the PATH already",
    ),
    (
        "cargo xtask demo",
        "`cargo xtask test-all` runs it with --once",
    ),
    ("cargo xtask test-all", "it runs this test"),
    (
        "cargo xtask soak --fleet",
        "`cargo xtask test-all` runs it for a shorter time",
    ),
    ("cargo test -p authz-core", "`cargo xtask test-all` runs it"),
    (
        "rustup toolchain install",
        "it changes the reader's machine",
    ),
    ("cargo +1.88", "it needs a toolchain of that version"),
    ("AUTH0_DOMAIN=", "it needs the reader's Auth0 tenant"),
    (
        "AUTHZ_ISSUER=https://login.example",
        "it needs the reader's issuer",
    ),
    (
        "authz doctor --issuer https://login.example",
        "it needs the reader's issuer",
    ),
];

/// The pages with commands that no other test runs, and what runs before them.
const PAGES: [(&str, &str); 16] = [
    ("CONTRIBUTING.md", ""),
    ("README.md", ""),
    ("crates/authz-cli/README.md", ""),
    ("docs/command.md", SERVER),
    ("docs/dashboard.md", ""),
    ("docs/examples.md", ""),
    ("docs/fleet.md", ""),
    ("docs/introspection.md", ""),
    ("docs/openapi.md", ""),
    ("docs/operating.md", ""),
    ("docs/policy.md", SERVER),
    ("docs/start.md", ""),
    ("docs/troubleshooting.md", ""),
    ("docs/tutorial-axum.md", ""),
    ("docs/tutorial-poem.md", ""),
    ("docs/tutorial-warp.md", ""),
];

const SERVER: &str = "cargo run -p quickstart-axum";

/// Run by `calling.rs`.
const RUN_ELSEWHERE: [&str; 1] = ["docs/calling.md"];

#[test]
fn the_commands_of_the_start_page_do_what_it_shows() {
    let Some(ran) = run_page("docs/start.md") else {
        return;
    };
    assert_eq!(ran.commands, 11, "of docs/start.md");
    assert_eq!(ran.shown, 5, "of docs/start.md");
}

#[test]
fn the_commands_of_the_readmes_work() {
    for (page, commands) in [
        ("README.md", 3),
        ("crates/authz-cli/README.md", 3),
        ("CONTRIBUTING.md", 0),
    ] {
        let Some(ran) = run_page(page) else {
            return;
        };
        assert_eq!(ran.commands, commands, "of {page}");
    }
}

#[test]
fn the_commands_of_the_tutorials_do_what_they_show() {
    for framework in ["axum", "poem", "warp"] {
        let page = format!("docs/tutorial-{framework}.md");
        let Some(ran) = run_page(&page) else {
            return;
        };
        assert_eq!(ran.commands, 5, "of {page}");
        assert_eq!(ran.shown, 6, "of {page}");
    }
}

#[test]
fn the_commands_of_the_guides_do_what_they_show() {
    for (page, commands, shown, printed) in [
        ("docs/command.md", 2, 0, "Hello from a private endpoint!"),
        ("docs/dashboard.md", 3, 0, "dashboard "),
        ("docs/examples.md", 0, 0, ""),
        ("docs/fleet.md", 0, 0, ""),
        ("docs/introspection.md", 4, 0, r#""token_type":"Bearer""#),
        ("docs/openapi.md", 1, 0, ""),
        (
            "docs/operating.md",
            2,
            0,
            "# TYPE authz_decisions_total counter",
        ),
        ("docs/policy.md", 3, 3, "HTTP/1.1 401"),
        (
            "docs/troubleshooting.md",
            1,
            0,
            r#"{"iss":"https://issuer.example/"}"#,
        ),
    ] {
        let Some(ran) = run_page(page) else {
            return;
        };
        assert_eq!(ran.commands, commands, "of {page}");
        assert_eq!(ran.shown, shown, "of {page}");
        let all = ran.all_printed();
        assert!(all.contains(printed), "{page}: {printed} in\n{all}");
    }
}

#[test]
fn every_page_with_commands_is_run() {
    let crates = fs::read_dir(root().join("crates")).unwrap();
    let readmes = crates.map(|it| Path::new("crates").join(it.unwrap().file_name()));
    let readmes = readmes.map(|it| it.join("README.md"));
    let readmes = readmes.filter(|it| root().join(it).exists());
    let with_commands = (pages().into_iter().chain(readmes))
        .filter(|page| {
            blocks(&read(page))
                .iter()
                .any(|(language, _)| is_shell(language))
        })
        .map(|page| page.to_str().unwrap().to_owned());
    let with_commands: BTreeSet<_> = with_commands.collect();
    let run = PAGES.iter().map(|(page, _)| *page).chain(RUN_ELSEWHERE);
    let run: BTreeSet<_> = run.map(str::to_owned).collect();
    assert_eq!(with_commands, run);
}

#[test]
fn what_is_not_run_stands_on_a_page() {
    let pages = PAGES.map(|(page, _)| read(page));
    for (command, why) in NOT_RUN {
        let is_there = pages.iter().any(|page| page.contains(command));
        assert!(is_there, "{command} ({why}) stands on no page");
    }
}

/// Runs the commands of a page one after the other, in one folder. A server runs until the next one takes its
/// place, or until the page ends. Returns `None` where curl is missing.
fn run_page(page: &str) -> Option<Session> {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("curl is not installed: the commands of {page} are not run");
        return None;
    }
    let mut session = Session::new();
    let (_, before) = PAGES.iter().find(|(it, _)| *it == page).unwrap();
    session.run(before);
    let blocks = blocks(&read(page));
    if let Some((_, setup)) = blocks.iter().find(|(language, _)| language == "toml") {
        fs::write(session.directory.join("issuer.toml"), setup).unwrap();
    }
    let mut has_answer = false;
    for (language, text) in &blocks {
        let before = session.commands;
        match &**language {
            language if is_shell(language) => session.run(text),
            // What the commands print, unless it says how to call a command.
            "http" | "text" if has_answer && !text.starts_with("authz ") => session.expect(text),
            language if language.starts_with("rust") => session.replace_main(text),
            _ => {}
        }
        has_answer = session.commands > before;
    }
    Some(session)
}

fn is_shell(language: &str) -> bool {
    matches!(language, "sh" | "console")
}

/// The fenced blocks of a page, those in lists as well, with their languages.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks: Vec<(String, String)> = Vec::new();
    let mut indent = None;
    for line in page.lines() {
        let fence = line.trim_start().strip_prefix("```");
        match (fence, indent) {
            (Some(_), Some(_)) => indent = None,
            (Some(language), None) => {
                indent = Some(line.len() - line.trim_start().len());
                blocks.push((language.to_owned(), String::new()));
            }
            (None, Some(indent)) => {
                let (_, text) = blocks.last_mut().unwrap();
                *text += line.get(indent..).unwrap_or_default();
                text.push('\n');
            }
            // A heading is a block of its own: nothing that follows is an answer to what precedes.
            (None, None) if line.starts_with('#') => blocks.push(("#".to_owned(), String::new())),
            (None, None) => {}
        }
    }
    blocks
}

/// A newcomer at the terminals.
struct Session {
    folder: TempDir,
    /// Where the commands run now.
    directory: PathBuf,
    api: String,
    issuer: String,
    /// The port of the metrics.
    metrics: String,
    servers: BTreeMap<&'static str, Server>,
    /// What commands and former servers have printed.
    printed: String,
    /// Commands that ran.
    commands: usize,
    /// Lines of the page that were compared.
    shown: usize,
}

impl Session {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let programs = folder.path().join("bin");
        fs::create_dir(&programs).unwrap();
        let packages = [
            ("authz-cli", "authz"),
            ("quickstart-axum", "quickstart-axum"),
            ("quickstart-poem", "quickstart-poem"),
            ("quickstart-warp", "quickstart-warp"),
        ];
        let binaries = servers::build_packages(&packages).unwrap();
        for (binary, (_, name)) in binaries.iter().zip(packages) {
            symlink(binary, programs.join(name)).unwrap();
        }
        for (name, script) in [("cargo", CARGO), ("curl", CURL)] {
            let path = programs.join(name);
            fs::write(&path, script).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        symlink(root().join("examples"), folder.path().join("examples")).unwrap();
        let free = || {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap()
        };
        Self {
            directory: folder.path().to_owned(),
            folder,
            api: free().to_string(),
            issuer: String::new(),
            metrics: free().port().to_string(),
            servers: BTreeMap::new(),
            printed: String::new(),
            commands: 0,
            shown: 0,
        }
    }

    fn run(&mut self, block: &str) {
        let block = block.replace("\\\n", " ");
        let begin = self.printed.len();
        let mut script = String::new();
        let with_prompts = block.lines().any(|it| it.starts_with("$ "));
        let lines = block.lines().map(str::trim);
        let commands = lines.filter_map(|line| match with_prompts {
            // The other lines are what the commands print.
            true => line.strip_prefix("$ "),
            false => Some(line).filter(|it| !it.is_empty()),
        });
        for command in commands {
            if NOT_RUN.iter().any(|(not, _)| command.starts_with(not)) {
                continue;
            }
            self.commands += 1;
            // A server of the same block has its address by now.
            let command = &*self.here(command);
            if command.starts_with("authz issuer") || command.contains("cargo run") {
                self.finish(&mut script);
                self.serve(command);
            } else {
                script += &format!("{{ {command}\n}} || echo \"status $?\" >> \"$FAILED\"\n");
            }
        }
        self.finish(&mut script);
        // A comment says which status the response has.
        let comments = block.lines().filter_map(|it| it.rsplit_once("# "));
        let expected: Vec<_> = comments
            .map(|(_, comment)| comment)
            .filter(|it| it.parse::<u16>().is_ok())
            .collect();
        // A response body may not end with a new line.
        let answers = self.printed[begin..].split("HTTP/1.1 ").skip(1);
        let statuses = answers.filter_map(|it| it.get(..3));
        if !expected.is_empty() {
            assert!(statuses.eq(expected.iter().copied()), "{}", self.printed);
            self.shown += expected.len();
        }
    }

    /// Runs the commands of `script` in one shell.
    fn finish(&mut self, script: &mut String) {
        if script.is_empty() {
            return;
        }
        let file = |name: &str| self.folder.path().join(name);
        let script = std::mem::take(script) + "pwd -P > \"$DIRECTORY\"\n";
        let launch = self.shell(&script).directory(&self.directory);
        let launch = launch
            .env("AUTHZ_ISSUER", format!("http://{}/", self.issuer))
            .env("TOKEN", TOKEN)
            .env("DIRECTORY", file("directory"))
            .env("FAILED", file("failed"));
        let ended = launch.run(PATIENCE).unwrap();
        let output = format!("{}{}", ended.stdout(), ended.stderr());
        let failed = fs::read_to_string(file("failed")).unwrap_or_default();
        // The doctor says by its status that it has found something.
        let is_ill = script.contains("authz doctor") && !output.contains("Nothing is wrong.");
        let expected = match is_ill {
            true => "status 1\n",
            false => "",
        };
        assert_eq!(failed, expected, "{script}\n{output}");
        self.directory = fs::read_to_string(file("directory")).unwrap().trim().into();
        self.printed += &output;
    }

    /// Starts a server and leaves it running.
    fn serve(&mut self, command: &str) {
        let (role, launch) = if command.starts_with("authz issuer") {
            let (command, _comment) = command.split_once(" #").unwrap_or((command, ""));
            let launch = self.shell(&format!("exec {command} --port 0"));
            ("issuer", launch.ready_line("dashboard "))
        } else if command.contains("cargo run -p") {
            let (variables, command) = command.split_at(command.find("cargo").unwrap());
            let launch = self.shell(&format!("{variables} exec {command}"));
            let (_, port) = self.api.split_once(':').unwrap();
            ("api", launch.directory(root()).env("PORT", port))
        } else {
            self.finish(&mut "cargo build --quiet\n".to_owned());
            // It does not say that it listens: curl waits for it.
            let script = format!("echo listening on http://{}; exec {command}", self.api);
            ("api", self.shell(&script).directory(&self.directory))
        };
        if let Some(former) = self.servers.remove(role) {
            let ended = former.stop(PATIENCE).unwrap();
            self.printed += &format!("{}{}", ended.stdout(), ended.stderr());
        }
        let server = launch.start().unwrap();
        if role == "issuer" {
            self.issuer = server.address().to_string();
        } else if command.contains("cargo run -p") && !command.contains("AUTHZ_ISSUER=") {
            // The last line that it prints at the start.
            let curl = server.stdout_line("curl -H", PATIENCE);
            let line = server.stdout_line("development issuer http://", PATIENCE);
            let line = line.filter(|_| curl.is_some()).unwrap_or_default();
            let (_, address) = line.split_once("http://").unwrap_or_default();
            self.issuer = address.trim_end_matches('/').to_owned();
        }
        self.servers.insert(role, server);
    }

    fn shell(&self, script: &str) -> Launch {
        let programs = self.folder.path().join("bin");
        let old = env::var("PATH").unwrap();
        Launch::new("/bin/sh")
            .arg("-c")
            .arg(script)
            .env("PATH", format!("{}:{old}", programs.display()))
            .env("OLD_PATH", old)
            .env("CHECKOUT", root())
            .env("REAL_CARGO", env::var_os("CARGO").unwrap_or("cargo".into()))
            // That of the other tests that build a new project.
            .env("CARGO_TARGET_DIR", root().join("target/new-project"))
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("NO_COLOR", "1")
    }

    /// The page has this as the source of the project that was made before.
    fn replace_main(&self, source: &str) {
        let main = self.directory.join("src/main.rs");
        if main.exists() {
            fs::write(main, self.here(source)).unwrap();
        }
    }

    /// What commands and servers have printed until now.
    fn all_printed(&self) -> String {
        let servers = self.servers.values();
        let all = servers.map(|it| it.stdout() + &it.stderr());
        all.collect::<String>() + &self.printed
    }

    /// Commands or servers must have printed every line. `...` stands for anything.
    fn expect(&mut self, shown: &str) {
        let all = self.all_printed();
        for line in self.here(shown).lines().filter(|it| *it != "...") {
            let is_printed = all.lines().any(|printed| {
                let mut rest = Some(printed);
                for part in line.split("...").map(str::trim) {
                    rest = rest.and_then(|it| Some(it.split_once(part)?.1));
                }
                rest.is_some()
            });
            assert!(is_printed, "not printed: {line}\n\n{all}");
            self.shown += 1;
        }
    }

    /// The text of a page with the addresses of this session.
    fn here(&self, text: &str) -> String {
        text.replace("127.0.0.1:3010", &self.api)
            .replace("127.0.0.1:3011", &self.issuer)
            .replace("INSPECTOR_PORT=3012", "INSPECTOR_PORT=0")
            .replace("9100", &self.metrics)
    }
}

/// The programs of the checkout are built already. A new project takes the versions that everything here is tested with.
const CARGO: &str = r#"#!/bin/sh
case "$1 $2" in
    "run -p") exec "$3" ;;
    "xtask token") shift 2; exec authz token "$@" ;;
esac
[ -e Cargo.lock ] || cp "$CHECKOUT/Cargo.lock" .
exec "$REAL_CARGO" "$@"
"#;

const CURL: &str = r#"#!/bin/sh
PATH="$OLD_PATH"
exec curl --silent --show-error --max-time 60 --retry 10 --retry-connrefused "$@"
"#;

/// An unsigned token, to be looked at.
const TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlLyJ9.";

/// For the build of a new project.
const PATIENCE: Duration = Duration::from_secs(600);
