use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use foldhash::fast::RandomState;
use tokio::time::Instant;

use super::{BuildError, Issuer, KeySource, Trusted};
use crate::{
    jwks::{RefreshMode, RemoteJwks, RemoteJwksBuilder},
    rejection::Api,
};

/// Issuers that appear at run time: the tenants of one identity provider.
///
/// A tenant is accepted when the token's `iss` fits the pattern to the letter, and its own keys are
/// found by discovery. Every tenant has the rules that are given here.
///
/// Tokens of made-up tenants cost a bounded number of requests: tenants are taken on at the rate
/// of [`new_tenants`](Self::new_tenants), and [`max`](Self::max) of them at most are kept. Where
/// the tenants are known, say so with [`allow`](Self::allow).
///
/// ```
/// use authz_core::{Authorizer, Tenants};
///
/// let authorizer = Authorizer::builder()
///     .tenants(
///         Tenants::matching("https://login.microsoftonline.com/{tenant}/v2.0")
///             .audience("6e74172b-be56-4843-9ff4-e66a39bb12e3")
///             .allow(|tenant| tenant != "9188040d-6c67-4c5b-b112-36a304b66dad"),
///     )
///     .build()?;
/// # Ok::<(), authz_core::BuildError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Tenants {
    pattern: String,
    template: Issuer,
    max: usize,
    burst: u32,
    interval: Duration,
    allow: Option<Allow>,
    keys: Option<KeySettings>,
}

type Allow = Arc<dyn Fn(&str) -> bool + Send + Sync>;
type KeySettings = Arc<dyn Fn(RemoteJwksBuilder) -> RemoteJwksBuilder + Send + Sync>;

/// The tenants of a running authorizer.
pub(crate) struct TenantIssuers {
    pattern: Pattern,
    template: Issuer,
    max: usize,
    allow: Option<Allow>,
    keys: Option<KeySettings>,
    api: Arc<Api>,
    /// Read by every request of a tenant, replaced when one is taken on.
    known: ArcSwap<Known>,
    /// Held while a tenant is taken on.
    admission: Mutex<Admission>,
}

type Known = HashMap<Arc<str>, Arc<Trusted>, RandomState>;

struct Admission {
    burst: u32,
    interval: Duration,
    full_at: Option<Instant>,
}

/// What is known of a token's issuer.
pub(crate) enum Tenant {
    Known(Arc<Trusted>),
    /// It does not fit the pattern, or is not allowed.
    Refused,
    /// It would do, but no further tenant is taken on now.
    Later {
        retry_after: Duration,
    },
}

impl Tenants {
    /// Issuers of the form `pattern`: one place in braces, as `{tenant}`, stands for one or more of the
    /// characters `A`-`Z`, `a`-`z`, `0`-`9`, `-`, `_`, within one label of the host name or one segment
    /// of the path.
    pub fn matching(pattern: impl Into<String>) -> Self {
        Self {
            pattern: pattern.into(),
            template: Issuer::new("tenant"),
            max: 1000,
            burst: 20,
            interval: Duration::from_secs(1),
            allow: None,
            keys: None,
        }
    }

    /// An audience that tokens may be meant for. Given several times, one of them has to be in `aud`.
    pub fn audience(self, audience: impl Into<String>) -> Self {
        self.rules(|issuer| issuer.audience(audience))
    }

    /// Further rules for every tenant.
    ///
    /// ```
    /// use authz_core::{Algorithm, Tenants};
    ///
    /// let tenants = Tenants::matching("https://{tenant}.login.example/")
    ///     .audience("https://api.example")
    ///     .rules(|issuer| issuer.algorithms([Algorithm::ES256]));
    /// ```
    pub fn rules(mut self, rules: impl FnOnce(Issuer) -> Issuer) -> Self {
        self.template = rules(self.template);
        self
    }

    /// Asked with what stands in the pattern's braces before a tenant is taken on.
    pub fn allow(mut self, allow: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.allow = Some(Arc::new(allow));
        self
    }

