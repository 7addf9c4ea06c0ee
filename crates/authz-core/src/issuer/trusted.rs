use std::sync::Arc;

use super::{
    rules::{AudienceRule, ClaimRule, TokenTypes},
    tenancy::{Tenancy, TenantStanding},
};
use crate::{
    client_certificate::MutualTls,
    crypto::{AlgorithmSet, VerificationKey},
    dpop::Dpop,
    introspection::Introspector,
    jwks::JwksProvider,
    metrics::IssuerMetrics,
    policy::ClaimSettings,
    rejection::ApiSettings,
};

/// An issuer with checked settings.
#[derive(Debug)]
pub(crate) struct TrustedIssuer {
    pub(crate) issuer: Arc<str>,
    pub(crate) audiences: Arc<[Box<str>]>,
    pub(crate) algorithms: AlgorithmSet,
    pub(crate) keys: Arc<dyn JwksProvider>,
    pub(crate) key_candidates: usize,
    pub(super) tenancy: Tenancy,
    /// Seconds.
    pub(crate) leeway: u64,
    pub(crate) token_types: TokenTypes,
    pub(crate) claim_settings: Arc<ClaimSettings>,
    pub(crate) strict: bool,
    /// If empty, any client.
    pub(crate) clients: Arc<[Box<str>]>,
    pub(crate) claim_rules: Arc<[ClaimRule]>,
    pub(crate) audience_rule: AudienceRule,
    pub(crate) dpop: Dpop,
    pub(crate) mutual_tls: MutualTls,
    pub(crate) introspection: Option<Arc<Introspector>>,
    /// The ARN of the AWS load balancer that signs the tokens.
    pub(crate) load_balancer: Option<Arc<str>>,
    /// The API that trusts the issuer.
    pub(crate) api: Arc<ApiSettings>,
    pub(crate) metrics: IssuerMetrics,
}

impl TrustedIssuer {
    /// Returns `true` if a verified token's issuer and key are still trusted. Runs on every cache
    /// hit.
    pub(crate) fn still_trusts(&self, key: &VerificationKey) -> bool {
        self.standing() == TenantStanding::Trusted && self.keys.is_current(key)
    }

    /// Returns `true` if the issuer is asked about JWTs whose key it does not publish.
    pub(crate) fn falls_back(&self) -> bool {
        (self.introspection.as_ref()).is_some_and(|introspection| introspection.is_fallback())
    }

    pub(crate) fn standing(&self) -> TenantStanding {
        self.tenancy.standing()
    }

    /// Records that a token of this issuer was verified.
    pub(crate) fn confirm(&self) {
        self.tenancy.confirm();
    }

    /// Returns the same settings for another tenant.
    pub(super) fn for_tenant(&self, issuer: Arc<str>, keys: Arc<dyn JwksProvider>) -> Self {
        Self {
            issuer,
            audiences: Arc::clone(&self.audiences),
            algorithms: self.algorithms,
            keys,
            key_candidates: self.key_candidates,
            tenancy: Tenancy::default(),
            leeway: self.leeway,
            token_types: self.token_types.clone(),
            claim_settings: Arc::clone(&self.claim_settings),
            strict: self.strict,
            clients: Arc::clone(&self.clients),
            claim_rules: Arc::clone(&self.claim_rules),
            audience_rule: self.audience_rule,
            dpop: self.dpop,
            mutual_tls: self.mutual_tls,
            introspection: self.introspection.clone(),
            load_balancer: self.load_balancer.clone(),
            api: Arc::clone(&self.api),
            metrics: self.metrics.clone(),
        }
    }
}
