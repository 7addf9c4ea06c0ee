use std::{collections::HashMap, sync::Arc, time::Duration};

use foldhash::fast::RandomState;

use super::{
    BuildError, BuildErrorKind, Issuer, Tenants,
    rules::ClaimRule,
    tenants::{Tenant, TenantIssuers},
    trusted::TrustedIssuer,
};
use crate::{
    crypto::{Algorithm, AlgorithmSet},
    rejection::Api,
};

/// All trusted issuers.
#[derive(Debug)]
pub(crate) struct Issuers {
    by_id: HashMap<Arc<str>, Arc<TrustedIssuer>, RandomState>,
    /// Those whose tokens come from a load balancer. Such tokens carry padding and no others may, so
    /// neither kind can be taken for the other, even where both have the same `iss`.
    load_balancers: HashMap<Arc<str>, Arc<TrustedIssuer>, RandomState>,
    /// In the order in which they were given.
    ids: Vec<Arc<str>>,
    /// What some issuer accepts: other tokens are refused before their claims are read.
    algorithms: AlgorithmSet,
    /// The names of the claims that some issuer requires or refuses.
    required_claims: Vec<Box<str>>,
    tenants: Vec<TenantIssuers>,
}

/// The issuer with some identifier.
pub(crate) enum Found {
    Trusted(Arc<TrustedIssuer>),
    Unknown,
    /// A tenant that can't be taken on now.
    RateLimited {
        retry_after: Duration,
    },
}

impl Issuers {
    pub(crate) fn new(
        issuers: Vec<Issuer>,
        tenants: Vec<Tenants>,
        api: &Arc<Api>,
    ) -> Result<Self, BuildError> {
        let mut all = Self {
            by_id: HashMap::default(),
            load_balancers: HashMap::default(),
            ids: Vec::new(),
            algorithms: AlgorithmSet::default(),
            required_claims: Vec::new(),
            tenants: Vec::new(),
        };
        for issuer in issuers {
            all.require_claims(&issuer);
            let trusted = Arc::new(issuer.into_trusted(api)?);
            let id = Arc::clone(&trusted.issuer);
            all.algorithms = all
                .algorithms
                .iter()
                .chain(trusted.algorithms.iter())
                .collect();
            let (same_kind, ids) = match trusted.load_balancer {
                Some(_) => (&mut all.load_balancers, None),
                None => (&mut all.by_id, Some(&mut all.ids)),
            };
            if same_kind.insert(Arc::clone(&id), trusted).is_some() {
                let kind = BuildErrorKind::DuplicateIssuer;
                return Err(BuildError::of_issuer(kind, &id, " is configured twice"));
            }
            if let Some(ids) = ids {
                ids.push(id);
            }
        }
        for tenants in tenants {
            let tenants = tenants.build(api)?;
            all.require_claims(tenants.template());
            let accepted = tenants.template().algorithms.iter().copied();
            all.algorithms = all.algorithms.iter().chain(accepted).collect();
            all.tenants.push(tenants);
        }
        if all.iter().next().is_none() && all.tenants.is_empty() {
            return Err(BuildError::missing_issuer());
        }
        Ok(all)
    }

    fn require_claims(&mut self, issuer: &Issuer) {
        for name in issuer.claim_rules.iter().flat_map(ClaimRule::names) {
            if !self.required_claims.iter().any(|it| **it == **name) {
                self.required_claims.push(name.as_str().into());
            }
        }
    }

    pub(crate) fn required_claims(&self) -> &[Box<str>] {
        &self.required_claims
    }

    /// The issuer `iss` of tokens with or without padding.
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

    /// Whether tokens of `iss` are accepted from a load balancer.
    pub(crate) fn have_load_balancer_for(&self, iss: &str) -> bool {
        self.load_balancers.contains_key(iss)
    }

    pub(crate) fn retire_tenant(&self, iss: &str) {
        for tenants in &self.tenants {
            tenants.retire(iss);
        }
    }

    /// The tenants taken on so far.
    pub(crate) fn tenants(&self) -> Vec<Arc<TrustedIssuer>> {
        self.tenants.iter().flat_map(TenantIssuers::all).collect()
    }

    pub(crate) fn accept(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(algorithm)
    }

    pub(crate) const fn algorithms(&self) -> AlgorithmSet {
        self.algorithms
    }

    /// The issuers that are known from the start.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<TrustedIssuer>> + Clone {
        let ids = self.ids.iter().filter_map(|id| self.by_id.get(id));
        ids.chain(self.load_balancers.values())
    }
}
