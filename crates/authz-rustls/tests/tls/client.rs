//! A client with or without a certificate, and the certificates of the tests.

use std::{net::SocketAddr, sync::Arc};

use http_body_util::{BodyExt as _, Empty};
use hyper::{
    Response,
    body::{Bytes, Incoming},
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedKey, IsCa, Issuer, KeyPair};
use rustls::{
    ClientConfig, HandshakeKind, RootCertStore, SupportedProtocolVersion,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A certificate and its key.
pub(crate) struct Identity {
    pub(crate) certificate: rcgen::Certificate,
    pub(crate) key: KeyPair,
    /// The certificate of the authority, which the client sends behind its own.
    issuer: Option<CertificateDer<'static>>,
}

/// An authority for client certificates.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Http {
    One,
    Two,
}

/// A connection after its handshake.
pub(crate) struct Connection {
    pub(crate) kind: HandshakeKind,
    sender: Sender,
}

enum Sender {
    One(http1::SendRequest<Empty<Bytes>>),
    Two(http2::SendRequest<Empty<Bytes>>),
}

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

impl Identity {
    pub(crate) fn self_signed() -> Self {
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        Self {
            certificate: cert,
            key: signing_key,
            issuer: None,
        }
    }

    pub(crate) fn der(&self) -> &[u8] {
        self.certificate.der()
    }

    pub(crate) fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::try_from(self.key.serialize_der()).unwrap()
    }
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self {
            certificate: params.self_signed(&key).unwrap(),
            issuer: Issuer::new(params, key),
        }
    }

    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    pub(crate) fn issue(&self) -> Identity {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["client".to_owned()]).unwrap();
        Identity {
            certificate: params.signed_by(&key, &self.issuer).unwrap(),
            key,
            issuer: Some(self.certificate.der().clone()),
        }
    }
}

/// Returns the configuration of a client that trusts `server`.
pub(crate) fn config(
    server: &CertificateDer<'static>,
    identity: Option<&Identity>,
    versions: &[&'static SupportedProtocolVersion],
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(server.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    match identity {
        None => builder.with_no_client_auth(),
        Some(it) => {
            let own = it.certificate.der().clone();
            let chain = std::iter::once(own).chain(it.issuer.clone()).collect();
            builder
                .with_client_auth_cert(chain, it.private_key())
                .unwrap()
        }
    }
}

pub(crate) async fn connect(
    server: SocketAddr,
    config: &Arc<ClientConfig>,
    http: Http,
) -> Result<Connection> {
    let mut config = (**config).clone();
    config.alpn_protocols = match http {
        Http::One => vec![b"http/1.1".to_vec()],
        Http::Two => vec![b"h2".to_vec()],
    };
    let tcp = TcpStream::connect(server).await?;
    let name = ServerName::try_from("localhost")?;
    let tls = TlsConnector::from(Arc::new(config))
        .connect(name, tcp)
        .await?;
    let kind = tls.get_ref().1.handshake_kind().expect("is complete");
    let io = TokioIo::new(tls);
    let sender = match http {
        Http::One => {
            let (sender, connection) = http1::handshake(io).await?;
            tokio::spawn(connection);
            Sender::One(sender)
        }
        Http::Two => {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
            tokio::spawn(connection);
            Sender::Two(sender)
        }
    };
    Ok(Connection { kind, sender })
}

impl Connection {
    pub(crate) async fn get(&mut self, path: &str) -> Result<Response<Incoming>> {
        self.get_with_token(path, "").await
    }

    pub(crate) async fn get_with_token(
        &mut self,
        path: &str,
        token: &str,
    ) -> Result<Response<Incoming>> {
        let request = |uri: String| {
            http::Request::get(uri)
                .header("host", "localhost")
                .header("authorization", format!("Bearer {token}"))
                .body(Empty::new())
        };
        Ok(match &mut self.sender {
            Sender::One(it) => it.send_request(request(path.to_owned())?).await?,
            Sender::Two(it) => {
                it.send_request(request(format!("https://localhost{path}"))?)
                    .await?
            }
        })
    }

    /// Returns the certificate that the handler has seen.
    pub(crate) async fn certificate(&mut self) -> Result<Vec<u8>> {
        let response = self.get("/").await?;
        assert_eq!(response.status(), 200);
        assert!(
            response.headers()["x-peer"]
                .to_str()?
                .starts_with("127.0.0.1:")
        );
        Ok(response.into_body().collect().await?.to_bytes().into())
    }
}
