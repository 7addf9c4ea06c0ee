//! The commands, run as a user runs them.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use authz_testkit::{Algorithm, DevIssuer, SigningKey, TokenBuilder};
use serde_json::Value;
use tempfile::TempDir;

fn authz(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_authz"));
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn explain_draws_the_decision() {
    let key = SigningKey::shared(Algorithm::ES256);
    // It has expired: only `authz doctor` looks at that.
    let token = TokenBuilder::new(&key)
        .scope("read:messages")
        .claim("org_id", "acme")
        .expires_in(-60);
    let folder = folder(&[("token", &token.build())]);
    let policy = r#"scope("read:messages") and claim("org_id") == path("org")"#;
    let of = |org: &str| {
        let request = format!("GET /orgs/{org}/messages");
        let fixed = ["explain", "--policy", policy, "--token-file", "token"];
        let request = ["--request", &*request, "--path", "/orgs/{org}/messages"];
        authz(folder.path(), &[&fixed[..], &request].concat())
    };
    let allowed = of("acme");
    assert_eq!(allowed.status.code(), Some(0));
    assert!(
        text(&allowed.stdout).starts_with("allowed\n✓ all of"),
        "{}",
        text(&allowed.stdout)
    );
    let denied = of("other");
    assert_eq!(denied.status.code(), Some(1));
    assert!(
        text(&denied.stdout).contains(r#"✗ claim("org_id") == path("org")"#),
        "{}",
        text(&denied.stdout)
    );

    let wrong = authz(
        folder.path(),
        &[
            "explain",
            "--policy",
            "role(admin)",
            "--token-file",
            "token",
        ],
    );
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        text(&wrong.stderr).contains("double quotes"),
        "{}",
        text(&wrong.stderr)
    );
}

#[test]
fn a_table_of_rules_is_checked_and_printed() {
    const RULES: &str = r#"
        [[rules]]
        methods = ["GET"]
        path = "/orgs/{org}"
        policy = 'claim("org_id") == path("org")'

        [[rules]]
        path = "/health"
        policy = "public"
    "#;
    let folder = folder(&[
        ("rules.toml", RULES),
        ("bad.toml", "[[rules]]\npath = \"a\"\npolicy = \"public\"\n"),
    ]);
    let run = |arguments: &[&str]| authz(folder.path(), &[&["rules"], arguments].concat());
    assert_eq!(
        text(&run(&["check", "rules.toml"]).stdout),
        "rules.toml is good\n"
    );
    let found = run(&["check", "rules.toml", "--request", "GET /orgs/acme"]);
    assert_eq!(
        text(&found.stdout),
        "claim(\"org_id\") == path(\"org\")\n  path(\"org\") = \"acme\"\n"
    );
    let none = run(&["check", "rules.toml", "--request", "POST /orgs/acme"]);
    assert_eq!(
        (none.status.code(), &*text(&none.stdout)),
        (Some(1), "deny (no rule)\n")
    );
    let table = text(&run(&["table", "rules.toml"]).stdout);
    assert_eq!(table.lines().count(), 2, "{table}");
    let bad = run(&["check", "bad.toml"]);
    assert_eq!(bad.status.code(), Some(1));
    assert!(
        text(&bad.stderr).contains("rule 1 in line 1"),
        "{}",
        text(&bad.stderr)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_keys_come_from_a_running_issuer() {
    let dev = DevIssuer::start().await;
    let (issuer, keys) = (dev.issuer().to_owned(), dev.jwks_uri());
    let (token, doctor, keys) = tokio::task::spawn_blocking(move || {
        let folder = folder(&[]);
        let audience = "https://quickstart.example/api";
        let token = authz(
            folder.path(),
            &["token", "--scope", "read:messages", "--issuer", &issuer],
        );
        fs::write(folder.path().join("token"), &token.stdout).unwrap();
        let asked = [
            "doctor",
            "--issuer",
            &issuer,
            "--audience",
            audience,
            "--token-file",
            "token",
        ];
        let doctor = authz(folder.path(), &asked);
        (
            token,
            doctor,
            authz(folder.path(), &["keys", &keys, "--json"]),
        )
    })
    .await
    .unwrap();
    assert_eq!(text(&token.stdout).split('.').count(), 3);
    assert_eq!(doctor.status.code(), Some(0), "{}", text(&doctor.stdout));
    let keys: Value = serde_json::from_slice(&keys.stdout).unwrap();
    assert_eq!(keys["keys"][0]["kid"], dev.key().kid().unwrap());
    dev.stop().await;
}

#[test]
fn without_an_issuer_the_error_says_how_to_start_one() {
    let folder = folder(&[]);
    let none = authz(folder.path(), &["token", "--issuer", "http://127.0.0.1:1/"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(
        text(&none.stderr).contains("start one with `authz issuer`"),
        "{}",
        text(&none.stderr)
    );
}

#[test]
fn a_new_project_compiles_and_its_test_passes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = folder(&[]);
    let checkout = root.to_str().unwrap();
    for framework in ["axum", "warp", "poem"] {
        let made = authz(
            folder.path(),
            &["new", framework, framework, "--checkout", checkout],
        );
        assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
        let project = folder.path().join(framework);
        // The versions that everything else here is tested with.
        fs::copy(root.join("Cargo.lock"), project.join("Cargo.lock")).unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        let tested = cargo
            .args(["test", "--quiet"])
            .env("CARGO_TARGET_DIR", root.join("target/new-project"))
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .current_dir(&project)
            .output()
            .unwrap();
        assert!(
            tested.status.success(),
            "{framework}: {}",
            text(&tested.stderr)
        );
        assert!(
            text(&tested.stdout).contains("1 passed"),
            "{}",
            text(&tested.stdout)
        );
    }
    let again = authz(folder.path(), &["new", "axum", "axum"]);
    assert!(
        text(&again.stderr).contains("axum is there already"),
        "{}",
        text(&again.stderr)
    );
}
