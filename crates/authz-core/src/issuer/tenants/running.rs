use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use foldhash::fast::RandomState;
use tokio::time::Instant;

use super::pattern::Pattern;
use crate::{
    issuer::{admission::TenantAdmission, tenancy::TenantStanding, trusted::TrustedIssuer},
    jwks::{JwksProvider, RemoteJwks, RemoteJwksBuilder},
    untrusted::Excerpt,
};

/// The application's decision about a tenant's name.
pub(super) type Allow = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// The tenants of a running authorizer.
pub(in crate::issuer) struct TenantIssuers {
    pattern: Pattern,
    /// The checked settings of each tenant.
    rules: TrustedIssuer,
    /// The settings of each tenant's keys, with a shared HTTP client.
    keys: RemoteJwksBuilder,
    max: usize,
    allow: Option<Allow>,
    /// Read by every request and replaced when a tenant is admitted.
    known: ArcSwap<KnownTenants>,
    state: Mutex<TenantsState>,
}

type KnownTenants = HashMap<Arc<str>, AdmittedTenant, RandomState>;

/// An admitted tenant.
#[derive(Clone)]
struct AdmittedTenant {
    trusted: Arc<TrustedIssuer>,
    keys: Arc<RemoteJwks>,
    /// Ascending in the order of admission.
    number: u64,
}

/// Whether a tenant may be admitted.
enum Admissible {
    Now,
    /// The tenant was retired meanwhile: `allow` must be called again.
    AskAgain,
    Not(Tenant),
}

/// Protected by a lock. No foreign code runs under it: no `allow`, no log subscriber.
struct TenantsState {
    admission: TenantAdmission,
    next_number: u64,
    /// The tenants whose admission is in progress. Retiring a tenant removes its entries, because
    /// an earlier result of `allow` is then obsolete.
    asking: Vec<(u64, Box<str>)>,
    /// When the log last reported that the maximum is reached.
    full_logged_at: Option<Instant>,
}

/// An entry in [`TenantsState::asking`], removed on drop.
struct Asking<'t> {
    tenants: &'t TenantIssuers,
    number: u64,
}

/// The result of a lookup.
pub(in crate::issuer) enum Tenant {
    Known(Arc<TrustedIssuer>),
    /// The issuer does not match the pattern, or `allow` rejects it.
    Refused,
    /// The tenant is acceptable, but the rate limit or the maximum is reached.
    RateLimited {
        retry_after: Duration,
    },
}

impl TenantIssuers {
    /// Maximum calls of `allow` per request.
    const MAX_ALLOW_CALLS: usize = 3;

    pub(super) fn new(
        pattern: Pattern,
        rules: TrustedIssuer,
        keys: RemoteJwksBuilder,
        max: usize,
        allow: Option<Allow>,
        admission: TenantAdmission,
    ) -> Self {
        Self {
            pattern,
            rules,
            keys,
            max: max.max(1),
            allow,
            known: ArcSwap::default(),
            state: Mutex::new(TenantsState {
                admission,
                next_number: 0,
                asking: Vec::new(),
                full_logged_at: None,
            }),
        }
    }

    /// Returns the settings that all tenants share.
    pub(in crate::issuer) const fn rules(&self) -> &TrustedIssuer {
        &self.rules
    }

    /// Finds the tenant `iss`, and admits it if it is new and the limits allow it.
    pub(in crate::issuer) fn find(&self, iss: &str) -> Tenant {
        if let Some(tenant) = self.known.load().get(iss) {
            return Tenant::Known(Arc::clone(&tenant.trusted));
        }
        let Some(name) = self.pattern.captures(iss) else {
            return Tenant::Refused;
        };
        // Calls `allow` without the lock, and again if the tenant was retired meanwhile. Limited,
        // because `allow` itself may retire tenants.
        for _ in 0..Self::MAX_ALLOW_CALLS {
            let asking = self.ask(iss);
            if self.allow.as_ref().is_some_and(|allow| !allow(name)) {
                return Tenant::Refused;
            }
            if let Some(tenant) = self.admit(iss, &asking) {
                return tenant;
            }
        }
        Tenant::RateLimited {
            retry_after: Duration::from_secs(1),
        }
    }

    pub(in crate::issuer) fn all(&self) -> Vec<Arc<TrustedIssuer>> {
        let known = self.known.load();
        known.values().map(|it| Arc::clone(&it.trusted)).collect()
    }

    /// Removes a tenant and rejects its tokens immediately, including cached ones.
    pub(in crate::issuer) fn retire(&self, iss: &str) {
        let mut state = self.state();
        state.asking.retain(|(_, it)| **it != *iss);
        let known = self.known.load_full();
        if let Some(tenant) = known.get(iss) {
            tenant.trusted.tenancy.end(TenantStanding::Retired);
            let mut rest = KnownTenants::clone(&known);
            rest.remove(iss);
            self.known.store(Arc::new(rest));
        }
        // The tenant is dropped after the lock, because its last error may run foreign code.
        drop(state);
    }

