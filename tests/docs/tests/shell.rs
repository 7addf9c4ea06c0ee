//! Runs the commands that a newcomer types first, and compares what they print with what the page shows.
#![cfg(unix)]

use std::{
    collections::BTreeMap,
    env, fs,
    net::TcpListener,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::PathBuf,
    process::Command,
    time::Duration,
};

use blackbox::{
    server::{Launch, Server},
    servers,
};
use docs_tests::{read, root};
use tempfile::TempDir;

/// The beginnings of commands that are not run, and why.
const NOT_RUN: [(&str, &str); 6] = [
    (
        "cargo install --path crates/authz-cli",
        "it changes the reader's machine; the command is on the PATH already",
    ),
    (
        "cargo xtask demo",
        "`cargo xtask test-all` runs it with --once",
    ),
    ("cargo xtask test-all", "it runs this test"),
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

const PAGES: [&str; 5] = [
    "README.md",
    "docs/start.md",
    "docs/tutorial-axum.md",
    "docs/tutorial-poem.md",
    "docs/tutorial-warp.md",
];

#[test]
fn the_commands_of_the_start_page_do_what_it_shows() {
    let Some(ran) = run_page("docs/start.md") else {
        return;
    };
    assert_eq!(ran.commands, 11, "of docs/start.md");
    assert_eq!(ran.shown, 5, "of docs/start.md");
}

#[test]
fn the_commands_of_the_readme_work() {
    let Some(ran) = run_page("README.md") else {
        return;
    };
    assert_eq!(ran.commands, 3, "of README.md");
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
fn what_is_not_run_stands_on_a_page() {
    let pages = PAGES.map(read);
    for (command, why) in NOT_RUN {
        let is_there = pages.iter().any(|page| page.contains(command));
        assert!(is_there, "{command} ({why}) stands on no page");
    }
}

/// Runs the `sh` blocks of a page one after the other, in one folder. A server runs until the next one takes its
/// place, or until the page ends. Returns `None` where curl is missing.
fn run_page(page: &str) -> Option<Session> {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("curl is not installed: the commands of {page} are not run");
        return None;
    }
    let mut session = Session::new();
    for (language, text) in blocks(&read(page)) {
        match &*language {
            "sh" => session.run(&text),
            "http" | "text" if session.commands > 0 => session.expect(&text),
            language if language.starts_with("rust") => session.replace_main(&text),
            _ => {}
        }
    }
    Some(session)
}

/// The fenced blocks of a page, with their languages.
fn blocks(page: &str) -> Vec<(String, String)> {
    let fenced = page.split("\n```").skip(1).step_by(2);
    fenced
        .filter_map(|block| block.split_once('\n'))
        .map(|(language, text)| (language.to_owned(), text.to_owned()))
        .collect()
}

/// A newcomer at the terminals.
struct Session {
    folder: TempDir,
    /// Where the commands run now.
    directory: PathBuf,
    api: String,
    issuer: String,
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
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
        Self {
            directory: folder.path().to_owned(),
            folder,
            api: free.unwrap().to_string(),
            issuer: String::new(),
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
        for command in block.lines().map(str::trim).filter(|it| !it.is_empty()) {
            if NOT_RUN.iter().any(|(not, _)| command.starts_with(not)) {
                continue;
            }
            self.commands += 1;
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
        let script = self.here(&std::mem::take(script)) + "pwd -P > \"$DIRECTORY\"\n";
        let launch = self.shell(&script).directory(&self.directory);
        let launch = launch
            .env("AUTHZ_ISSUER", format!("http://{}/", self.issuer))
            .env("DIRECTORY", file("directory"))
            .env("FAILED", file("failed"));
        let ended = launch.run(PATIENCE).unwrap();
        let output = format!("{}{}", ended.stdout(), ended.stderr());
        let failed = fs::read_to_string(file("failed")).unwrap_or_default();
        // The doctor says by its status that it has found something.
        let expected = match script.contains("authz doctor") {
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
        } else if command.contains("cargo run -p") {
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

    /// Commands or servers must have printed every line. `...` stands for anything.
    fn expect(&mut self, shown: &str) {
        let servers = self.servers.values();
        let all = servers.map(|it| it.stdout() + &it.stderr());
        let all = all.collect::<String>() + &self.printed;
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
exec curl --silent --show-error --retry 10 --retry-connrefused "$@"
"#;

/// For the build of a new project.
const PATIENCE: Duration = Duration::from_secs(600);
