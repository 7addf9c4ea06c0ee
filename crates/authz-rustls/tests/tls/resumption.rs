//! A resumed session has the certificate of its first handshake.

use std::sync::Arc;

use authz_rustls::ClientAuth;
use rustls::{
    HandshakeKind::{Full, Resumed},
    crypto::aws_lc_rs::Ticketer,
    version::{TLS12, TLS13},
};

use crate::{
    client::{Http, Identity, config as client_config, connect},
    servers::{SERVERS, config, start_with},
};

#[tokio::test]
async fn a_resumed_session_has_the_certificate() {
    let (server, client) = (Identity::self_signed(), Identity::self_signed());
    for (name, start) in SERVERS {
        for stateless in [false, true] {
            let config = config(&server).client_auth(ClientAuth::Optional);
            let mut config = config.build().unwrap();
            if stateless {
                Arc::get_mut(&mut config).unwrap().ticketer = Ticketer::new().unwrap();
            }
            let address = start_with(start, config).await;
            for version in [&TLS12, &TLS13] {
                for (identity, seen) in [(Some(&client), client.der()), (None, &[][..])] {
                    let client =
                        client_config(server.certificate.der(), identity, &[version]).into();
                    for kind in [Full, Resumed, Resumed] {
                        let mut connection = connect(address, &client, Http::One).await.unwrap();
                        let what = (name, stateless, version.version);
                        assert_eq!(connection.kind, kind, "{what:?}");
                        assert_eq!(connection.certificate().await.unwrap(), seen, "{what:?}");
                    }
                }
            }
        }
    }
}
