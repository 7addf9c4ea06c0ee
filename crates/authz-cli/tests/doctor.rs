//! Broken set-ups, each of which the doctor calls by its name.

use std::{
    io::Write as _,
    process::{Command, Output},
};

use authz_testkit::{Algorithm, DevIssuer, SigningKey, TokenBuilder};
use serde_json::{Value, json};
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
        let output = self.run(&["--json"]).await;
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

    /// The report for people.
    async fn text(&self) -> String {
        String::from_utf8(self.run(&[]).await.stdout).unwrap()
    }

    async fn run(&self, before: &[&str]) -> Output {
        let token = file(self.token);
        let path = token.path().to_str().unwrap();
        let fixed = [
            "doctor",
            "--issuer",
            self.issuer,
            "--audience",
            self.audience,
        ];
        let token = ["--token-file", path];
        let arguments = before.iter().chain(&fixed).chain(&token).chain(self.more);
        authz(arguments.map(ToString::to_string).collect()).await
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

/// Serves every request this status list.
async fn lists(list: impl Fn(&str) -> String + Send + 'static) -> String {
    serve(move |url, _| {
        let list = list(url);
        let length = list.len();
        format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{list}")
    })
    .await
}

async fn serve(answer: impl Fn(&str, &[u8]) -> String + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let own = url.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 2048];
            let read = stream.read(&mut request).await.unwrap();
            let answer = answer(&own, &request[..read]);
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_token_is_good_and_the_report_says_what_it_needs() {
    let dev = DevIssuer::start().await;
    let key = SigningKey::shared(Algorithm::ES256);
    let x5t = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";
    let both = json!({ "jkt": key.thumbprint(), "x5t#S256": x5t });
    let (jkt, certificate) = (
        "bound to a key: cnf.jkt is ",
        "bound to a certificate: cnf.x5t#S256 is ",
    );
    for (cnf, parts) in [
        (json!({ "jkt": key.thumbprint() }), &[jkt][..]),
        (json!({ "x5t#S256": x5t }), &[certificate]),
        (both, &[jkt, certificate]),
    ] {
        let token = dev.token().scope("read").claim("cnf", cnf);
        let good = token.clone().build();
        let mut case = Case::of(&dev, &good);
        assert_eq!(case.diagnoses().await, [""; 0]);
        let text = case.text().await;
        for part in parts {
            assert!(text.contains(part), "{part} in {text}");
        }
        case.more = &["--policy", "scope(\"write\")"];
        assert_eq!(case.diagnoses().await, ["policy-not-met"]);
        // What a server checks before stays checked.
        let expired = token.clone().issued_in(-900).expires_in(-600).build();
        assert_eq!(Case::of(&dev, &expired).diagnoses().await, ["expired"]);
        let forged = SigningKey::generate(Algorithm::RS256).with_kid(dev.key().kid().unwrap());
        let forged = token.signed_by(&forged).build();
        assert_eq!(Case::of(&dev, &forged).diagnoses().await, ["token-refused"]);
    }
    let unsupported = dev.token().claim("cnf", json!({ "jwk": {} })).build();
    assert_eq!(
        Case::of(&dev, &unsupported).diagnoses().await,
        ["token-refused"]
    );
    assert!(
        !Case::of(&dev, &dev.token().build())
            .text()
            .await
            .contains("bound to")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opaque_token_needs_introspection() {
    let dev = DevIssuer::start().await;
    let text = Case::of(&dev, "2YotnFZFEjr1zCsicMWpAA").text().await;
    let endpoint = format!("the issuer answers at {}", dev.introspection_endpoint());
    for part in ["AUTHZ_INTROSPECTION=opaque", &endpoint] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let mut metadata = dev.discovery_document();
    metadata
        .as_object_mut()
        .unwrap()
        .remove("introspection_endpoint");
    dev.set_discovery_document(Some(metadata));
    let text = Case::of(&dev, "2YotnFZFEjr1zCsicMWpAA").text().await;
    assert!(text.contains("name no introspection endpoint"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_list_is_fetched_and_says_whether_the_token_is_revoked() {
    let dev = DevIssuer::start().await;
    // Two statuses of one bit: the second one is revoked (zlib of 0b10).
    let statuses = json!({ "bits": 1, "lst": "eJxjAgAAAwAD" });
    let list = dev.token().typ(Some("statuslist+jwt"));
    let list = list
        .without("aud")
        .without("exp")
        .claim("status_list", statuses);
    let of = |list: TokenBuilder| move |url: &str| list.clone().subject(url).build();
    let good = lists(of(list.clone())).await;
    let forged = lists(of(list.signed_by(&SigningKey::generate(Algorithm::RS256)))).await;
    let token = |uri: &str, index: u64| {
        let status = json!({ "status_list": { "idx": index, "uri": uri } });
        dev.token().claim("status", status)
    };
    for (uri, index, expected, part) in [
        (&*good, 0, &[][..], "✓ status list: "),
        (&good, 1, &["revoked"], "✗ status list: "),
        (&good, 9, &["revoked"], "✗ status list: "),
        (
            &forged,
            0,
            &["status-list"],
            "its signature does not verify",
        ),
        (
            "http://127.0.0.1:1",
            0,
            &["status-list"],
            "the request failed",
        ),
    ] {
        let token = token(uri, index).build();
        let case = Case::of(&dev, &token);
        assert_eq!(case.diagnoses().await, expected, "{uri} {index}");
        let text = case.text().await;
        assert!(text.contains(part), "{part} in {text}");
    }
    // A bound token too. Of a token that is not valid, nothing is fetched.
    let key = SigningKey::shared(Algorithm::ES256);
    let bound = token(&good, 1).bound_to(&key).build();
    assert_eq!(Case::of(&dev, &bound).diagnoses().await, ["revoked"]);
    let expired = token(&good, 1).issued_in(-900).expires_in(-600).build();
    assert_eq!(Case::of(&dev, &expired).diagnoses().await, ["expired"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_for_bound_tokens_is_explained() {
    let bearer = "Bearer realm=\"a, dpop\"";
    let dpop = "DPoP realm=\"a\", algs=\"ES256 EdDSA\"";
    let nonce = "DPoP error=\"use_dpop_nonce\", algs=\"ES256\"";
    let two_fields = format!("{bearer}\r\nwww-authenticate: {dpop}");
    let with_nonce = format!("{nonce}\r\nDPoP-Nonce: n-1");
    for (challenge, expected, parts) in [
        (
            &*two_fields,
            0,
            &["beside bearer tokens", "signed with ES256 EdDSA"][..],
        ),
        (&format!("{bearer}, {dpop}"), 0, &["beside bearer tokens"]),
        (dpop, 0, &["only tokens that are bound to a key"]),
        (
            &with_nonce,
            0,
            &["`nonce` is that of the field `DPoP-Nonce`: n-1"],
        ),
        (nonce, 1, &["not-an-api: the challenge asks for a nonce"]),
    ] {
        let challenge = challenge.to_owned();
        let url = api(move |_| challenge.clone(), |_| String::new()).await;
        let output = authz(vec!["doctor".to_owned(), "--api".to_owned(), url]).await;
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(expected), "{text}");
        for part in parts {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
    let url = api(|_| "Bearer realm=\"a, DPoP\"".to_owned(), |_| String::new()).await;
    let output = authz(vec!["doctor".to_owned(), "--api".to_owned(), url]).await;
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains("· DPoP"), "{text}");
}

/// An API that answers every request but the one for its metadata with this challenge.
async fn api(
    challenge: impl Fn(&str) -> String + Send + 'static,
    metadata: impl Fn(&str) -> String + Send + 'static,
) -> String {
    serve(move |url, request| {
        let body = metadata(url);
        if request.starts_with(b"GET /.well-known/") && !body.is_empty() {
            let length = body.len();
            return format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
        }
        let challenge = challenge(url);
        format!(
            "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: {challenge}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_is_followed_from_its_challenge_to_the_keys_of_its_issuer() {
    let dev = DevIssuer::start().await;
    let issuer = dev.issuer().to_owned();
    let challenge = |url: &str| {
        format!(
            "Bearer realm=\"a\", scope=\"read:messages\", resource_metadata=\"{url}/.well-known/oauth-protected-resource\""
        )
    };
    let metadata =
        move |url: &str| format!(r#"{{"resource":"{url}","authorization_servers":["{issuer}"]}}"#);
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
