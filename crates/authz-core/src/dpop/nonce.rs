use std::{fmt, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::HeaderValue;
use subtle::ConstantTimeEq;

use crate::crypto::CryptoBackend;

/// The secret of a server's nonces. Servers of one API share it.
///
/// `Debug` does not print it.
#[derive(Clone)]
pub struct NonceKey([u8; 32]);

/// The text is not a key for nonces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a key for nonces is 32 random bytes in base64url without padding: 43 characters, as `openssl rand 32 | basenc --base64url -w0 | tr -d =` prints"
)]
#[non_exhaustive]
pub struct InvalidNonceKey;

impl NonceKey {
    /// Creates a key from 32 random bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Parses 32 bytes in base64url without padding.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not base64url or has another length.
    pub fn from_base64url(text: &str) -> Result<Self, InvalidNonceKey> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidNonceKey)?;
        let bytes = bytes.try_into().map_err(|_| InvalidNonceKey)?;
        Ok(Self(bytes))
    }
}

impl fmt::Debug for NonceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NonceKey(..)")
    }
}

/// Makes nonces without a memory: each names the minute it was made in, and is authenticated.
#[derive(Debug)]
pub(super) struct Nonces(NonceKey);

/// A nonce that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    Current,
    /// The client should use a newer one for its next request.
    Aging,
}

impl Nonces {
    const SECONDS: u64 = 60;
    const VERSION: u8 = 1;
    /// Version, minute and the first half of the MAC.
    const BYTES: usize = 1 + 8 + 16;
    /// The longest time from a request until its proof is no longer accepted. A server whose clock is ahead may
    /// have made the nonce.
    pub(super) const LIFETIME: Duration = Duration::from_secs(3 * Self::SECONDS);

    pub(super) const fn new(key: NonceKey) -> Self {
        Self(key)
    }

    /// Returns the nonce for the next proof.
    pub(super) fn current(&self, backend: CryptoBackend, now: Duration) -> HeaderValue {
        let text = URL_SAFE_NO_PAD.encode(self.nonce(backend, now.as_secs() / Self::SECONDS));
        // base64url: always a header value.
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }

    /// Returns the age of a nonce of this minute, the one before or the next; `None` for others and forged ones.
    pub(super) fn age(&self, nonce: &str, backend: CryptoBackend, now: Duration) -> Option<Age> {
        let mut bytes = [0; Self::BYTES + 1];
        let decoded = URL_SAFE_NO_PAD.decode_slice(nonce, &mut bytes).ok()?;
        let [Self::VERSION, rest @ ..] = bytes.get(..decoded)? else {
            return None;
        };
        let (minute, mac) = rest.split_first_chunk()?;
        let minute = u64::from_be_bytes(*minute);
        let current = now.as_secs() / Self::SECONDS;
        if minute.abs_diff(current) > 1 {
            return None;
        }
        let nonce = self.nonce(backend, minute);
        let is_ours = nonce.get(1 + 8..)?.ct_eq(mac);
        bool::from(is_ours).then_some(if minute == current {
            Age::Current
        } else {
            Age::Aging
        })
    }

    fn nonce(&self, backend: CryptoBackend, minute: u64) -> [u8; Self::BYTES] {
        let mut nonce = [0; Self::BYTES];
        let mac = backend.hmac_sha256(
            &self.0.0,
            &[b"authz dpop nonce 1".as_slice(), &minute.to_be_bytes()].concat(),
        );
        let parts = [Self::VERSION].into_iter().chain(minute.to_be_bytes());
        for (byte, value) in nonce.iter_mut().zip(parts.chain(mac)) {
            *byte = value;
        }
        nonce
    }
}
