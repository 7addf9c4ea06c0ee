use authz_core::Algorithm;
use serde_json::{Value, json};

use crate::key::SigningKey;

/// The keys that sign and the keys that are published. The lists differ around a rotation, as they do
/// at real issuers.
#[derive(Debug)]
pub(crate) struct Keys {
    current: SigningKey,
    signing: Vec<SigningKey>,
    published: Vec<Value>,
}

impl Keys {
    /// Creates the lists. `current` signs by default.
    pub(crate) fn new(current: SigningKey, others: Vec<SigningKey>) -> Self {
        let mut keys = Self {
            current: current.clone(),
            signing: Vec::new(),
            published: Vec::new(),
        };
        for key in std::iter::once(current).chain(others) {
            keys.add(key);
        }
        keys
    }

    pub(crate) fn rotate(&mut self) -> SigningKey {
        let key = SigningKey::unused(self.current.algorithm());
        self.add(key.clone());
        self.current = key.clone();
        key
    }

    /// Generates a key for every algorithm, which signs from now on.
    #[cfg(feature = "dashboard")]
    pub(crate) fn rotate_all(&mut self) {
        let current = self.current.algorithm();
        for name in self.algorithms() {
            if let Some(other) = Algorithm::from_name(name).filter(|other| *other != current) {
                self.add(SigningKey::unused(other));
            }
        }
        self.rotate();
    }

    /// Returns the newest key for `algorithm`, and generates and publishes one if there is none.
    #[cfg(feature = "dashboard")]
    pub(crate) fn of_or_new(&mut self, algorithm: Algorithm) -> SigningKey {
        self.of(algorithm).unwrap_or_else(|| {
            let key = SigningKey::unused(algorithm);
            self.add(key.clone());
            key
        })
    }

    pub(crate) fn publish(&mut self, jwk: Value) {
        if !self.published.contains(&jwk) {
            self.published.push(jwk);
        }
    }

    pub(crate) fn withdraw(&mut self, kid: &str) {
        self.published.retain(|jwk| jwk["kid"] != kid);
    }

    pub(crate) fn sign_with(&mut self, key: &SigningKey) {
        self.signing.push(key.clone());
        self.current = key.clone();
    }

    pub(crate) fn current(&self) -> SigningKey {
        self.current.clone()
    }

    pub(crate) fn of(&self, algorithm: Algorithm) -> Option<SigningKey> {
        if self.current.algorithm() == algorithm {
            return Some(self.current());
        }
        self.signing
            .iter()
            .rev()
            .find(|key| key.algorithm() == algorithm)
            .cloned()
    }

    /// Returns the names of the available algorithms, without duplicates.
    pub(crate) fn algorithms(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self
            .signing
            .iter()
            .map(|key| key.algorithm().name())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    pub(crate) fn published(&self) -> &[Value] {
        &self.published
    }

    pub(crate) fn set(&self) -> Value {
        json!({ "keys": self.published })
    }

    fn add(&mut self, key: SigningKey) {
        // A published secret would not be a secret.
        if key.secret().is_none() {
            self.publish(key.public_jwk());
        }
        self.signing.push(key);
    }
}
