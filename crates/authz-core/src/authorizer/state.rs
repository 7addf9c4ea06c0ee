use std::sync::Arc;

use super::verified::Verified;
use crate::{
    bearer::Sources,
    cache::TokenCache,
    client_certificate::{
        ClientCertificate, ClientCertificateHeader, MalformedCertificate, TrustedProxies,
        client_certificate,
    },
    clock::since_1970,
    dpop::ProofChecks,
    issuer::Issuers,
    metadata::ResourceMetadata,
    policy::{Implied, Policy},
    rejection::{Api, Reason},
    request::RequestParts,
    token::{Jws, Malformed},
    validation::{self, ValidationError},
};

/// The state that the clones of an authorizer share.
pub(crate) struct AuthorizerState<C> {
    pub(crate) issuers: Issuers,
    pub(crate) sources: Sources,
    /// Whether any issuer's tokens may be bound to a certificate.
    pub(crate) reads_certificate: bool,
    pub(crate) client_certificate_from: Option<(ClientCertificateHeader, TrustedProxies)>,
    pub(super) max_token_bytes: usize,
    pub(super) cache: Option<TokenCache<Verified<C>>>,
    pub(crate) api: Arc<Api>,
    /// `None` if no issuer's tokens may be bound to a key.
    pub(crate) proofs: Option<ProofChecks>,
    pub(super) implied: Implied,
    pub(super) metadata: Option<ResourceMetadata>,
    pub(crate) name_wanted_scopes: bool,
}

impl<C> AuthorizerState<C> {
    /// Returns the verified token from the cache, if it is still valid.
    pub(super) fn lookup_cached(&self, token: &[u8]) -> Option<Arc<Verified<C>>> {
        let cache = self.cache.as_ref()?;
        let found = self.find_valid(cache, token);
        self.api.metrics.looked_up(found.is_some());
        found
    }

    fn find_valid(
        &self,
        cache: &TokenCache<Verified<C>>,
        token: &[u8],
    ) -> Option<Arc<Verified<C>>> {
        let verified = cache.get(token)?;
        let trusted = &verified.trusted;
        let now = since_1970(self.api.clock.now());
        if validation::is_expired(verified.expires_at, trusted.leeway, now)
            || !trusted.still_trusts(&verified.key)
        {
            cache.remove(token, &verified);
            return None;
        }
        Some(verified)
    }

    /// Returns the certificate with which the client authenticated, from the connection or from a trusted
    /// proxy's header field.
    pub(super) fn client_certificate(
        &self,
        request: &RequestParts<'_>,
    ) -> Result<Option<ClientCertificate>, MalformedCertificate> {
        client_certificate(request, self.client_certificate_from.as_ref())
    }

    /// Splits and decodes a compact JWS, within the limit of bytes.
    pub(super) fn decode<'t>(&self, token: &'t [u8]) -> Result<Jws<'t>, ValidationError> {
        if token.len() > self.max_token_bytes {
            return Err(ValidationError::new(Reason::TokenTooLarge)
                .expected(format_args!("at most {} bytes", self.max_token_bytes))
                .actual(token.len()));
        }
        match Jws::decode(token) {
            Err(Malformed::Base64) if self.issuers.have_load_balancers() => {
                Jws::decode_padded(token).map_err(ValidationError::from)
            }
            decoded => decoded.map_err(ValidationError::from),
        }
    }

    /// Returns the scopes that a caller without a token should request (RFC 6750 section 3).
    pub(super) fn scope_to_ask_for(
        &self,
        policy: &Policy,
        request: &RequestParts<'_>,
    ) -> Option<String> {
        if !self.name_wanted_scopes {
            return None;
        }
        let scopes = policy.wanted_scopes(request.method);
        (!scopes.is_empty()).then(|| scopes.join(" "))
    }
}
