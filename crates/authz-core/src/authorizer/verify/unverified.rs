use std::sync::Arc;

use super::TokenCheck;
use crate::{
    clock::since_1970,
    issuer::TrustedIssuer,
    rejection::{Reason, Rejection},
    token::{Jws, ProtectedHeader, RawHeader, TokenClaims},
    validation::{self, ValidationError},
};

/// A token that keeps all rules but may have been signed by anybody.
pub(super) struct UnverifiedToken<'c, 't> {
    pub(super) header: ProtectedHeader<'t>,
    pub(super) claims: &'c TokenClaims<'t>,
    pub(super) trusted: Arc<TrustedIssuer>,
}

impl<C> TokenCheck<'_, C> {
    /// Applies every rule about header, issuer and claims.
    pub(super) fn examine<'c, 't>(
        &self,
        jws: &'t Jws<'_>,
        claims: &'c mut TokenClaims<'t>,
    ) -> Result<UnverifiedToken<'c, 't>, Rejection> {
        let header = RawHeader::read(jws.header()).map_err(|error| {
            self.reject(
                &ValidationError::new(Reason::MalformedHeader).actual(&error),
                None,
            )
        })?;
        let header = validation::check_header(header, &self.state.issuers)
            .map_err(|refusal| self.reject(&refusal, None))?;
        let required = self.state.issuers.required_claims();
        claims.read(jws.payload(), required).map_err(|error| {
            let refusal = ValidationError::new(Reason::MalformedClaims).actual(&error);
            self.reject(&refusal, Some(&header))
        })?;
        let claims = &*claims;
        let trusted = validation::issuer(claims, jws.is_padded(), &self.state.issuers)
            .map_err(|refusal| self.reject(&refusal, Some(&header)))?;
        let examined = UnverifiedToken {
            header,
            claims,
            trusted,
        };
        let fine = validation::check_claims(
            examined.claims,
            &examined.header,
            &examined.trusted,
            since_1970(self.state.api.clock.now()),
        )
        .and_then(|()| validation::check_load_balancer(jws.header(), &examined.trusted))
        .and_then(|()| validation::check_claim_rules(examined.claims, &examined.trusted));
        match fine {
            Ok(()) => Ok(examined),
            Err(refusal) => Err(self.reject_examined(&refusal, &examined)),
        }
    }
}
