use std::fmt;

use super::AnswerId;
use crate::crypto::CryptoBackend;

/// The secret of the servers that share introspection answers. It never goes to the store.
///
/// To replace it, restart the servers with another one: servers with different keys don't share answers.
/// `Debug` does not print it.
#[derive(Clone)]
pub struct IntrospectionCacheKey(Box<[u8]>);

/// The secret is too short for an [`IntrospectionCacheKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the key of shared introspection answers has fewer than 32 bytes: use random ones, as `openssl rand -base64 32` prints"
)]
#[non_exhaustive]
pub struct InvalidCacheKey;

impl IntrospectionCacheKey {
    /// Creates a key from at least 32 random bytes, also in the form of text, such as
    /// `openssl rand -base64 32` prints. The keys in use are derived from it (HKDF, RFC 5869).
    ///
    /// # Errors
    ///
    /// Returns an error if there are fewer than 32 bytes.
    pub fn new(secret: impl AsRef<[u8]>) -> Result<Self, InvalidCacheKey> {
        let secret = secret.as_ref();
        match secret.len() {
            0..32 => Err(InvalidCacheKey),
            32.. => Ok(Self(secret.into())),
        }
    }
}

impl fmt::Debug for IntrospectionCacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IntrospectionCacheKey(..)")
    }
}

/// Names, encrypts and decrypts the entries of one issuer and one client of it.
pub(super) struct EntryKeys {
    backend: CryptoBackend,
    /// Two keys, so that the name of an entry says nothing about the key that encrypts it.
    naming: [u8; 32],
    sealing: [u8; 32],
}

const NONCE: usize = 12;

impl EntryKeys {
    /// Derives the keys for answers of `context`: answers of another context have other names and keys.
    pub(super) fn derive(
        backend: CryptoBackend,
        key: &IntrospectionCacheKey,
        context: &[&[u8]],
    ) -> Self {
        // HKDF-Extract without a salt, then HKDF-Expand for one block.
        let root = backend.hmac_sha256(&[0; 32], &key.0);
        let expand = |purpose: &[u8]| {
            let mut info = b"authz introspection 1 ".to_vec();
            for part in [purpose].iter().chain(context) {
                info.extend((part.len() as u64).to_be_bytes());
                info.extend_from_slice(part);
            }
            info.push(1);
            backend.hmac_sha256(&root, &info)
        };
        Self {
            backend,
            naming: expand(b"name"),
            sealing: expand(b"seal"),
        }
    }

    /// Returns the name of the entry about the token with this SHA-256.
    pub(super) fn id(&self, token: &[u8; 32]) -> AnswerId {
        AnswerId::from_bytes(self.backend.hmac_sha256(&self.naming, token))
    }

    /// Encrypts an entry. Returns `None` if the system can't provide random bytes.
    pub(super) fn seal(&self, token: &[u8; 32], entry: Vec<u8>) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).ok()?;
        let mut sealed = entry;
        (self.backend).seal(
            &self.token_key(token),
            nonce,
            self.id(token).as_bytes(),
            &mut sealed,
        )?;
        sealed.splice(..0, nonce);
        Some(sealed)
    }

    /// Decrypts an entry; `None` if it was not made for this token.
    pub(super) fn open(&self, token: &[u8; 32], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk()?;
        let mut entry = sealed.to_vec();
        (self.backend).open(
            &self.token_key(token),
            *nonce,
            self.id(token).as_bytes(),
            &mut entry,
        )?;
        Some(entry)
    }

    /// Each token has its own key, so the few entries about it can't exhaust random nonces of 96 bits.
    fn token_key(&self, token: &[u8; 32]) -> [u8; 32] {
        self.backend.hmac_sha256(&self.sealing, token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(backend: CryptoBackend, secret: u8, context: &[&[u8]]) -> EntryKeys {
        let key = IntrospectionCacheKey::new([secret; 32]).unwrap();
        EntryKeys::derive(backend, &key, context)
    }

    #[test]
    fn an_entry_opens_with_its_key_token_and_context_alone() {
        let token = [1; 32];
        for backend in CryptoBackend::available() {
            let ours = keys(*backend, 1, &[b"issuer", b"client"]);
            let sealed = ours.seal(&token, b"entry".to_vec()).unwrap();
            assert_eq!(sealed.len(), NONCE + 5 + 16);
            for other in CryptoBackend::available() {
                let same = keys(*other, 1, &[b"issuer", b"client"]);
                assert_eq!(same.open(&token, &sealed).unwrap(), b"entry");
                assert_eq!(same.id(&token), ours.id(&token));
            }
            assert!(ours.open(&[2; 32], &sealed).is_none());
            for (secret, context) in [
                (2, &[b"issuer".as_slice(), b"client"][..]),
                (1, &[b"issuerc", b"lient"]),
                (1, &[b"issuer"]),
            ] {
                let other = keys(*backend, secret, context);
                assert!(
                    other.open(&token, &sealed).is_none(),
                    "{secret} {context:?}"
                );
                assert_ne!(other.id(&token), ours.id(&token));
            }
            for at in 0..sealed.len() {
                let mut changed = sealed.clone();
                changed[at] ^= 1;
                assert!(ours.open(&token, &changed).is_none(), "{at}");
                assert!(ours.open(&token, &sealed[..at]).is_none(), "{at}");
            }
        }
    }

    #[test]
    fn a_nonce_is_not_used_twice() {
        let keys = keys(CryptoBackend::fastest(), 1, &[]);
        let seal = || keys.seal(&[1; 32], b"entry".to_vec()).unwrap();
        assert_ne!(seal()[..NONCE], seal()[..NONCE]);
    }

    #[test]
    fn a_short_secret_is_an_error() {
        assert!(IntrospectionCacheKey::new([1; 31]).is_err());
        let key = IntrospectionCacheKey::new("x".repeat(32)).unwrap();
        assert!(!format!("{key:?}").contains('x'));
    }
}
