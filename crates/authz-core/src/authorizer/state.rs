use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::verified::{Evidence, Verified};
use crate::{
    bearer::Sources,
    cache::TokenCache,
    client_certificate::{
        ClientCertificate, ClientCertificateHeader, MalformedCertificate, TrustedProxies,
        client_certificate,
    },
    clock::{later, since_1970},
    dpop::ProofChecks,
    issuer::Issuers,
    metadata::ResourceMetadata,
    policy::{Implied, Policy},
    rejection::{ApiSettings, Reason},
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
    /// Introspected tokens by their SHA-256, if any issuer introspects. The issuer's database is the only other
    /// place that needs an opaque token itself.
    pub(super) introspected: Option<TokenCache<Verified<C>>>,
    pub(crate) api: Arc<ApiSettings>,
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
        let found = (self.find_valid(cache, token)).or_else(|| self.find_answered(token));
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
        let is_trusted = match &verified.evidence {
            Evidence::Signature { key, .. } => trusted.still_trusts(key),
            Evidence::Introspection(_) => false,
        };
        if validation::is_expired(verified.expires_at, trusted.leeway, now) || !is_trusted {
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

    #[inline(never)]
    fn find_answered(&self, token: &[u8]) -> Option<Arc<Verified<C>>> {
        let cache = self.introspected.as_ref()?;
        let digest = self.digest(token);
        let verified = cache.get(&digest)?;
        if self.is_answered(&verified, Duration::ZERO) {
            return Some(verified);
        }
        // An issuer that does not answer may make an older answer usable.
        let stale = (verified.trusted.introspection.as_ref()).map(|it| it.settings().stale);
        if stale.is_none_or(|stale| stale.is_zero()) {
            cache.remove(&digest, &verified);
        }
        None
    }

    /// Returns what another request has made of the same answer.
    pub(super) fn find_same_answer(
        &self,
        digest: &[u8; 32],
        until: Instant,
    ) -> Option<Arc<Verified<C>>> {
        let verified = self.introspected.as_ref()?.get(digest)?;
        let is_same =
            matches!(&verified.evidence, Evidence::Introspection(it) if it.until == until);
        (is_same && self.is_answered(&verified, Duration::ZERO)).then_some(verified)
    }

    /// Returns an older answer about a token, if it may be used while the issuer does not answer.
    pub(super) fn find_stale(&self, digest: &[u8; 32]) -> Option<Arc<Verified<C>>> {
        let verified = self.introspected.as_ref()?.get(digest)?;
        let introspection = verified.trusted.introspection.as_ref()?;
        let stale = introspection.settings().stale;
        // A later answer may have refused the token.
        let usable = introspection.was_active(digest) && self.is_answered(&verified, stale);
        (usable && !stale.is_zero()).then_some(verified)
    }

    /// Returns `true` if an introspected token is valid now, by an answer that is used for this much longer.
    fn is_answered(&self, verified: &Verified<C>, stale: Duration) -> bool {
        let Evidence::Introspection(freshness) = &verified.evidence else {
            return false;
        };
        let leeway = verified.trusted.leeway;
        let now = since_1970(self.api.clock.now());
        Instant::now() < later(freshness.until, stale)
            && !validation::is_expired(verified.expires_at, leeway, now)
            && freshness.not_before <= now.as_secs().saturating_add(leeway)
    }

    /// Returns the SHA-256 of a token.
    pub(super) fn digest(&self, token: &[u8]) -> [u8; 32] {
        self.api.crypto_backend.sha256(token)
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