    /// Settings for the keys of each tenant, as the HTTP client.
    ///
    /// ```
    /// use std::time::Duration;
    /// use authz_core::Tenants;
    ///
    /// let tenants = Tenants::matching("https://{tenant}.login.example/")
    ///     .keys(|keys| keys.timeout(Duration::from_secs(2)));
    /// ```
    pub fn keys(
        mut self,
        settings: impl Fn(RemoteJwksBuilder) -> RemoteJwksBuilder + Send + Sync + 'static,
    ) -> Self {
        self.keys = Some(Arc::new(settings));
        self
    }

    /// Tenants kept at most. A further one takes the place of one whose keys could never be had; where
    /// there is none such, its requests are answered with 503. Default: 1,000.
    pub const fn max(mut self, tenants: usize) -> Self {
        self.max = tenants;
        self
    }

    /// How fast tenants are taken on: `burst` at once, then one per `interval`. Default: 20, one per second.
    pub const fn new_tenants(mut self, burst: u32, interval: Duration) -> Self {
        self.burst = burst;
        self.interval = interval;
        self
    }

    pub(crate) const fn template(&self) -> &Issuer {
        &self.template
    }

    pub(crate) fn build(self, api: &Arc<Api>) -> Result<TenantIssuers, BuildError> {
        let pattern = Pattern::parse(&self.pattern).ok_or(BuildError::InvalidTenantPattern {
            pattern: self.pattern,
        })?;
        if !matches!(self.template.keys, KeySource::Discovery) {
            return Err(BuildError::SharedTenantKeys);
        }
        // Whether the rules are any good shows now, not with the first tenant.
        let mut probe = self.template.clone();
        probe.issuer = pattern.example();
        probe.check()?;
        Ok(TenantIssuers {
            pattern,
            template: self.template,
            max: self.max.max(1),
            allow: self.allow,
            keys: self.keys,
            api: Arc::clone(api),
            known: ArcSwap::default(),
            admission: Mutex::new(Admission {
                burst: self.burst.max(1),
                interval: self.interval,
                full_at: None,
            }),
        })
    }
}

impl TenantIssuers {
    pub(crate) fn find(&self, iss: &str) -> Tenant {
        if let Some(trusted) = self.known.load().get(iss) {
            return Tenant::Known(Arc::clone(trusted));
        }
        let Some(tenant) = self.pattern.captures(iss) else {
            return Tenant::Refused;
        };
        if self.allow.as_ref().is_some_and(|allow| !allow(tenant)) {
            return Tenant::Refused;
        }
        self.take_on(iss)
    }

    pub(crate) fn template(&self) -> &Issuer {
        &self.template
    }

    pub(crate) fn all(&self) -> Vec<Arc<Trusted>> {
        self.known.load().values().cloned().collect()
    }

    /// Forgets a tenant; tokens already verified are refused from now on.
    pub(crate) fn retire(&self, iss: &str) {
        let _admission = self
            .admission
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut known = Known::clone(&self.known.load());
        if let Some(trusted) = known.remove(iss) {
            self.known.store(Arc::new(known));
            trusted.retire();
        }
    }

    fn take_on(&self, iss: &str) -> Tenant {
        let mut admission = self
            .admission
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut known = Known::clone(&self.known.load());
        if let Some(trusted) = known.get(iss) {
            return Tenant::Known(Arc::clone(trusted));
        }
        let now = Instant::now();
        if let Some(retry_after) = admission.wait(now) {
            return Tenant::Later { retry_after };
        }
        if known.len() >= self.max {
            let never_ready = known.iter().find(|(_, it)| !it.keys.status().ready);
            let Some(place) = never_ready.map(|(iss, _)| Arc::clone(iss)) else {
                tracing::error!(
                    target: "authz", issuer = iss, max = self.max,
                    "no room for another tenant: raise `Tenants::max`"
                );
                let retry_after = Duration::from_secs(60);
                return Tenant::Later { retry_after };
            };
            known.remove(&place);
        }
        let mut issuer = self.template.clone();
        issuer.issuer = iss.to_owned();
        // No task for each of a thousand tenants, most of which are asleep.
        let keys = RemoteJwks::discover(iss).refresh_mode(RefreshMode::OnRequest);
        let keys = match &self.keys {
            Some(settings) => settings(keys),
            None => keys,
        };
        match keys.build() {
            Ok(keys) => issuer.keys = KeySource::Provider(Arc::new(keys)),
            Err(_) => return Tenant::Refused,
        }
        let Ok(trusted) = issuer.into_trusted(&self.api) else {
            return Tenant::Refused;
        };
        admission.take(now);
        let trusted = Arc::new(trusted);
        known.insert(Arc::clone(&trusted.issuer), Arc::clone(&trusted));
        self.known.store(Arc::new(known));
        tracing::info!(target: "authz", issuer = iss, "tenant taken on");
        Tenant::Known(trusted)
    }
}

