//! A token, verified: taken from the cache, or checked stage by stage.
//!
//! 1. The JWS is split and decoded ([`AuthorizerState::decode`]).
//! 2. Header, issuer and claims must keep every rule ([`unverified`]).
//! 3. A key of the issuer must have signed it ([`signature`]). If the key is not known, this is where
//!    a request waits for newer keys.
//! 4. The claims are deserialized and the token is cached ([`accepted`]).
//! 5. The token must not be revoked ([`revoked`]). A cached token starts here.
//!
//! The issuer is asked about tokens that can't be verified ([`introspected`]).

mod accepted;
mod introspected;
mod reject;
mod revoked;
mod signature;
mod unverified;

pub(super) use self::revoked::Checked;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::{state::AuthorizerState, verified::Verified};
use crate::{
    bearer, hints,
    issuer::TrustedIssuer,
    jwks::{KeyLookup, RefreshReason},
    metrics::Timer,
    rejection::{Reason, Rejection, Scheme},
    request::RequestParts,
    token::{Jws, TokenClaims},
    validation::{self, ValidationError},
};

/// The check of one token, for a request if it came with one.
pub(super) struct TokenCheck<'r, C> {
    pub(super) state: &'r AuthorizerState<C>,
    pub(super) request: Option<&'r RequestParts<'r>>,
    /// The scheme of the token.
    pub(super) scheme: Scheme,
}

pub(super) enum VerifyStep<C> {
    Cached(Arc<Verified<C>>),
    Verified(Arc<Verified<C>>),
    Waits(Need),
}

/// What the decision about a token waits for.
pub(super) enum Need {
    Keys(RefreshReason),
    /// The answer of this issuer.
    Answer(Arc<TrustedIssuer>),
}

impl<C: DeserializeOwned + 'static> TokenCheck<'_, C> {
    /// Verifies a token with the keys at hand.
    pub(super) fn verify(
        &self,
        token: &[u8],
        timer: &mut Timer,
    ) -> Result<VerifyStep<C>, Rejection> {
        let cached = self.state.lookup_cached(token);
        timer.looked_up(cached.is_some());
        if let Some(verified) = cached {
            return Ok(VerifyStep::Cached(verified));
        }
        self.verify_new(token)
    }

    /// Verifies a token that is not cached. It is not inlined, because that makes the path of cached tokens longer.
    #[inline(never)]
    fn verify_new(&self, token: &[u8]) -> Result<VerifyStep<C>, Rejection> {
        if self.state.issuers.introspect_any()
            && let Some(step) = self.introspect(token)?
        {
            return Ok(step);
        }
        let jws = self.decode(token)?;
        let mut claims = TokenClaims::default();
        let unverified = self.examine(&jws, &mut claims)?;
        let lookup = unverified.trusted.keys.lookup(&unverified.header);
        if let (KeyLookup::Unknown(_), true) = (&lookup, unverified.trusted.falls_back()) {
            return self.recent_answer(unverified.trusted, token);
        }
        let Some(keys) = self.resolve_lookup(lookup, &unverified)? else {
            return Ok(VerifyStep::Waits(Need::Keys(RefreshReason::Missing)));
        };
        let Some(key) = self.check_signature(&jws, &unverified, keys)? else {
            return Ok(VerifyStep::Waits(Need::Keys(RefreshReason::NoKeyVerified)));
        };
        let verified = self.deserialize_claims(&jws, unverified, key)?;
        drop(claims);
        Ok(VerifyStep::Verified(
            self.cache_and_share(token, jws, verified),
        ))
    }

    /// Verifies a token after waiting for what it needs.
    pub(super) async fn verify_later(
        &self,
        token: &[u8],
        need: &Need,
    ) -> Result<Arc<Verified<C>>, Rejection> {
        match need {
            Need::Keys(reason) => self.verify_with_newer_keys(token, *reason).await,
            Need::Answer(trusted) => self.ask(trusted, token).await,
        }
    }

    /// Verifies a token whose key is not at hand, waiting for newer keys.
    async fn verify_with_newer_keys(
        &self,
        token: &[u8],
        reason: RefreshReason,
    ) -> Result<Arc<Verified<C>>, Rejection> {
        let jws = self.decode(token)?;
        let mut claims = TokenClaims::default();
        let unverified = self.examine(&jws, &mut claims)?;
        let keys = &unverified.trusted.keys;
        let lookup = keys.refresh(&unverified.header, reason).await;
        let falls_back = unverified.trusted.falls_back();
        if let (KeyLookup::Unknown(_) | KeyLookup::Missing, true) = (&lookup, falls_back) {
            return self.ask(&unverified.trusted, token).await;
        }
        let Some(keys) = self.resolve_lookup(lookup, &unverified)? else {
            let unknown = ValidationError::new(Reason::UnknownKey);
            return Err(self.reject_examined(&unknown, &unverified));
        };
        let Some(key) = self.check_signature(&jws, &unverified, keys)? else {
            if falls_back {
                return self.ask(&unverified.trusted, token).await;
            }
            return Err(self.reject_signature(&unverified));
        };
        // A tenant may have lost its place while its keys were fetched.
        validation::check_standing(&unverified.trusted)
            .map_err(|error| self.reject_examined(&error, &unverified))?;
        let verified = self.deserialize_claims(&jws, unverified, key)?;
        drop(claims);
        Ok(self.cache_and_share(token, jws, verified))
    }

    fn decode<'t>(&self, token: &'t [u8]) -> Result<Jws<'t>, Rejection> {
        self.state.decode(token).map_err(|error| {
            let error =
                bearer::not_one_token(token).unwrap_or_else(|| error.hint(hints::no_token(token)));
            self.reject(&error, None)
        })
    }
}
