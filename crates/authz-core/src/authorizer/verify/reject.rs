use super::{TokenCheck, unverified::UnverifiedToken};
use crate::{
    authorizer::events,
    hints,
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
        self.state.api.metrics.refused(None, refusal.reason);
        let rejection = self.rejection(refusal);
        events::refused(&rejection, refusal, header, None, self.request);
        rejection
    }

    pub(super) fn reject_examined(
        &self,
        refusal: &ValidationError,
        examined: &UnverifiedToken<'_, '_>,
    ) -> Rejection {
        let issuer = Some(&examined.trusted.metrics);
        self.state.api.metrics.refused(issuer, refusal.reason);
        let rejection = self.rejection(refusal);
        events::refused(
            &rejection,
            refusal,
            Some(&examined.header),
            Some((examined.claims, &examined.trusted)),
            self.request,
        );
        rejection
    }

    pub(super) fn reject_signature(&self, examined: &UnverifiedToken<'_, '_>) -> Rejection {
        let refusal = ValidationError::new(Reason::InvalidSignature)
            .hint(hints::signature(examined.header.has_nonce()));
        self.reject_examined(&refusal, examined)
    }

    fn rejection(&self, refusal: &ValidationError) -> Rejection {
        let rejection = Rejection::new(refusal.reason, &self.state.api);
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
