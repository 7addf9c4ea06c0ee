use std::{fs, net::TcpListener};

use authz_valkey::Valkey;
use blackbox::store::Store;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::stage::{insert, until_it_works};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_password() {
    for store in Store::each(&["--requirepass", "hunter2"]) {
        let address = store.address();
        let valkey = Valkey::connect(&format!("redis://:hunter2@{address}")).unwrap();
        until_it_works(&valkey).await;
        for url in [
            format!("redis://{address}"),
            format!("redis://:hunter3@{address}"),
        ] {
            assert_eq!(insert(&Valkey::connect(&url).unwrap()).await, None);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_cluster() {
    for store in Store::each(&["--cluster-enabled", "yes"]) {
        let slots = store.command("CLUSTER ADDSLOTSRANGE 0 16383").unwrap();
        assert_eq!(slots, "+OK\r\n");
        let valkey = Valkey::cluster([&*store.url()]).connect().unwrap();
        until_it_works(&valkey).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_a_sentinel() {
    for store in Store::each(&[]) {
        let file =
            std::env::temp_dir().join(format!("{}-{}.conf", store.program(), std::process::id()));
        let port = store.address().port();
        fs::write(&file, format!("sentinel monitor main 127.0.0.1 {port} 1\n")).unwrap();
        let sentinel =
            Store::start(store.program(), &[file.to_str().unwrap(), "--sentinel"]).unwrap();
        let valkey = Valkey::sentinel("main", [&*sentinel.url()])
            .connect()
            .unwrap();
        until_it_works(&valkey).await;
        let other = Valkey::sentinel("other", [&*sentinel.url()])
            .connect()
            .unwrap();
        assert_eq!(insert(&other).await, None);
        drop(sentinel);
        fs::remove_file(file).unwrap();
    }
}

/// Debian's Redis has TLS, other builds do not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_tls() {
    let directory = std::env::temp_dir().join(format!("valkey-tls-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let path = |name: &str| directory.join(name).to_str().unwrap().to_owned();
    let authority = || {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
    };
    let (ours, other) = (authority(), authority());
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &ours).unwrap();
    fs::write(path("cert.pem"), certificate.pem()).unwrap();
    fs::write(path("key.pem"), key.serialize_pem()).unwrap();
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let store = Store::start(
        "redis-server",
        &[
            "--tls-port",
            &port.to_string(),
            "--tls-cert-file",
            &path("cert.pem"),
            "--tls-key-file",
            &path("key.pem"),
            "--tls-auth-clients",
            "no",
            "--tls-ca-cert-file",
            &path("cert.pem"),
        ],
    );
    if store.is_some() {
        let url = format!("rediss://localhost:{port}");
        let connect = |ca_pem: &str| Valkey::builder(&url).ca_pem(ca_pem).connect().unwrap();
        until_it_works(&connect(&ours.pem())).await;
        assert_eq!(insert(&connect(&other.pem())).await, None);
        // The authorities of the operating system don't know it either.
        assert_eq!(insert(&Valkey::connect(&url).unwrap()).await, None);
        let wrong_name = format!("rediss://127.0.0.1:{port}");
        let wrong_name = Valkey::builder(&wrong_name).ca_pem(ours.pem()).connect();
        assert_eq!(insert(&wrong_name.unwrap()).await, None);
    }
    fs::remove_dir_all(directory).unwrap();
}
