use super::{TokenCheck, unverified::UnverifiedToken};
use crate::{
    authorizer::events::{self, TokenDetails},
    hints,
    metrics::IssuerMetrics,
    rejection::{Reason, Rejection},
    token::{Malformed, ProtectedHeader},
    validation::ValidationError,
};

impl<C> TokenCheck<'_, C> {
    pub(in crate::authorizer) fn reject(
        &self,
        refusal: &ValidationError,
        header: Option<&ProtectedHeader<'_>>,
    ) -> Rejection {
        self.reject_known(refusal, TokenDetails::of_header(header), None)
    }

    pub(super) fn reject_examined(
        &self,
        refusal: &ValidationError,
        examined: &UnverifiedToken<'_, '_>,
    ) -> Rejection {
        let details = TokenDetails {
            client: examined.claims.client(),
            issuer: Some(&examined.trusted.issuer),
            jti: examined.claims.jti.as_deref(),
            ..TokenDetails::of_header(Some(&examined.header))
        };
        self.reject_known(refusal, details, Some(&examined.trusted.metrics))
    }

    pub(super) fn reject_signature(&self, examined: &UnverifiedToken<'_, '_>) -> Rejection {
        let refusal = ValidationError::new(Reason::InvalidSignature)
            .hint(hints::signature(examined.header.has_nonce()));
        self.reject_examined(&refusal, examined)
    }

    pub(in crate::authorizer) fn reject_known(
        &self,
        refusal: &ValidationError,
        details: TokenDetails<'_>,
        issuer: Option<&IssuerMetrics>,
    ) -> Rejection {
        self.state.api.metrics.refused(issuer, refusal.reason);
        let rejection = self.rejection(refusal);
        events::refused(&rejection, refusal, &details, self.request);
        rejection
    }

    fn rejection(&self, refusal: &ValidationError) -> Rejection {
        let rejection = Rejection::new(refusal.reason, &self.state.api).under(self.scheme);
        let rejection = match (refusal.reason, &self.state.proofs) {
            (Reason::MissingNonce, Some(proofs)) => rejection.with_nonce(self.new_nonce(proofs)),
            _ => rejection,
        };
        match refusal.retry_after {
            Some(retry_after) => rejection.with_retry_after(retry_after),
            None => rejection,
        }
    }
}

impl From<Malformed> for ValidationError {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::Encrypted => Self::new(Reason::EncryptedToken)
                .expected("three parts")
                .actual("five parts")
                .hint("the issuer encrypts tokens for this API (JWE): configure it to sign only; Auth0 also sends such tokens when no audience is requested"),
            Malformed::Opaque => Self::new(Reason::OpaqueToken)
                .expected("a JWT")
                .hint("an opaque token: request the token for this API (Auth0: `audience`, others: `resource` or `scope`)"),
            Malformed::Parts => Self::new(Reason::MalformedToken).expected("three parts"),
            Malformed::Base64 => Self::new(Reason::MalformedToken).expected("canonical base64url"),
        }
    }
}
