//! Checks that the sender of a request holds the key that its token is bound to.

use http::HeaderValue;
use subtle::ConstantTimeEq as _;

use super::{
    events::{self, TokenDetails},
    verified::Verified,
    verify::TokenCheck,
};
use crate::{
    clock::since_1970,
    dpop::{Presented, Proof, ProofChecks, Recording, ReplayError},
    rejection::{Reason, Rejection, Scheme},
    request::RequestParts,
    validation::ValidationError,
};

impl<C> TokenCheck<'_, C> {
    /// Checks the proof of a valid token. `None` means that the token needs none: most tokens are not bound.
    #[inline]
    pub(super) fn check_possession(
        &self,
        verified: &Verified<C>,
        token: &[u8],
    ) -> Result<Option<Box<Proof>>, Rejection> {
        if verified.confirmation.is_none() && self.scheme == Scheme::Bearer {
            return Ok(None);
        }
        self.check_confirmation(verified, token)
    }

    #[inline(never)]
    fn check_confirmation(
        &self,
        verified: &Verified<C>,
        token: &[u8],
    ) -> Result<Option<Box<Proof>>, Rejection> {
        let Some(confirmation) = &verified.confirmation else {
            let refusal = ValidationError::new(Reason::UnboundToken).hint(
                "the token has no `cnf`: send it with the scheme Bearer, or request a bound one",
            );
            return Err(self.reject_verified(&refusal, verified));
        };
        let Some(request) = self.request else {
            let refusal = ValidationError::new(Reason::SenderConstrained)
                .hint("the token is bound to its sender, and `Authorizer::verify` has no request to check");
            return Err(self.reject_verified(&refusal, verified));
        };
        let proof = match (&confirmation.jkt, self.scheme, &self.state.proofs) {
            (Some(jkt), Scheme::Dpop, Some(proofs)) => {
                let presented = self.presented(request, token, jkt);
                proofs.check(&presented).map(|proof| Some(Box::new(proof)))
            }
            (Some(_), ..) => Err(ValidationError::new(Reason::SenderConstrained)
                .hint("the token is bound to a key: send it with the scheme DPoP, and with a proof")),
            (None, Scheme::Dpop, _) => Err(ValidationError::new(Reason::UnboundToken)
                .hint("the token is bound to a certificate and not to a key: send it with the scheme Bearer")),
            (None, Scheme::Bearer, _) => Ok(None),
        };
        let proven = proof.and_then(|proof| {
            if let Some(x5t) = &confirmation.x5t {
                self.check_certificate(request, x5t)?;
            }
            Ok(proof)
        });
        proven.map_err(|refusal| self.reject_verified(&refusal, verified))
    }

    /// Checks that the client has authenticated with the certificate of this hash (RFC 8705 section 3).
    fn check_certificate(
        &self,
        request: &RequestParts<'_>,
        x5t: &[u8; 32],
    ) -> Result<(), ValidationError> {
        let wrong =
            |hint: &'static str| Err(ValidationError::new(Reason::WrongCertificate).hint(hint));
        match self.state.client_certificate(request) {
            Err(_) => wrong(
                "the proxy's header field is not a certificate in the form that is configured: see `ClientCertificateHeader`",
            ),
            Ok(None) => wrong(
                "the request has no client certificate: the client sent none, or the server or its proxy does not ask for it or pass it on",
            ),
            Ok(Some(certificate)) => {
                let sha256 = certificate.sha256(self.state.api.crypto_backend);
                if bool::from(sha256.ct_eq(x5t)) {
                    return Ok(());
                }
                wrong(
                    "the client has another certificate than the one that it requested the token with",
                )
            }
        }
    }

    fn presented<'p>(
        &self,
        request: &'p RequestParts<'_>,
        token: &'p [u8],
        jkt: &'p [u8; 32],
    ) -> Presented<'p> {
        Presented {
            method: request.method,
            path: request.original_path(),
            headers: request.headers,
            token,
            jkt,
            now: since_1970(self.state.api.clock.now()),
            backend: self.state.api.crypto_backend,
        }
    }

    /// Records a proof, which is the last check: only a request that is otherwise allowed uses its proof up. `None`
    /// means that a store must be asked: see [`record`](Self::record).
    #[inline(never)]
    pub(super) fn record_now(
        &self,
        proof: &Proof,
        verified: &Verified<C>,
        request: &RequestParts<'_>,
        cached: bool,
    ) -> Option<Result<(), Rejection>> {
        let result = match self.ask_for(proof) {
            None => Ok(()),
            Some(Recording::Ready(result)) => self.recorded(proof, result, verified),
            Some(Recording::Ask { .. }) => return None,
        };
        Some(result.inspect(|()| events::allowed(verified, request, cached)))
    }

    /// Records a proof, and waits for the store.
    pub(super) async fn record(
        &self,
        proof: &Proof,
        verified: &Verified<C>,
    ) -> Result<(), Rejection> {
        match self.ask_for(proof) {
            None => Ok(()),
            Some(recorded) => self.recorded(proof, recorded.result().await, verified),
        }
    }

    /// `None` means that another guard of the request has recorded the proof.
    fn ask_for(&self, proof: &Proof) -> Option<Recording> {
        let checked = self.request.and_then(RequestParts::checked_proof);
        let is_recorded = checked.is_some_and(|it| it.is(proof.id));
        let proofs = self.state.proofs.as_ref().filter(|_| !is_recorded)?;
        Some(proofs.record(proof.id))
    }

    fn recorded(
        &self,
        proof: &Proof,
        result: Result<bool, ReplayError>,
        verified: &Verified<C>,
    ) -> Result<(), Rejection> {
        let refusal = match result {
            Ok(true) => {
                if let Some(checked) = self.request.and_then(RequestParts::checked_proof) {
                    let aging = self.state.proofs.as_ref().filter(|_| proof.is_aging);
                    checked.set(proof.id, aging.and_then(|it| self.new_nonce(it)));
                }
                return Ok(());
            }
            Ok(false) => ValidationError::new(Reason::ReplayedProof)
                .hint("the client repeated a request with its proof, or somebody else has its proof: each request needs a proof of its own"),
            Err(error) => ValidationError::new(Reason::ReplayStoreUnavailable)
                .actual(&error)
                .retry_after(error.retry_after()),
        };
        Err(self.reject_verified(&refusal, verified))
    }

    pub(super) fn new_nonce(&self, proofs: &ProofChecks) -> Option<HeaderValue> {
        let api = &self.state.api;
        proofs.new_nonce(api.crypto_backend, since_1970(api.clock.now()))
    }

    pub(super) fn reject_verified(
        &self,
        refusal: &ValidationError,
        verified: &Verified<C>,
    ) -> Rejection {
        let issuer = Some(&verified.trusted.metrics);
        self.reject_known(refusal, TokenDetails::of_verified(verified), issuer)
    }
}
