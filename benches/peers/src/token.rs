//! The token that all get, and the issuer that all fetch their keys from.

use std::sync::Arc;

use authz_benches::fixture::{self, AUDIENCE, Signed, runtime};
use authz_core::Algorithm;
use authz_testkit::DevIssuer;

/// A token and its issuer, which runs on loopback as long as anybody holds this.
#[derive(Clone)]
pub struct Issued {
    pub signed: Signed,
    issuer: Arc<DevIssuer>,
}

impl Issued {
    pub fn new() -> Self {
        let signed = Signed::new(Algorithm::RS256);
        let start = DevIssuer::builder()
            .key(signed.key.clone())
            .audience(AUDIENCE)
            .start();
        let issuer = runtime().block_on(start).expect("a port is free");
        // With a `jti`, which huskarl-resource-server asks for by default.
        let token = fixture::token(&signed.key)
            .issuer(issuer.issuer())
            .claim("jti", "8f14e45fceea167a5a36dedd4bea2543")
            .build();
        Self {
            signed: Signed { token, ..signed },
            issuer: Arc::new(issuer),
        }
    }

    pub fn token(&self) -> &str {
        &self.signed.token
    }

    pub fn issuer(&self) -> &str {
        self.issuer.issuer()
    }

    pub fn jwks_uri(&self) -> String {
        self.issuer.jwks_uri()
    }
}