    fn ask(&self, iss: &str) -> Asking<'_> {
        let mut state = self.state();
        let number = state.next_number;
        state.next_number += 1;
        state.asking.push((number, iss.into()));
        drop(state);
        Asking {
            tenants: self,
            number,
        }
    }

    /// Admits the tenant `iss` if the limits allow it. Returns `None` if it was retired since
    /// `asking` began.
    fn admit(&self, iss: &str, asking: &Asking<'_>) -> Option<Tenant> {
        let now = Instant::now();
        match self.may_admit(iss, asking, now) {
            Admissible::Now => {}
            Admissible::AskAgain => return None,
            Admissible::Not(answer) => return Some(answer),
        }
        // Built without the lock, because it may log warnings.
        let Ok(keys) = self.keys.for_issuer(iss.to_owned()).build_idle() else {
            return Some(Tenant::Refused);
        };
        let keys = Arc::new(keys);
        let provider = Arc::clone(&keys) as Arc<dyn JwksProvider>;
        let trusted = Arc::new(self.rules.for_tenant(iss.into(), provider));
        let mut state = self.state();
        if !state.is_asking(asking.number) {
            return None;
        }
        let known = self.known.load();
        if let Some(tenant) = known.get(iss) {
            return Some(Tenant::Known(Arc::clone(&tenant.trusted)));
        }
        let mut known = KnownTenants::clone(&known);
        if known.len() >= self.max
            && let Some(place) = displaceable(&known)
            && let Some(displaced) = known.remove(&place)
        {
            displaced.trusted.tenancy.end(TenantStanding::Displaced);
        }
        let number = state.next_number;
        state.next_number += 1;
        let tenant = AdmittedTenant {
            trusted: Arc::clone(&trusted),
            keys,
            number,
        };
        known.insert(Arc::clone(&trusted.issuer), tenant);
        self.known.store(Arc::new(known));
        drop(state);
        tracing::info!(target: "authz", issuer = %Excerpt(iss), "tenant admitted");
        Some(Tenant::Known(trusted))
    }

    /// Checks the maximum and takes a token of the rate limit for `iss`.
    fn may_admit(&self, iss: &str, asking: &Asking<'_>, now: Instant) -> Admissible {
        let mut state = self.state();
        if !state.is_asking(asking.number) {
            return Admissible::AskAgain;
        }
        let known = self.known.load();
        if let Some(tenant) = known.get(iss) {
            return Admissible::Not(Tenant::Known(Arc::clone(&tenant.trusted)));
        }
        if known.len() >= self.max && displaceable(&known).is_none() {
            let silent = (state.full_logged_at)
                .is_some_and(|at| now.saturating_duration_since(at) < LOG_INTERVAL);
            if !silent {
                state.full_logged_at = Some(now);
            }
            drop(state);
            if !silent {
                tracing::error!(
                    target: "authz", issuer = %Excerpt(iss), max = self.max,
                    "the maximum number of tenants is reached: raise `Tenants::max`; logged at most once a minute"
                );
            }
            let retry_after = LOG_INTERVAL;
            return Admissible::Not(Tenant::RateLimited { retry_after });
        }
        match state.admission.admit(iss, now) {
            Ok(()) => Admissible::Now,
            Err(retry_after) => Admissible::Not(Tenant::RateLimited { retry_after }),
        }
    }

    /// Ignores poisoning: each field is consistent on its own, even after a panic.
    fn state(&self) -> MutexGuard<'_, TenantsState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TenantsState {
    /// Returns `true` if the tenant was not retired meanwhile.
    fn is_asking(&self, number: u64) -> bool {
        self.asking.iter().any(|(it, _)| *it == number)
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let mut state = self.tenants.state();
        state.asking.retain(|(it, _)| *it != self.number);
    }
}

/// How often the log reports that the maximum is reached.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// Returns the tenant to displace: one of which no token was ever verified, first those without
/// keys, then the oldest.
fn displaceable(known: &KnownTenants) -> Option<Arc<str>> {
    known
        .iter()
        .filter(|(_, tenant)| !tenant.trusted.tenancy.is_confirmed())
        .min_by_key(|(_, tenant)| (tenant.keys.has_keys(), tenant.number))
        .map(|(iss, _)| Arc::clone(iss))
}

impl fmt::Debug for TenantIssuers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantIssuers")
            .field("pattern", &self.pattern)
            .field("known", &self.known.load().keys())
            .finish_non_exhaustive()
    }
}
