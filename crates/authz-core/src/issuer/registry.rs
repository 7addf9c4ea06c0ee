use std::{collections::HashMap, sync::Arc, time::Duration};

use foldhash::fast::RandomState;

use super::{
    error::{BuildError, BuildErrorKind},
    rules::ClaimRule,
    settings::Issuer,
    tenants::{Tenant, TenantIssuers, Tenants},
    trusted::TrustedIssuer,
};
use crate::{
    crypto::{Algorithm, AlgorithmSet},
    introspection::overlap,
    rejection::ApiSettings,
};

/// A member of an answer about a token, which a rule needs.
const TOKEN_TYPE: &str = "token_type";

/// All trusted issuers.
#[derive(Debug)]
pub(crate) struct Issuers {
    by_id: HashMap<Arc<str>, Arc<TrustedIssuer>, RandomState>,
    /// Issuers whose tokens come from a load balancer. Only these tokens may have padding, so the
    /// two kinds can't be confused, even with the same `iss`.
    load_balancers: HashMap<Arc<str>, Arc<TrustedIssuer>, RandomState>,
    /// The identifiers of `by_id` in the order of configuration.
    ids: Vec<Arc<str>>,
    /// All algorithms that any issuer accepts. Other tokens are rejected before their claims are
    /// parsed.
    algorithms: AlgorithmSet,
    /// The names of the claims that any issuer has a rule about.
    required_claims: Vec<Box<str>>,
    tenants: Vec<TenantIssuers>,
    /// The issuers that are asked about tokens. An opaque token belongs to one of them at most.
    introspecting: Vec<Arc<TrustedIssuer>>,
}

/// The result of a lookup by identifier.
pub(crate) enum Found {
    Trusted(Arc<TrustedIssuer>),
    Unknown,
    /// The tenant is new, and the rate limit or the maximum is reached.
    RateLimited {
        retry_after: Duration,
    },
}

impl Issuers {
    pub(crate) fn new(
        issuers: Vec<Issuer>,
        tenants: Vec<Tenants>,
        api: &Arc<ApiSettings>,
    ) -> Result<Self, BuildError> {
        let mut all = Self {
            by_id: HashMap::default(),
            load_balancers: HashMap::default(),
            ids: Vec::new(),
            algorithms: AlgorithmSet::default(),
            required_claims: Vec::new(),
            tenants: Vec::new(),
            introspecting: Vec::new(),
        };
        for issuer in issuers {
            let trusted = Arc::new(issuer.into_trusted(api)?);
            all.accept_from(&trusted);
            all.introspect(&trusted)?;
            let id = Arc::clone(&trusted.issuer);
            let same_kind = match trusted.load_balancer {
                Some(_) => &mut all.load_balancers,
                None => {
                    all.ids.push(Arc::clone(&id));
                    &mut all.by_id
                }
            };
            if same_kind.insert(Arc::clone(&id), trusted).is_some() {
                let kind = BuildErrorKind::DuplicateIssuer;
                return Err(BuildError::of_issuer(kind, &id, " is configured twice"));
            }
        }
        for tenants in tenants {
            let tenants = tenants.build(api)?;
            all.accept_from(tenants.rules());
            all.tenants.push(tenants);
        }
        if all.iter().next().is_none() && all.tenants.is_empty() {
            return Err(BuildError::missing_issuer());
        }
        Ok(all)
    }

    /// Adds the algorithms and the claims of an issuer.
    fn accept_from(&mut self, issuer: &TrustedIssuer) {
        self.algorithms = (self.algorithms.iter())
            .chain(issuer.algorithms.iter())
            .collect();
        for name in issuer.claim_rules.iter().flat_map(ClaimRule::names) {
            if !self.required_claims.iter().any(|it| **it == **name) {
                self.required_claims.push(name.as_str().into());
            }
        }
    }

    /// Adds an issuer that introspects. A token must not be shown to two issuers.
    fn introspect(&mut self, issuer: &Arc<TrustedIssuer>) -> Result<(), BuildError> {
        let Some(introspection) = &issuer.introspection else {
            return Ok(());
        };
        let prefixes = &introspection.settings().prefixes;
        let meets = |other: &&Arc<TrustedIssuer>| {
            let other = other.introspection.as_ref();
            other.is_some_and(|it| overlap(prefixes, &it.settings().prefixes))
        };
        if let Some(other) = self.introspecting.iter().find(meets) {
            let problem = format!(
                " and issuer {:?} would both be asked about the same opaque token: give each its own prefixes with `Introspection::token_prefix`, none of which begins with another's",
                other.issuer
            );
            let kind = BuildErrorKind::Introspection;
            return Err(BuildError::of_issuer(kind, &issuer.issuer, &problem));
        }
        if self.introspecting.is_empty() {
            self.required_claims.push(TOKEN_TYPE.into());
        }
        self.introspecting.push(Arc::clone(issuer));
        Ok(())
    }

    /// Returns `true` if any issuer is asked about tokens.
    pub(crate) fn introspect_any(&self) -> bool {
        !self.introspecting.is_empty()
    }

    /// Returns the issuers that are asked about tokens.
    pub(crate) fn introspecting(&self) -> &[Arc<TrustedIssuer>] {
        &self.introspecting
    }

    pub(crate) fn required_claims(&self) -> &[Box<str>] {
        &self.required_claims
    }

    /// Finds the issuer `iss` of a token with or without padding.
    pub(crate) fn find(&self, iss: &str, padded: bool) -> Found {
        if padded {
            let found = self.load_balancers.get(iss).cloned();
            return found.map_or(Found::Unknown, Found::Trusted);
        }
        if let Some(trusted) = self.by_id.get(iss) {
            return Found::Trusted(Arc::clone(trusted));
        }
        for tenants in &self.tenants {
            match tenants.find(iss) {
                Tenant::Known(trusted) => return Found::Trusted(trusted),
                Tenant::RateLimited { retry_after } => return Found::RateLimited { retry_after },
                Tenant::Refused => {}
            }
        }
        Found::Unknown
    }

    pub(crate) fn have_load_balancers(&self) -> bool {
        !self.load_balancers.is_empty()
    }

    /// Returns `true` if a load balancer's tokens of `iss` are accepted.
    pub(crate) fn have_load_balancer_for(&self, iss: &str) -> bool {
        self.load_balancers.contains_key(iss)
    }

    pub(crate) fn retire_tenant(&self, iss: &str) {
        for tenants in &self.tenants {
            tenants.retire(iss);
        }
    }

    /// Returns the tenants admitted so far.
    pub(crate) fn tenants(&self) -> Vec<Arc<TrustedIssuer>> {
        self.tenants.iter().flat_map(TenantIssuers::all).collect()
    }

    /// Returns the settings that the tenants of each pattern share.
    #[cfg(feature = "metrics")]
    pub(crate) fn tenant_rules(&self) -> impl Iterator<Item = &TrustedIssuer> {
        self.tenants.iter().map(TenantIssuers::rules)
    }

    pub(crate) fn accept(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(algorithm)
    }

    pub(crate) const fn algorithms(&self) -> AlgorithmSet {
        self.algorithms
    }

    /// Returns the configured issuers, without tenants.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<TrustedIssuer>> + Clone {
        let ids = self.ids.iter().filter_map(|id| self.by_id.get(id));
        ids.chain(self.load_balancers.values())
    }
}
