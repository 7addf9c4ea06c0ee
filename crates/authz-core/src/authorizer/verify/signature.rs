use std::sync::Arc;

use super::{TokenCheck, unverified::UnverifiedToken};
use crate::{
    crypto::VerificationKey,
    jwks::{KeyCandidates, KeyLookup, MissingKeys, UnknownKey},
    rejection::{Reason, Rejection},
    token::Jws,
    validation::ValidationError,
};

impl<C> TokenCheck<'_, C> {
    /// Returns the candidates of a lookup; `None` if newer keys may have one.
    pub(super) fn resolve_lookup(
        &self,
        lookup: KeyLookup,
        examined: &UnverifiedToken<'_, '_>,
    ) -> Result<Option<KeyCandidates>, Rejection> {
        let refusal = match lookup {
            KeyLookup::Found(keys) => return Ok(Some(keys)),
            KeyLookup::Missing => return Ok(None),
            KeyLookup::Unknown(UnknownKey::WrongAlgorithm) => {
                ValidationError::new(Reason::KeyNotForAlgorithm)
                    .actual(examined.header.algorithm().name())
            }
            KeyLookup::Unknown(UnknownKey::NotInSet) => ValidationError::new(Reason::UnknownKey),
            KeyLookup::Unavailable(MissingKeys { retry_after, error }) => {
                ValidationError::new(Reason::KeysUnavailable)
                    .actual(&error)
                    .retry_after(retry_after)
            }
        };
        Err(self.reject_examined(&refusal, examined))
    }

    /// Returns the key that signed the token; `None` if it may be among newer keys.
    pub(super) fn check_signature(
        &self,
        jws: &Jws<'_>,
        examined: &UnverifiedToken<'_, '_>,
        keys: KeyCandidates,
    ) -> Result<Option<Arc<VerificationKey>>, Rejection> {
        let algorithm = examined.header.algorithm();
        let backend = self.state.api.crypto_backend;
        let limit = examined.trusted.key_candidates;
        let candidates = keys.len();
        let kid = examined.header.key_id();
        let is_named = kid.is_some() && keys.iter().any(|key| key.kid() == kid);
        let signer = keys.into_first(limit, |key| {
            key.is_usable()
                && key.serves(&examined.trusted.issuer)
                && key.verify_by(backend, algorithm, jws.signing_input, jws.signature())
        });
        if signer.is_some() {
            return Ok(signer);
        }
        if candidates > limit {
            let refusal = ValidationError::new(Reason::TooManyCandidateKeys)
                .expected(format_args!("a key among the first {limit}"))
                .actual(format_args!("{candidates} keys fit"));
            return Err(self.reject_examined(&refusal, examined));
        }
        // A token that names its key was signed by that key or by nobody we know. Another may have
        // been signed by a key published since.
        if is_named {
            return Err(self.reject_signature(examined));
        }
        Ok(None)
    }
}
