use std::{fmt, str::FromStr};

/// A signature algorithm for access tokens (RFC 7518 section 3.1, RFC 8037 section 3.1, RFC 9964).
///
/// `none` can't be represented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC with SHA-256. Requires a [`SharedSecret`](crate::jwks::SharedSecret).
    HS256,
    /// HMAC with SHA-384. Requires a [`SharedSecret`](crate::jwks::SharedSecret).
    HS384,
    /// HMAC with SHA-512. Requires a [`SharedSecret`](crate::jwks::SharedSecret).
    HS512,
    /// RSASSA-PKCS1-v1_5 with SHA-256. The default, and what most issuers use.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a 32-byte salt.
    PS256,
    /// RSASSA-PSS with SHA-384, MGF1 with SHA-384 and a 48-byte salt.
    PS384,
    /// RSASSA-PSS with SHA-512, MGF1 with SHA-512 and a 64-byte salt.
    PS512,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// ECDSA on P-521 with SHA-512.
    ES512,
    /// Ed25519. Tokens name it `EdDSA` (RFC 8037) or `Ed25519` (RFC 9864).
    EdDSA,
    /// ML-DSA-44, a post-quantum algorithm (FIPS 204). A signature has 2420 bytes.
    MLDSA44,
    /// ML-DSA-65, a post-quantum algorithm (FIPS 204). A signature has 3309 bytes.
    MLDSA65,
    /// ML-DSA-87, a post-quantum algorithm (FIPS 204). A signature has 4627 bytes.
    MLDSA87,
}

/// The kind of key that an [`Algorithm`] requires. A key belongs to exactly one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyFamily {
    /// A shared secret (`kty` `oct`).
    Hmac,
    /// An RSA key (`kty` `RSA`).
    Rsa,
    /// A key on P-256 (`kty` `EC`, `crv` `P-256`).
    P256,
    /// A key on P-384 (`kty` `EC`, `crv` `P-384`).
    P384,
    /// A key on P-521 (`kty` `EC`, `crv` `P-521`).
    P521,
    /// An Ed25519 key (`kty` `OKP`, `crv` `Ed25519`).
    Ed25519,
    /// An ML-DSA-44 key (`kty` `AKP`, `alg` `ML-DSA-44`).
    MlDsa44,
    /// An ML-DSA-65 key (`kty` `AKP`, `alg` `ML-DSA-65`).
    MlDsa65,
    /// An ML-DSA-87 key (`kty` `AKP`, `alg` `ML-DSA-87`).
    MlDsa87,
}

impl Algorithm {
    /// All algorithms.
    pub const ALL: [Self; 16] = [
        Self::HS256,
        Self::HS384,
        Self::HS512,
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::ES512,
        Self::EdDSA,
        Self::MLDSA44,
        Self::MLDSA65,
        Self::MLDSA87,
    ];

    /// Returns the algorithm of a JOSE `alg` value, or `None` if it is unknown. Names are
    /// case-sensitive (RFC 7515 section 4.1.1).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::RS256,
            "RS384" => Self::RS384,
            "RS512" => Self::RS512,
            "PS256" => Self::PS256,
            "PS384" => Self::PS384,
            "PS512" => Self::PS512,
            "ES256" => Self::ES256,
            "ES384" => Self::ES384,
            "ES512" => Self::ES512,
            "EdDSA" | "Ed25519" => Self::EdDSA,
            "ML-DSA-44" => Self::MLDSA44,
            "ML-DSA-65" => Self::MLDSA65,
            "ML-DSA-87" => Self::MLDSA87,
            "HS256" => Self::HS256,
            "HS384" => Self::HS384,
            "HS512" => Self::HS512,
            _ => return None,
        })
    }

    /// Returns the JOSE `alg` value.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HS256 => "HS256",
            Self::HS384 => "HS384",
            Self::HS512 => "HS512",
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::ES512 => "ES512",
            Self::EdDSA => "EdDSA",
            Self::MLDSA44 => "ML-DSA-44",
            Self::MLDSA65 => "ML-DSA-65",
            Self::MLDSA87 => "ML-DSA-87",
        }
    }

    /// Returns the kind of key that this algorithm requires.
    #[must_use]
    pub const fn family(self) -> KeyFamily {
        match self {
            Self::HS256 | Self::HS384 | Self::HS512 => KeyFamily::Hmac,
            Self::RS256 | Self::RS384 | Self::RS512 | Self::PS256 | Self::PS384 | Self::PS512 => {
                KeyFamily::Rsa
            }
            Self::ES256 => KeyFamily::P256,
            Self::ES384 => KeyFamily::P384,
            Self::ES512 => KeyFamily::P521,
            Self::EdDSA => KeyFamily::Ed25519,
            Self::MLDSA44 => KeyFamily::MlDsa44,
            Self::MLDSA65 => KeyFamily::MlDsa65,
            Self::MLDSA87 => KeyFamily::MlDsa87,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::from_name(name).ok_or_else(|| UnknownAlgorithm(name.to_owned()))
    }
}

/// The name is not a supported signature algorithm.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown signature algorithm {0:?}: use one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, \
     ES384, ES512, EdDSA, ML-DSA-44, ML-DSA-65, ML-DSA-87, HS256, HS384, HS512"
)]
pub struct UnknownAlgorithm(String);

/// A set of algorithms in one word, so that the hot path tests one bit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct AlgorithmSet(u32);

impl AlgorithmSet {
    pub(crate) const fn of(algorithm: Algorithm) -> Self {
        Self(1 << algorithm as u32)
    }

    pub(crate) fn family(family: KeyFamily) -> Self {
        Algorithm::ALL
            .into_iter()
            .filter(|algorithm| algorithm.family() == family)
            .collect()
    }

    pub(crate) const fn contains(self, algorithm: Algorithm) -> bool {
        self.0 & (1 << algorithm as u32) != 0
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the names, separated by spaces.
    pub(crate) fn names(self) -> String {
        let names: Vec<_> = self.iter().map(Algorithm::name).collect();
        names.join(" ")
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Algorithm> {
        Algorithm::ALL
            .into_iter()
            .filter(move |algorithm| self.contains(*algorithm))
    }
}

impl FromIterator<Algorithm> for AlgorithmSet {
    fn from_iter<I: IntoIterator<Item = Algorithm>>(algorithms: I) -> Self {
        Self(
            algorithms
                .into_iter()
                .fold(0, |set, algorithm| set | Self::of(algorithm).0),
        )
    }
}

impl fmt::Debug for AlgorithmSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl fmt::Display for AlgorithmSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, algorithm) in self.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            f.write_str(algorithm.name())?;
        }
        Ok(())
    }
}
