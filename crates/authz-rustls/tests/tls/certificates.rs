//! The certificate of a connection reaches its requests.

use std::sync::Arc;

use authz_rustls::ClientAuth;
use rustls::{
    ClientConfig,
    client::ResolvesClientCert,
    crypto::aws_lc_rs::sign::any_supported_type,
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};

use crate::{
    client::{Authority, Http, Identity, config as client_config, connect},
    servers::{SERVERS, axum, config, start, start_with},
};

#[tokio::test]
async fn the_certificate_reaches_every_request() {
    let server = Identity::self_signed();
    let (one, other) = (Identity::self_signed(), Authority::new().issue());
    for (name, serve) in SERVERS {
        let address = start(serve, &server).await;
        for http in [Http::One, Http::Two] {
            for version in [&TLS12, &TLS13] {
                let connection = async |identity| {
                    let config = client_config(server.certificate.der(), identity, &[version]);
                    connect(address, &config.into(), http).await.unwrap()
                };
                // All at once: each connection has its own certificate.
                let mut without = connection(None).await;
                let mut with_one = connection(Some(&one)).await;
                let mut with_other = connection(Some(&other)).await;
                for _ in 0..2 {
                    let what = (name, http, version.version);
                    assert_eq!(with_one.certificate().await.unwrap(), one.der(), "{what:?}");
                    assert_eq!(without.certificate().await.unwrap(), [0; 0], "{what:?}");
                    assert_eq!(
                        with_other.certificate().await.unwrap(),
                        other.der(),
                        "{what:?}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn the_setting_decides_which_clients_may_connect() {
    use ClientAuth::{Off, Optional, Required};

    let (server, authority) = (Identity::self_signed(), Authority::new());
    let (issued, self_signed) = (authority.issue(), Identity::self_signed());
    let foreign = Authority::new().issue();
    let absent = Some(&[][..]);
    for (client_auth, with_authority, identity, seen) in [
        (Off, false, None, absent),
        (Off, false, Some(&self_signed), absent),
        (Off, true, Some(&issued), absent),
        (Optional, false, None, absent),
        (Optional, false, Some(&foreign), Some(foreign.der())),
        (Optional, true, None, absent),
        (Optional, true, Some(&issued), Some(issued.der())),
        (Optional, true, Some(&self_signed), None),
        (Optional, true, Some(&foreign), None),
        (Required, false, None, None),
        (Required, false, Some(&self_signed), Some(self_signed.der())),
        (Required, true, None, None),
        (Required, true, Some(&issued), Some(issued.der())),
        (Required, true, Some(&foreign), None),
    ] {
        let mut config = config(&server).client_auth(client_auth);
        if with_authority {
            config = config
                .client_authorities_pem(authority.pem().as_bytes())
                .unwrap();
        }
        let address = start_with(axum, config.build().unwrap()).await;
        for version in [&TLS12, &TLS13] {
            let client = client_config(server.certificate.der(), identity, &[version]);
            let found = certificate(address, client).await;
            assert_eq!(
                found.as_deref(),
                seen,
                "{client_auth:?} {with_authority} {version:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_certificate_without_its_key_is_refused() {
    #[derive(Debug)]
    struct Stolen(Arc<CertifiedKey>);

    impl ResolvesClientCert for Stolen {
        fn resolve(&self, _: &[&[u8]], _: &[rustls::SignatureScheme]) -> Option<Arc<CertifiedKey>> {
            Some(Arc::clone(&self.0))
        }

        fn has_certs(&self) -> bool {
            true
        }
    }

    let (server, victim, thief) = (
        Identity::self_signed(),
        Identity::self_signed(),
        Identity::self_signed(),
    );
    let address = start(axum, &server).await;
    for version in [&TLS12, &TLS13] {
        for (key, seen) in [(&victim, Some(victim.der())), (&thief, None)] {
            let mut client = client_config(server.certificate.der(), None, &[version]);
            let chain = vec![victim.certificate.der().clone()];
            let key = any_supported_type(&key.private_key()).unwrap();
            client.client_auth_cert_resolver =
                Arc::new(Stolen(CertifiedKey::new(chain, key).into()));
            let found = certificate(address, client).await;
            assert_eq!(found.as_deref(), seen, "{version:?}");
        }
    }
}

/// Returns the certificate that the handler has seen, or `None` if the connection has failed.
async fn certificate(address: std::net::SocketAddr, client: ClientConfig) -> Option<Vec<u8>> {
    // With TLS 1.3, a client learns only from its first read that the server has refused it.
    let mut connection = connect(address, &client.into(), Http::One).await.ok()?;
    connection.certificate().await.ok()
}
