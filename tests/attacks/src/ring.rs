//! The issuer's keys, made once per process, and the token that all others are bent from.

use std::sync::OnceLock;

use authz_testkit::{Algorithm, SigningKey, TokenBuilder};
use serde_json::{Value, json};

/// The issuer.
pub const ISSUER: &str = "https://issuer.example/";
/// The API.
pub const AUDIENCE: &str = "https://api.example";
/// The time at the server, in seconds since 1970. It stands still.
pub const NOW: u64 = 1_900_000_000;

/// The issuer's keys and a stranger's.
#[derive(Debug)]
pub struct Ring {
    /// `alg` RS256.
    pub rs256: SigningKey,
    /// `alg` PS256.
    pub ps256: SigningKey,
    /// RSA, published without `alg`.
    pub rsa: SigningKey,
    /// `alg` ES256.
    pub es256: SigningKey,
    /// `alg` ES384.
    pub es384: SigningKey,
    /// `alg` ES512.
    pub es512: SigningKey,
    /// `alg` EdDSA.
    pub ed25519: SigningKey,
    /// An RSA key that the issuer never saw.
    pub strange_rsa: SigningKey,
    /// A P-256 key that the issuer never saw.
    pub strange_ec: SigningKey,
}

/// The keys of this process.
pub fn ring() -> &'static Ring {
    static RING: OnceLock<Ring> = OnceLock::new();
    RING.get_or_init(|| {
        let make = |algorithm, kid: &str| SigningKey::generate(algorithm).with_kid(kid);
        Ring {
            rs256: make(Algorithm::RS256, "rs256"),
            ps256: make(Algorithm::PS256, "ps256"),
            rsa: make(Algorithm::RS256, "rsa"),
            es256: make(Algorithm::ES256, "es256"),
            es384: make(Algorithm::ES384, "es384"),
            es512: make(Algorithm::ES512, "es512"),
            ed25519: make(Algorithm::EdDSA, "ed25519"),
            strange_rsa: make(Algorithm::RS256, "strange-rsa"),
            strange_ec: make(Algorithm::ES256, "strange-ec"),
        }
    })
}

impl Ring {
    /// The key set as the issuer publishes it.
    #[must_use]
    pub fn published(&self) -> Value {
        let named = [
            &self.rs256,
            &self.ps256,
            &self.es256,
            &self.es384,
            &self.es512,
            &self.ed25519,
        ];
        let mut keys: Vec<_> = named.into_iter().map(SigningKey::public_jwk).collect();
        keys.push(without(self.rsa.public_jwk(), "alg"));
        json!({ "keys": keys })
    }

    /// The key of this name.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[must_use]
    pub fn named(&self, kid: &str) -> &SigningKey {
        [
            &self.rs256,
            &self.ps256,
            &self.rsa,
            &self.es256,
            &self.es384,
            &self.es512,
            &self.ed25519,
        ]
        .into_iter()
        .find(|key| key.kid() == Some(kid))
        .expect("a key of the ring")
    }

    /// A good token, signed with ES256: the quickest to make and to check in both backends.
    pub fn good(&self) -> TokenBuilder {
        self.signed(&self.es256)
    }

    /// A good token signed with `key`, or one that is good but for the key.
    pub fn signed(&self, key: &SigningKey) -> TokenBuilder {
        TokenBuilder::new(key)
            .now(NOW)
            .issuer(ISSUER)
            .audience(AUDIENCE)
            .scope("read:messages")
    }
}

/// The JWK without a member.
#[must_use]
pub fn without(mut jwk: Value, member: &str) -> Value {
    if let Some(members) = jwk.as_object_mut() {
        members.remove(member);
    }
    jwk
}

/// The JWK with a member set.
#[must_use]
pub fn with(mut jwk: Value, member: &str, value: impl Into<Value>) -> Value {
    jwk[member] = value.into();
    jwk
}
