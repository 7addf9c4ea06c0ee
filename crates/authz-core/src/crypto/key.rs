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

/// A key that verifies signatures, parsed once for each algorithm that it may be used with.
///
/// Keys usually come from a [`KeySet`](crate::jwks::KeySet). A key is usable until its provider
/// [withdraws](Self::withdraw) it. Cached tokens that it signed are rejected from then on.
pub struct VerificationKey {
    kid: Option<Box<str>>,
    algorithms: AlgorithmSet,
    signature_len: usize,
    checks: Checks,
    backend: CryptoBackend,
    /// The same for an authorizer with another backend, parsed on first use.
    other_checks: OnceLock<Option<Checks>>,
    material: KeyMaterial,
    issuer: Option<Box<str>>,
    withdrawn: AtomicBool,
}

impl VerificationKey {
    /// `algorithm` is the JWK's `alg`. Without one, the key works with every algorithm of its
    /// family.
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
        // A shared secret must be at least as long as the hash (RFC 7518 section 3.2).
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

    /// Parses a PEM text labeled `PUBLIC KEY` (RFC 7468 section 13), `RSA PUBLIC KEY` or
    /// `CERTIFICATE`, for your own [`JwksProvider`](crate::jwks::JwksProvider). Of a certificate,
    /// only the key is used: its issuer and validity are not checked.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not such a key, or if the key is too weak or does not fit
    /// the algorithm.
    pub fn from_pem(
        kid: impl Into<String>,
        pem: &str,
        algorithm: Algorithm,
    ) -> Result<Self, KeyError> {
        let material = pem::parse(pem)?;
        let kid = Some(kid.into().into_boxed_str());
        Self::new(kid, material, Some(algorithm), CryptoBackend::fastest())
    }

    /// Restricts the key to the issuer that its JWK names, as Entra ID's keys do. `{tenantid}` in
    /// it matches any tenant.
    pub(crate) fn of_issuer(mut self, issuer: Option<Box<str>>) -> Self {
        self.issuer = issuer;
        self
    }

    /// Returns `true` if the key may verify tokens of `issuer`.
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

    /// Returns `true` if `signature` is valid for `message` with `algorithm`.
    ///
    /// Returns `false` for an algorithm that the key may not be used with.
    #[must_use]
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.verify_by(self.backend, algorithm, message, signature)
    }

    /// Like [`verify`](Self::verify), with the given backend.
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
        // A key's JWS signatures all have the same length (RFC 7518 sections 3.2 to 3.5, RFC 8032,
        // FIPS 204), so others are rejected before the backend parses them.
        let expected = match self.signature_len {
            0 => mac_len(algorithm),
            len => len,
        };
        signature.len() == expected
            && self.material.can_have_signed(signature)
            && check.verify(message, signature)
    }

    /// Returns the key's identifier (RFC 7517 section 4.5).
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Returns `true` if the key may be used with `algorithm`.
    #[must_use]
    pub fn allows(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(algorithm)
    }

    /// Returns the algorithms that the key may be used with.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.algorithms.iter()
    }

    /// Returns `true` until the key is withdrawn.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        !self.withdrawn.load(Ordering::Acquire)
    }

    /// Withdraws the key: its tokens are rejected from now on, including cached ones.
    pub fn withdraw(&self) {
        self.withdrawn.store(true, Ordering::Release);
    }

    /// Returns the key's SHA-256 thumbprint (RFC 7638), of its values and not of their spelling in a JWK.
    pub(crate) fn thumbprint(&self, backend: CryptoBackend) -> [u8; 32] {
        backend.sha256(self.material.required_members().as_bytes())
    }

    /// Returns `true` if `other` is the same key with the same restrictions.
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