impl Admission {
    fn wait(&self, now: Instant) -> Option<Duration> {
        let to_fill = self.full_at?.saturating_duration_since(now);
        let wait = to_fill.saturating_sub(self.interval * (self.burst - 1));
        (!wait.is_zero()).then_some(wait)
    }

    fn take(&mut self, now: Instant) {
        self.full_at = Some(self.full_at.map_or(now, |at| at.max(now)) + self.interval);
    }
}

/// An issuer's form: a text with one place left open.
#[derive(Debug)]
struct Pattern {
    before: String,
    after: String,
}

impl Pattern {
    fn parse(pattern: &str) -> Option<Self> {
        let (before, rest) = pattern.split_once('{')?;
        let (name, after) = rest.split_once('}')?;
        let braces = |text: &str| text.contains(['{', '}']);
        if name.is_empty() || braces(name) || braces(before) || braces(after) {
            return None;
        }
        // The place has to be a whole label or segment: half of one could be made to end anywhere.
        let begins = before.ends_with(['/', '.']);
        let ends = after.is_empty() || after.starts_with(['/', '.']);
        let host_is_open = before.ends_with("://") && !after.starts_with('.');
        let pattern = Self {
            before: before.to_owned(),
            after: after.to_owned(),
        };
        (begins && ends && !host_is_open).then_some(pattern)
    }

    fn captures<'i>(&self, iss: &'i str) -> Option<&'i str> {
        let tenant = iss
            .strip_prefix(&*self.before)?
            .strip_suffix(&*self.after)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (!tenant.is_empty() && tenant.len() <= 128 && tenant.bytes().all(plain)).then_some(tenant)
    }

    fn example(&self) -> String {
        format!("{}example{}", self.before, self.after)
    }
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenants")
            .field("pattern", &self.pattern)
            .field("rules", &self.template)
            .field("max", &self.max)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for TenantIssuers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantIssuers")
            .field("pattern", &self.pattern)
            .field("known", &self.known.load().keys())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_one_open_place_that_is_a_whole_label_or_segment() {
        for (pattern, fine) in [
            ("https://login.example/{tenant}/v2.0", true),
            ("https://login.example/{tenant}", true),
            ("https://{tenant}.login.example/", true),
            ("https://login.example/", false),
            ("https://login.example/{}", false),
            ("https://login.example/{a}/{b}", false),
            ("https://login.example/x{tenant}", false),
            ("https://login.example/{tenant}x", false),
            ("https://{tenant}", false),
            ("https://{tenant}/", false),
            ("https://login{tenant}.example/", false),
            ("{tenant}", false),
        ] {
            assert_eq!(Pattern::parse(pattern).is_some(), fine, "{pattern}");
        }
    }

    #[test]
    fn only_plain_names_fit() {
        let pattern = Pattern::parse("https://{tenant}.login.example/").unwrap();
        for (iss, tenant) in [
            ("https://acme.login.example/", Some("acme")),
            ("https://acme-2_x.login.example/", Some("acme-2_x")),
            ("https://acme.login.example", None),
            ("http://acme.login.example/", None),
            ("https://.login.example/", None),
            ("https://a.b.login.example/", None),
            ("https://evil.example/.login.example/", None),
            ("https://evil.example?.login.example/", None),
            ("https://evil@x.login.example/", None),
            ("https://evil#.login.example/", None),
            ("https://\u{430}cme.login.example/", None),
            ("https://acme.login.example/x", None),
            ("xhttps://acme.login.example/", None),
        ] {
            assert_eq!(pattern.captures(iss), tenant, "{iss}");
        }
    }
}
