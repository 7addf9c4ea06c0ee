//! The clients of `docs/calling.md`, run as they stand there against an API with a development issuer.
//! The Rust one is compiled as a doc test. A language that is not installed is left out, with a word.

use std::{fs, net::SocketAddr, path::Path};

use authz_axum::{Authorizer, Issuer, RequireExt as _, scope};
use authz_testkit::DevIssuer;
use axum::{Router, routing::get};
use docs_tests::read;
use tokio::process::Command;

#[tokio::test]
async fn curl() {
    runs("bash", "call.sh", &["bash"]).await;
}

#[tokio::test]
async fn python() {
    runs("python", "call.py", &["python3"]).await;
}

#[tokio::test]
async fn node() {
    runs("js", "call.mjs", &["node"]).await;
}

#[tokio::test]
async fn go() {
    runs("go", "call.go", &["go", "run"]).await;
}

/// Runs the page's block in `language` with `command`: it has to print the protected answer.
async fn runs(language: &str, file: &str, command: &[&str]) {
    let page = read("docs/calling.md");
    let (_, code) = page
        .split_once(&format!("\n```{language}\n"))
        .expect("the page has a client in this language");
    let (code, _) = code.split_once("\n```").expect("the block ends");
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
    fs::write(&path, code).unwrap();

    let issuer = DevIssuer::start().await;
    let api = api(&issuer).await;
    let [program, arguments @ ..] = command else {
        unreachable!("a command has a program");
    };
    let output = Command::new(program)
        .args(arguments)
        .arg(&path)
        .env("TOKEN_URL", issuer.token_endpoint())
        .env("CLIENT_ID", "me")
        .env("CLIENT_SECRET", "anything")
        .env("AUDIENCE", issuer.audience())
        .env("API", format!("http://{api}"))
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .await;
    let output = match output {
        Ok(output) => output,
        Err(error) => {
            eprintln!("left out: {program} can't be run: {error}");
            return;
        }
    };
    let printed = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}{complaints}");
    assert!(printed.contains("200"), "{printed}{complaints}");
    assert!(
        printed.contains("for readers only"),
        "{printed}{complaints}"
    );
}

async fn api(issuer: &DevIssuer) -> SocketAddr {
    let authorizer = Authorizer::builder()
        .issuer(Issuer::new(issuer.issuer()).audience(issuer.audience()))
        .build()
        .unwrap();
    let private = get(async || "for readers only");
    let app = Router::new().route(
        "/api/private",
        private.layer(authorizer.require(scope("read:messages"))),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}
