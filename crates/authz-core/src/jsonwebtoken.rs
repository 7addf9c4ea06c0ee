//! Converts from and to the types of the `jsonwebtoken` crate. It calls none of that crate's
//! functions that need a crypto provider.

use jsonwebtoken::jwk::{Jwk, JwkSet};

use crate::{
    crypto::{Algorithm, UnknownAlgorithm},
    jwks::{KeySet, KeySetError, ParsedKeySet},
};

impl TryFrom<jsonwebtoken::Algorithm> for Algorithm {
    type Error = UnknownAlgorithm;

    fn try_from(algorithm: jsonwebtoken::Algorithm) -> Result<Self, Self::Error> {
        // Both crates use the names of RFC 7518, and jsonwebtoken may add algorithms that are
        // unknown here.
        format!("{algorithm:?}").parse()
    }
}

impl TryFrom<Algorithm> for jsonwebtoken::Algorithm {
    type Error = UnsupportedAlgorithm;

    fn try_from(algorithm: Algorithm) -> Result<Self, Self::Error> {
        algorithm
            .name()
            .parse()
            .map_err(|_| UnsupportedAlgorithm(algorithm))
    }
}

/// The `jsonwebtoken` crate does not support the algorithm. Only ES512 and ML-DSA are affected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the jsonwebtoken crate does not support {0}")]
pub struct UnsupportedAlgorithm(Algorithm);

impl KeySet {
    /// Converts a key set of the `jsonwebtoken` crate.
    ///
    /// # Errors
    ///
    /// Returns an error if the set can't be serialized as JSON.
    pub fn from_jwk_set(set: &JwkSet) -> Result<ParsedKeySet, KeySetError> {
        let json = serde_json::to_vec(set).map_err(|error| KeySetError::malformed(&error))?;
        Self::parse(&json)
    }

    /// Converts a single key of the `jsonwebtoken` crate.
    ///
    /// # Errors
    ///
    /// Returns an error if the key can't be serialized as JSON.
    pub fn from_jwk(key: &Jwk) -> Result<ParsedKeySet, KeySetError> {
        Self::from_jwk_set(&JwkSet {
            keys: vec![key.clone()],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithms_convert_both_ways() {
        for algorithm in Algorithm::ALL {
            match jsonwebtoken::Algorithm::try_from(algorithm) {
                Ok(theirs) => assert_eq!(Algorithm::try_from(theirs), Ok(algorithm)),
                Err(error) => {
                    let name = algorithm.name();
                    assert!(name == "ES512" || name.starts_with("ML-DSA-"), "{name}");
                    assert_eq!(
                        error.to_string(),
                        format!("the jsonwebtoken crate does not support {name}")
                    );
                }
            }
        }
    }

    #[test]
    fn key_sets_convert() {
        let set: JwkSet = serde_json::from_str(
            r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"1","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#,
        )
        .unwrap();
        assert_eq!(KeySet::from_jwk_set(&set).unwrap().keys.len(), 1);
    }
}
