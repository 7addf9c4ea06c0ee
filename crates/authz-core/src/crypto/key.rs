use std::{
    fmt,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    algorithm::{Algorithm, AlgorithmSet},
    backend::{Checks, CryptoBackend},
    error::KeyError,
    material::KeyMaterial,
    pem,
};
use crate::untrusted::Excerpt;

/// A key that checks signatures, parsed once for every algorithm it may be used with.
///
/// Keys come from a [`KeySet`](crate::jwks::KeySet). A key stays usable until its provider
/// withdraws it; tokens it signed leave the verified-token cache at the same moment.
pub struct VerificationKey {
    kid: Option<Box<str>>,
    algorithms: AlgorithmSet,
    signature_len: usize,
    checks: Checks,
    backend: CryptoBackend,
    /// Of an authorizer with another backend, parsed when it first needs them.
    other_checks: OnceLock<Option<Checks>>,
    material: KeyMaterial,
    issuer: Option<Box<str>>,
    withdrawn: AtomicBool,
}

impl VerificationKey {
    /// `algorithms` is what the key's own description allows, `None` where it says nothing.
    pub(crate) fn new(
        kid: Option<Box<str>>,
        material: KeyMaterial,
        algorithm: Option<Algorithm>,
        backend: CryptoBackend,
    ) -> Result<Self, KeyError> {
        let family = material.family();
        let algorithms = match algorithm {
            Some(algorithm) if algorithm.family() == family => AlgorithmSet::of(algorithm),
            Some(algorithm) => return Err(KeyError::wrong_algorithm(algorithm)),
            None => AlgorithmSet::family(family),
        };
        // A shared secret shorter than the hash serves only the shorter hashes (RFC 7518 section 3.2).
        let algorithms: AlgorithmSet = algorithms
            .iter()
            .filter(|algorithm| material.strong_enough_for(*algorithm).is_ok())
            .collect();
        if algorithms.is_empty() {
            let named = algorithm.unwrap_or(Algorithm::HS256);
            material.strong_enough_for(named)?;
        }
        Ok(Self {
            kid,
            algorithms,
            signature_len: material.signature_len(),
            checks: backend.prepare(&material, algorithms.iter())?,
            backend,
            other_checks: OnceLock::new(),
            material,
            issuer: None,
            withdrawn: AtomicBool::new(false),
        })
    }

    /// The key in a PEM text labelled `PUBLIC KEY` (RFC 7468 section 13), `RSA PUBLIC KEY` or
    /// `CERTIFICATE`, for a [`JwksProvider`](crate::jwks::JwksProvider) of one's own. Of a certificate
    /// nothing but the key is looked at.
    ///
    /// # Errors
    ///
    /// When the text is not such a key, or the key is too weak or not of the algorithm's kind.
    pub fn from_pem(
        kid: impl Into<String>,
        pem: &str,
        algorithm: Algorithm,
    ) -> Result<Self, KeyError> {
        let material = pem::parse(pem)?;
        let kid = Some(kid.into().into_boxed_str());
        Self::new(kid, material, Some(algorithm), CryptoBackend::fastest())
    }

    /// The key says itself whose it is, as Entra ID's do: it serves no other issuer. `{tenantid}` in
    /// it stands for any tenant.
    pub(crate) fn of_issuer(mut self, issuer: Option<Box<str>>) -> Self {
        self.issuer = issuer;
        self
    }

    /// Whether the key serves tokens of `issuer`.
    pub(crate) fn serves(&self, issuer: &str) -> bool {
        let Some(own) = &self.issuer else {
            return true;
        };
        match own.split_once("{tenantid}") {
            None => **own == *issuer,
            Some((before, after)) => issuer
                .strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(after))
                .is_some_and(|tenant| !tenant.is_empty() && !tenant.contains('/')),
        }
    }

    /// Whether `signature` is this key's signature with `algorithm` over `message`.
    ///
    /// False as well for an algorithm that the key may not be used with.
    #[must_use]
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.verify_by(self.backend, algorithm, message, signature)
    }

    pub(crate) fn verify_by(
        &self,
        backend: CryptoBackend,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let checks = if backend == self.backend {
            Some(&self.checks)
        } else {
            let prepare = || backend.prepare(&self.material, self.algorithms.iter()).ok();
            self.other_checks.get_or_init(prepare).as_ref()
        };
        let mut checks = checks.into_iter().flatten();
        let Some((_, check)) = checks.find(|(of, _)| *of == algorithm) else {
            return false;
        };
        // Every JWS signature has one length for its key (RFC 7518 sections 3.2 to 3.5, RFC 8032):
        // anything else is settled before the backend sees it.
        let expected = match self.signature_len {
            0 => mac_len(algorithm),
            len => len,
        };
        signature.len() == expected
            && self.material.can_have_signed(signature)
            && check.verify(message, signature)
    }

    /// The key's identifier (RFC 7517 section 4.5).
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether the key may be used with `algorithm`.
    #[must_use]
    pub fn allows(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(algorithm)
    }

    /// The algorithms that the key may be used with.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.algorithms.iter()
    }

    /// Whether tokens signed by this key are still accepted.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        !self.withdrawn.load(Ordering::Acquire)
    }

    /// Stops the key: tokens it signed are refused from now on, those already verified included.
    pub fn withdraw(&self) {
        self.withdrawn.store(true, Ordering::Release);
    }

    /// Whether `other` is the same key under the same rules.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.kid == other.kid
            && self.algorithms == other.algorithms
            && self.issuer == other.issuer
            && self.material.is_same_as(&other.material)
    }
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerificationKey")
            .field("kid", &self.kid.as_deref().map(Excerpt))
            .field("algorithms", &self.algorithms)
            .field("usable", &self.is_usable())
            .finish_non_exhaustive()
    }
}

fn mac_len(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::HS384 => 48,
        Algorithm::HS512 => 64,
        _ => 32,
    }
}
