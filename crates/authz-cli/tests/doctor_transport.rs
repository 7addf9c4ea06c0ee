//! What lies between a server and its issuer: certificates and redirects.

use std::{io::Write as _, process::Command, sync::Arc};

use authz_testkit::{DevIssuer, Fault};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use serde_json::Value;
use tempfile::NamedTempFile;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, pki_types::PrivateKeyDer},
};

/// The report for a key set at this address, and the names of what is wrong.
async fn doctor(dev: &DevIssuer, jwks_uri: &str, more: &[&str]) -> (Value, Vec<String>) {
    let fixed = [
        "--json",
        "doctor",
        "--issuer",
        dev.issuer(),
        "--audience",
        "a",
    ];
    let address = ["--jwks-uri", jwks_uri];
    let arguments = fixed.iter().chain(&address).chain(more);
    let arguments: Vec<String> = arguments.map(ToString::to_string).collect();
    let run = move || {
        Command::new(env!("CARGO_BIN_EXE_authz"))
            .args(arguments)
            .output()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names = report["diagnoses"].as_array().unwrap().iter();
    let names = names.map(|it| it["diagnosis"].as_str().unwrap().to_owned());
    let names: Vec<_> = names.collect();
    assert_eq!(output.status.code(), Some(i32::from(!names.is_empty())));
    (report, names)
}

fn step<'a>(report: &'a Value, name: &str) -> &'a Value {
    let mut steps = report["steps"].as_array().unwrap().iter();
    steps.find(|it| it["name"] == name).unwrap_or(&Value::Null)
}

/// The issuer behind TLS with a certificate for `name` that ends in this year: its address, and the
/// certificate as PEM.
async fn with_tls(dev: &DevIssuer, name: &str, year: i32) -> (String, String) {
    let mut parameters = CertificateParams::new([name.to_owned()]).unwrap();
    parameters.not_after = date_time_ymd(year, 1, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = parameters.self_signed(&key).unwrap();
    let chain = vec![certificate.der().clone()];
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(chain, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let issuer = dev.port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut client) = acceptor.accept(stream).await else {
                continue;
            };
            let mut server = TcpStream::connect(("127.0.0.1", issuer)).await.unwrap();
            let _ = copy_bidirectional(&mut client, &mut server).await;
        }
    });
    let url = format!("https://localhost:{port}/.well-known/jwks.json");
    (url, certificate.pem())
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates() {
    let dev = DevIssuer::start().await;
    for (name, year, trusts, problem) in [
        ("localhost", 2060, true, None),
        ("localhost", 2060, false, Some("UnknownIssuer")),
        ("other.example", 2060, true, Some("other.example")),
        ("localhost", 2020, true, Some("expired")),
    ] {
        let (url, pem) = with_tls(&dev, name, year).await;
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(pem.as_bytes()).unwrap();
        let ca_file = ["--ca-file", file.path().to_str().unwrap()];
        let more = if trusts { &ca_file[..] } else { &[] };
        let (report, names) = doctor(&dev, &url, more).await;
        let tls = step(&report, "TLS");
        let detail = tls["detail"].as_str().unwrap();
        match problem {
            None => {
                assert_eq!(names, [""; 0], "{report}");
                assert_eq!(tls["outcome"], "good");
                assert!(
                    detail.contains("localhost: the certificate is trusted"),
                    "{detail}"
                );
            }
            Some(problem) => {
                assert_eq!(names, ["tls"], "{report}");
                assert!(detail.contains(problem), "{detail}");
            }
        }
    }
    let plain = dev.jwks_uri().replace("http://", "https://");
    let (report, names) = doctor(&dev, &plain, &[]).await;
    assert_eq!(names, ["tls"]);
    let what = report["diagnoses"][0]["what"].as_str().unwrap();
    assert!(what.contains("does not speak TLS"), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects() {
    let dev = DevIssuer::start().await;
    dev.fault(Some(Fault::RedirectChain(2)));
    let (report, names) = doctor(&dev, &dev.jwks_uri(), &[]).await;
    assert_eq!(names, [""; 0], "{report}");
    assert_eq!(step(&report, "redirect")["outcome"], "note");

    let elsewhere = DevIssuer::start().await;
    for fault in [Fault::RedirectTo(elsewhere.jwks_uri()), Fault::RedirectLoop] {
        dev.fault(Some(fault.clone()));
        let (report, names) = doctor(&dev, &dev.jwks_uri(), &[]).await;
        assert_eq!(names, ["redirect-refused"], "{fault:?} {report}");
    }
    assert_eq!(elsewhere.requests().jwks, 0);

    // The metadata as well.
    dev.fault(None);
    dev.fault_discovery(Some(Fault::RedirectTo(elsewhere.discovery_uri())));
    let run = [dev.issuer(), dev.audience()].map(str::to_owned);
    let output = tokio::task::spawn_blocking(move || {
        let arguments = ["doctor", "--issuer", &run[0], "--audience", &run[1]];
        Command::new(env!("CARGO_BIN_EXE_authz"))
            .args(arguments)
            .output()
    });
    let text = String::from_utf8(output.await.unwrap().unwrap().stdout).unwrap();
    assert!(text.contains("redirect-refused: "), "{text}");
    assert!(!text.contains("metadata-path"), "{text}");
}
