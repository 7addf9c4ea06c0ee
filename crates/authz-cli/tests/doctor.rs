//! Broken set-ups, each of which the doctor calls by its name.

use std::{
    io::Write as _,
    process::{Command, Output},
};

use authz_testkit::{Algorithm, DevIssuer, SigningKey};
use serde_json::Value;
use tempfile::NamedTempFile;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

async fn authz(arguments: Vec<String>) -> Output {
    let run = move || {
        Command::new(env!("CARGO_BIN_EXE_authz"))
            .args(arguments)
            .output()
    };
    tokio::task::spawn_blocking(run).await.unwrap().unwrap()
}

struct Case<'a> {
    issuer: &'a str,
    audience: &'a str,
    token: &'a str,
    more: &'a [&'a str],
}

impl<'a> Case<'a> {
    fn of(dev: &'a DevIssuer, token: &'a str) -> Self {
        Self {
            issuer: dev.issuer(),
            audience: dev.audience(),
            token,
            more: &[],
        }
    }

    /// The names of what is wrong, the first first.
    async fn diagnoses(&self) -> Vec<String> {
        let token = file(self.token);
        let path = token.path().to_str().unwrap();
        let fixed = [
            "--json",
            "doctor",
            "--issuer",
            self.issuer,
            "--audience",
            self.audience,
        ];
        let token = ["--token-file", path];
        let arguments = fixed.iter().chain(&token).chain(self.more);
        let output = authz(arguments.map(ToString::to_string).collect()).await;
        let text = String::from_utf8(output.stdout).unwrap();
        let report: Value = serde_json::from_str(&text)
            .unwrap_or_else(|_| panic!("{text} {}", String::from_utf8_lossy(&output.stderr)));
        let names = report["diagnoses"].as_array().unwrap().iter();
        let names: Vec<_> = names
            .map(|it| it["diagnosis"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(
            output.status.code(),
            Some(i32::from(!names.is_empty())),
            "{text}"
        );
        names
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_token_has_nothing_wrong() {
    let dev = DevIssuer::start().await;
    let token = dev.token().scope("read:messages").build();
    let mut case = Case::of(&dev, &token);
    assert_eq!(case.diagnoses().await, [""; 0]);
    case.more = &["--policy", "scope(\"read:messages\")"];
    assert_eq!(case.diagnoses().await, [""; 0]);
    case.more = &["--policy", "scope(\"write:messages\")"];
    assert_eq!(case.diagnoses().await, ["policy-not-met"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_called_by_its_name() {
    let dev = DevIssuer::start().await;
    let elsewhere = format!("{}other/", dev.issuer());
    let forged = SigningKey::generate(Algorithm::RS256).with_kid(dev.key().kid().unwrap());
    for (name, token) in [
        (
            "wrong-audience",
            dev.token().audience("https://other.example").build(),
        ),
        (
            "id-token",
            dev.token()
                .audience("client")
                .client_id("client")
                .claim("nonce", "n")
                .build(),
        ),
        ("opaque-token", "2YotnFZFEjr1zCsicMWpAA".to_owned()),
        (
            "expired",
            dev.token().issued_in(-900).expires_in(-600).build(),
        ),
        ("other-tenant", dev.token().issuer(elsewhere).build()),
        (
            "wrong-issuer",
            dev.token().issuer("https://other.example/").build(),
        ),
        ("token-refused", dev.token().signed_by(&forged).build()),
    ] {
        assert_eq!(Case::of(&dev, &token).diagnoses().await, [name]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slash_at_the_end_of_the_issuer_is_found_in_metadata_and_token() {
    let dev = DevIssuer::start().await;
    let token = dev.token().build();
    let without = dev.issuer().trim_end_matches('/').to_owned();
    let mut case = Case::of(&dev, &token);
    case.issuer = &without;
    assert_eq!(case.diagnoses().await, ["issuer-slash"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_is_found() {
    let dev = DevIssuer::start().await;
    let token = dev.token().build();
    let old = dev.key().kid().unwrap().to_owned();
    dev.rotate();
    assert_eq!(Case::of(&dev, &token).diagnoses().await, [""; 0]);
    dev.withdraw(&old);
    assert_eq!(Case::of(&dev, &token).diagnoses().await, ["rotated-key"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_that_differ_are_the_cause_of_expired_tokens() {
    let dev = DevIssuer::start().await;
    dev.jwks_header("date", Some("Thu, 01 Jan 2026 00:00:00 GMT"));
    let token = dev.token().issued_in(-900).expires_in(-600).build();
    assert_eq!(Case::of(&dev, &token).diagnoses().await, ["clock-skew"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_server_that_is_down_is_not_the_tokens_fault() {
    let dev = DevIssuer::start().await;
    let token = dev.token().build();
    dev.go_offline().await;
    assert_eq!(
        Case::of(&dev, &token).diagnoses().await,
        ["key-server-down"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_lead_elsewhere_are_found() {
    let dev = DevIssuer::start().await;
    let token = dev.token().build();
    let (discovery, realm) = (dev.discovery_uri(), format!("{}realms/a", dev.issuer()));
    let mut case = Case::of(&dev, &token);
    let more = ["--jwks-uri", &*discovery];
    case.more = &more;
    assert_eq!(case.diagnoses().await, ["wrong-jwks-uri"]);

    let of_realm = dev.token().issuer(&*realm).build();
    let mut case = Case::of(&dev, &of_realm);
    case.issuer = &realm;
    assert_eq!(case.diagnoses().await, ["metadata-path"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_too_short_is_found() {
    let dev = DevIssuer::start().await;
    let key = SigningKey::shared(Algorithm::HS256);
    let token = dev.token().signed_by(&key).build();
    let short = file("too short");
    let path = short.path().to_str().unwrap();
    let mut case = Case::of(&dev, &token);
    let more = ["--secret-file", path];
    case.more = &more;
    assert_eq!(case.diagnoses().await, ["secret-too-short"]);
}

/// An API that answers every request but the one for its metadata with this challenge.
async fn api(challenge: impl Fn(&str) -> String, metadata: impl Fn(&str) -> String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let body = metadata(&url);
    let challenge = challenge(&url);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 2048];
            let read = stream.read(&mut request).await.unwrap();
            let answer = if request[..read].starts_with(b"GET /.well-known/") && !body.is_empty() {
                format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                )
            } else {
                format!(
                    "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: {challenge}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                )
            };
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_is_followed_from_its_challenge_to_the_keys_of_its_issuer() {
    let dev = DevIssuer::start().await;
    let issuer = dev.issuer();
    let challenge = |url: &str| {
        format!(
            "Bearer realm=\"a\", scope=\"read:messages\", resource_metadata=\"{url}/.well-known/oauth-protected-resource\""
        )
    };
    let metadata =
        |url: &str| format!(r#"{{"resource":"{url}","authorization_servers":["{issuer}"]}}"#);
    let good = api(challenge, metadata).await;
    let output = authz(vec!["doctor".to_owned(), "--api".to_owned(), good]).await;
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    for part in [
        "✓ resource: http://127.0.0.1:",
        "· scopes: read:messages",
        "✓ key set: ",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }

    let without = api(challenge, |_| String::new()).await;
    let output = authz(vec!["doctor".to_owned(), "--api".to_owned(), without]).await;
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("not-an-api: the challenge names"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_shows_each_check_in_order() {
    let dev = DevIssuer::start().await;
    let token = file(&dev.token().audience("https://other.example").build());
    let path = token.path().to_str().unwrap();
    let fixed = [
        "doctor",
        "--issuer",
        dev.issuer(),
        "--audience",
        dev.audience(),
    ];
    let token = ["--token-file", path];
    let arguments = fixed.iter().chain(&token);
    let output = authz(arguments.map(ToString::to_string).collect()).await;
    let text = String::from_utf8(output.stdout).unwrap();
    let at = |part: &str| {
        text.find(part)
            .unwrap_or_else(|| panic!("{part} in\n{text}"))
    };
    assert!(at("✓ key set") < at("✓ issuer\n"), "{text}");
    assert!(at("✓ issuer\n") < at("✗ audience: expected"), "{text}");
    assert!(
        at("✗ audience: expected") < at("  signature: not checked"),
        "{text}"
    );
    assert!(
        at("wrong-audience: ") < at("what to do: request the token for"),
        "{text}"
    );
}
