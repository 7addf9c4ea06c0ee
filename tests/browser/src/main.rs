//! The dashboard of `authz issuer` in a headless Chromium, with each of the example servers as the API.
//!
//! `dashboard.mjs` does what a newcomer does, and `openapi.mjs` tries the API's documentation page; this program
//! starts the servers for them. The last line is
//! for `cargo xtask test-all`.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use blackbox::{
    npm,
    server::{Launch, Server},
    servers::{self, Framework},
};
use clap::Parser;

#[derive(Debug, Parser)]
#[command(name = "browser", about = "Tests the dashboard in a headless Chromium")]
struct Options {
    /// Save pictures of every view in this folder
    #[arg(long, value_name = "FOLDER")]
    screenshots: Option<PathBuf>,
    /// Only with this example server as the API
    #[arg(long, value_name = "axum|warp|poem")]
    only: Option<Framework>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let browser = match tools() {
        Ok(browser) => browser,
        Err(missing) => {
            println!("skipped: {missing}\n0 passed, 0 failed, 1 skipped");
            return ExitCode::FAILURE;
        }
    };
    let (passed, failed) = run(&options, &browser).unwrap_or_else(|error| {
        println!("error: {error:#}");
        (0, 1)
    });
    println!("{passed} passed, {failed} failed, 0 skipped");
    ExitCode::from(u8::from(failed > 0))
}

/// Returns the browser, or what is missing.
fn tools() -> Result<PathBuf, &'static str> {
    for program in ["node", "npm"] {
        let mut version = Command::new(program);
        version.arg("--version").stdout(Stdio::null());
        if !version.status().is_ok_and(|status| status.success()) {
            return Err("Node.js with npm is not installed: https://nodejs.org/");
        }
    }
    let named = env::var_os("CHROMIUM").map(PathBuf::from);
    let usual = [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ];
    named
        .into_iter()
        .chain(usual.map(PathBuf::from))
        .find(|browser| browser.is_file())
        .ok_or("Chromium is not installed: install your system's package, or name it in CHROMIUM")
}

fn run(options: &Options, browser: &Path) -> anyhow::Result<(usize, usize)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    npm::install(folder)?;
    let frameworks = match options.only {
        Some(framework) => vec![framework],
        None => Framework::ALL.to_vec(),
    };
    let binaries = servers::build(&frameworks)?;
    let authz = servers::build_packages(&[("authz-cli", "authz")])?;
    let (mut passed, mut failed) = (0, 0);
    for (framework, binary) in frameworks.iter().zip(&binaries) {
        let issuer = Launch::new(&authz[0])
            .arg("issuer")
            .arg("--port=0")
            .ready_line("dashboard ")
            .start()?;
        let api = Launch::new(binary)
            .env("PORT", "0")
            .env("AUTHZ_INSPECTOR_PORT", "0")
            .env("AUTHZ_ISSUER", format!("{}/", issuer.base_url()))
            .env("AUTHZ_AUDIENCE", "https://quickstart.example/api")
            .env("AUTHZ_DPOP", "accepted")
            .env("AUTHZ_DPOP_NONCE", "required")
            .start()?;
        println!(
            "\n{framework}: {} with {}",
            issuer.base_url(),
            api.base_url()
        );
        let mut tests = vec!["dashboard.mjs"];
        if DOCUMENTED.contains(framework) {
            tests.push("openapi.mjs");
        }
        let mut node = Command::new("node");
        node.current_dir(folder)
            // One file after the other: they share the issuer.
            .args(["--test", "--test-reporter=tap", "--test-concurrency=1"])
            .args(tests)
            .env("DASHBOARD_URL", issuer.base_url())
            .env("API_URL", api.base_url())
            .env("INSPECTOR_PORT", inspector_port(&api)?)
            .env("CHROMIUM", browser);
        if let Some(screenshots) = &options.screenshots {
            node.env("SCREENSHOTS", screenshots.join(framework.name()));
        }
        let output = node.output().context("node cannot be run")?;
        let report = String::from_utf8_lossy(&output.stdout);
        let (of_this, not_of_this) = (count(&report, "# pass "), count(&report, "# fail "));
        for line in report
            .lines()
            .filter(|it| it.starts_with("ok ") || it.starts_with("not ok "))
        {
            println!("{line}");
        }
        if not_of_this > 0 || !output.status.success() {
            println!("{report}{}", String::from_utf8_lossy(&output.stderr));
        }
        ensure!(of_this + not_of_this > 0, "no test ran with {framework}");
        passed += of_this;
        failed += not_of_this.max(usize::from(!output.status.success()));
        api.stop(STOP)?;
        issuer.stop(STOP)?;
    }
    Ok((passed, failed))
}

fn inspector_port(api: &Server) -> anyhow::Result<String> {
    let line = api.stdout_line("inspector ", STOP);
    let port = line.as_deref().and_then(|line| line.rsplit(':').next());
    let port = port.context("the example server prints no line about its inspector")?;
    Ok(port.to_owned())
}

/// Returns the number behind this word in the closing lines of node's runner.
fn count(report: &str, word: &str) -> usize {
    let numbers = report.lines().filter_map(|line| line.strip_prefix(word));
    numbers
        .filter_map(|number| number.trim().parse::<usize>().ok())
        .sum()
}

/// The example servers with an OpenAPI document.
const DOCUMENTED: [Framework; 2] = [Framework::Axum, Framework::Poem];
const STOP: Duration = Duration::from_secs(10);
