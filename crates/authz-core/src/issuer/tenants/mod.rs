mod pattern;
mod running;

use std::{fmt, sync::Arc, time::Duration};

pub(super) use self::running::{Tenant, TenantIssuers};
use self::{pattern::Pattern, running::Allow};
use super::{
    admission::TenantAdmission,
    error::{BuildError, BuildErrorKind, check_duration},
    settings::Issuer,
};
use crate::{
    jwks::{RefreshMode, RemoteJwks},
    metrics::IssuerMetrics,
    rejection::ApiSettings,
};

/// Issuers that are found at run time: the tenants of one identity provider.
///
/// A tenant is accepted if the token's `iss` matches the pattern exactly. Its keys are found by
/// discovery. All tenants share the settings given here.
///
/// Tokens of invented tenants cause a limited number of requests to the provider.
/// [`new_tenants`](Self::new_tenants) limits the rate, and the most requested tenants are admitted
/// first. [`max`](Self::max) limits the number of tenants. An invented tenant never displaces one
/// whose tokens were verified. If you know your tenants, list them with [`allow`](Self::allow).
///
/// ```
/// use authz_core::{Authorizer, Issuer, Tenants};
///
/// let issuer = Issuer::entra("{tenant}").audience("6e74172b-be56-4843-9ff4-e66a39bb12e3");
/// let tenants =
///     Tenants::matching(issuer).allow(|tenant| tenant != "9188040d-6c67-4c5b-b112-36a304b66dad");
/// let authorizer = Authorizer::builder().tenants(tenants).build()?;
/// # Ok::<(), authz_core::BuildError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Tenants {
    /// The identifier is the pattern.
    template: Issuer,
    max: usize,
    burst: u32,
    interval: Duration,
    dots: bool,
    allow: Option<Allow>,
}

impl Tenants {
    /// Accepts issuers with the settings of `issuer`, whose identifier is a pattern with one
    /// placeholder in braces, such as `{tenant}`.
    ///
    /// The placeholder must be a whole label of the host name, followed by a domain, or a whole
    /// segment of the path. It matches one or more of the characters `A`-`Z`, `a`-`z`, `0`-`9`, `-`
    /// and `_`, at most 128.
    ///
    /// ```
    /// use authz_core::{Algorithm, Issuer, Tenants};
    ///
    /// let issuer = Issuer::new("https://{tenant}.login.example/")
    ///     .audience("https://api.example")
    ///     .algorithms([Algorithm::ES256]);
    /// let tenants = Tenants::matching(issuer);
    /// ```
    pub const fn matching(issuer: Issuer) -> Self {
        Self {
            template: issuer,
            max: 1000,
            burst: 20,
            interval: Duration::from_secs(1),
            dots: false,
            allow: None,
        }
    }

    /// Allows dots in a tenant's name, as in `acme.com`, but not at its ends and not side by side.
    ///
    /// In a host name, the placeholder then matches several labels.
    pub const fn dots_in_names(mut self) -> Self {
        self.dots = true;
        self
    }

    /// Calls `allow` with the placeholder's value before a tenant is admitted, and rejects the
    /// tenant if it returns `false`. It may be called several times per admission.
    pub fn allow(mut self, allow: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.allow = Some(Arc::new(allow));
        self
    }

    /// Sets the maximum number of tenants. A further tenant displaces the oldest one of which no
    /// token was ever verified. If there is none, its requests get 503. Default: 1,000.
    pub const fn max(mut self, tenants: usize) -> Self {
        self.max = tenants;
        self
    }

    /// Sets the rate of new tenants: `burst` at once, then one per `interval`. The most requested
    /// tenants are admitted first. Default: 20, then one per second.
    pub const fn new_tenants(mut self, burst: u32, interval: Duration) -> Self {
        self.burst = burst;
        self.interval = interval;
        self
    }

    pub(crate) const fn template(&self) -> &Issuer {
        &self.template
    }

    pub(crate) const fn template_mut(&mut self) -> &mut Issuer {
        &mut self.template
    }

    /// Checks the settings and creates the registry of tenants.
    pub(super) fn build(self, api: &Arc<ApiSettings>) -> Result<TenantIssuers, BuildError> {
        let pattern = Pattern::parse(&self.template.issuer, self.dots).ok_or_else(|| {
            let pattern = &self.template.issuer;
            BuildError::new(
                BuildErrorKind::InvalidIssuer,
                format!(
                    "{pattern:?} is not a pattern for tenants: put one whole label of the host name, followed by a domain, or one whole segment of the path in braces, such as \"https://login.example/{{tenant}}/v2.0\""
                ),
            )
        })?;
        if self.template.has_shared_keys() {
            return Err(BuildError::shared_tenant_keys());
        }
        if self.template.introspection.is_some() {
            let problem = " is a pattern for tenants, whose tokens can't be introspected";
            let kind = BuildErrorKind::Introspection;
            return Err(BuildError::of_issuer(kind, &self.template.issuer, problem));
        }
        check_duration("new_tenants", self.interval)?;
        // An example tenant reveals invalid settings now and not with the first tenant. The
        // application's key settings run once, so all tenants share one HTTP client.
        let mut example = self.template.clone();
        example.issuer = pattern.example();
        example.check()?;
        let failed = |error| BuildError::keys(&pattern.example(), &error);
        let metrics = IssuerMetrics::register(&self.template.issuer);
        // A thousand tenants, mostly idle, should not have a background task each.
        let keys = RemoteJwks::discover(&*example.issuer).refresh_mode(RefreshMode::OnRequest);
        let keys = example
            .remote_keys(keys, api.crypto_backend, &metrics)
            .with_shared_client()
            .map_err(failed)?;
        if keys.has_fixed_address() {
            return Err(BuildError::shared_tenant_keys());
        }
        let first = keys
            .for_issuer(example.issuer.clone())
            .build_idle()
            .map_err(failed)?;
        let rules = example.with_keys(Arc::new(first), metrics, api)?;
        let admission = TenantAdmission::new(self.burst, self.interval);
        Ok(TenantIssuers::new(
            pattern, rules, keys, self.max, self.allow, admission,
        ))
    }
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenants")
            .field("pattern", &self.template.issuer)
            .field("rules", &self.template)
            .field("max", &self.max)
            .finish_non_exhaustive()
    }
}
