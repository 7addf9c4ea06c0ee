use std::{any, sync::Arc};

use serde::de::DeserializeOwned;

use super::{TokenCheck, unverified::UnverifiedToken};
#[cfg(feature = "status-list")]
use crate::revocation::TokenStatus;
use crate::{
    authorizer::verified::{Evidence, Verified},
    crypto::VerificationKey,
    rejection::{Reason, Rejection},
    token::Jws,
    validation::ValidationError,
};

impl<C: DeserializeOwned + 'static> TokenCheck<'_, C> {
    /// Deserializes the claims into the application's type. The signature is good.
    pub(super) fn deserialize_claims(
        &self,
        jws: &Jws<'_>,
        unverified: UnverifiedToken<'_, '_>,
        key: Arc<VerificationKey>,
    ) -> Result<Arc<Verified<C>>, Rejection> {
        let claims = unverified.claims.deserialize().map_err(|problem| {
            let error = ValidationError::new(Reason::ClaimsMismatch)
                .expected(any::type_name::<C>())
                .actual(&problem)
                .hint("the token is good, but its claims do not fit the type that the application asks for");
            self.reject_examined(&error, &unverified)
        })?;
        unverified.trusted.confirm();
        #[cfg(feature = "status-list")]
        let status = self.read_status(jws, &unverified)?;
        let verified = Verified::new(
            claims,
            unverified.claims,
            Evidence::Signature {
                key,
                algorithm: unverified.header.algorithm(),
            },
            unverified.trusted,
            jws.payload(),
            &self.state.implied,
        );
        #[cfg(feature = "status-list")]
        let verified = verified.with_status(status);
        Ok(Arc::new(verified))
    }

    #[cfg(feature = "status-list")]
    fn read_status(
        &self,
        jws: &Jws<'_>,
        unverified: &UnverifiedToken<'_, '_>,
    ) -> Result<Option<TokenStatus>, Rejection> {
        let Some(lists) = &self.state.api.status_lists else {
            return Ok(None);
        };
        let status = lists.read(jws.payload(), &unverified.trusted.issuer);
        status.map_err(|error| {
            let error = ValidationError::new(Reason::MalformedClaims).actual(error);
            self.reject_examined(&error, unverified)
        })
    }

    /// Adds the payload to the token and the token to the cache.
    pub(super) fn cache_and_share(
        &self,
        token: &[u8],
        jws: Jws<'_>,
        mut verified: Arc<Verified<C>>,
    ) -> Arc<Verified<C>> {
        // The `Arc` is not shared yet.
        if let Some(verified) = Arc::get_mut(&mut verified) {
            verified.attach_payload(jws.into_payload());
        }
        if let Some(cache) = &self.state.cache {
            let evicted = cache.insert(token, Arc::clone(&verified));
            self.state.api.metrics.evicted(evicted);
        }
        verified
    }
}
