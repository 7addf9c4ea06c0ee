use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use foldhash::fast::RandomState;
use tokio::time::Instant;

use super::{
    BuildError, BuildErrorKind, Issuer, TenantStanding, TrustedIssuer, admission::Admission,
    check_duration,
};
use crate::{
    jwks::{JwksProvider, RefreshMode, RemoteJwks, RemoteJwksBuilder},
    rejection::Api,
    untrusted::Excerpt,
};

/// Issuers that appear at run time: the tenants of one identity provider.
///
/// A tenant is accepted when the token's `iss` fits the pattern to the letter, and its own keys are
/// found by discovery. Every tenant has the rules that are given here.
///
/// Tokens of made-up tenants cost a bounded number of requests to the provider: tenants are admitted
/// at the rate of [`new_tenants`](Self::new_tenants), those first that are asked for most often, and
/// [`max`](Self::max) of them at most are kept. Made-up tenants never displace one whose tokens were
/// verified. Where the tenants are known, say so with [`allow`](Self::allow).
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
    /// Its identifier is the pattern.
    template: Issuer,
    max: usize,
    burst: u32,
    interval: Duration,
    dots: bool,
    allow: Option<Allow>,
}

type Allow = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// The tenants of a running authorizer.
pub(crate) struct TenantIssuers {
    pattern: Pattern,
    /// The accepted algorithms and audiences, for those who have no tenant yet.
    template: Issuer,
    /// The rules of each tenant, checked once.
    rules: TrustedIssuer,
    /// The settings of each tenant's keys, with the HTTP client that they share.
    keys: RemoteJwksBuilder,
    max: usize,
    allow: Option<Allow>,
    /// Read by every request of a tenant, replaced when one is admitted.
    known: ArcSwap<KnownTenants>,
    state: Mutex<State>,
}

type KnownTenants = HashMap<Arc<str>, Tenanted, RandomState>;

/// A tenant that was admitted.
#[derive(Clone)]
struct Tenanted {
    trusted: Arc<TrustedIssuer>,
    keys: Arc<RemoteJwks>,
    /// The order of admission.
    number: u64,
}

/// Whether a tenant may be admitted.
enum Admissible {
    Now,
    /// It was retired meanwhile: the application has to be asked again.
    AskAgain,
    Not(Tenant),
}

/// Behind a lock that is held while a tenant is looked for, admitted or retired. Nothing that is not
/// ours runs under it: no function of the application, no log subscriber.
struct State {
    admission: Admission,
    next_number: u64,
    /// The tenants that `allow` is asked for and that are being admitted. One that is retired leaves:
    /// what `allow` said before does not count any more.
    asking: Vec<(u64, Box<str>)>,
    /// When the log said last that there is no room.
    complained_at: Option<Instant>,
}

/// A tenant's place in [`State::asking`].
struct Asking<'t> {
    tenants: &'t TenantIssuers,
    number: u64,
}

/// What is known of a token's issuer.
pub(crate) enum Tenant {
    Known(Arc<TrustedIssuer>),
    /// It does not fit the pattern, or is not allowed.
    Refused,
    /// It would do, but no further tenant is admitted now.
    RateLimited {
        retry_after: Duration,
    },
}

impl Tenants {
    /// Issuers with the settings of `issuer`, whose identifier is a pattern: one placeholder in braces,
    /// as `{tenant}`, stands for one or more of the characters `A`-`Z`, `a`-`z`, `0`-`9`, `-`, `_`,
    /// within one label of the host name or one segment of the path. In a host name it needs a domain
    /// after it.
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

    /// Lets dots stand in a tenant's name, as in `acme.com`, but not at its ends nor side by side.
    ///
    /// In a host name this lets several labels stand where the pattern has one.
    pub const fn dots_in_names(mut self) -> Self {
        self.dots = true;
        self
    }

    /// Asked with what stands in the pattern's braces before a tenant is admitted. May be called more
    /// than once for the same admission.
    pub fn allow(mut self, allow: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.allow = Some(Arc::new(allow));
        self
    }

    /// Tenants kept at most. A further one takes the place of one that no token was ever verified for,
    /// the oldest first; where there is none, its requests get 503. Default: 1,000.
    pub const fn max(mut self, tenants: usize) -> Self {
        self.max = tenants;
        self
    }

    /// How fast tenants are admitted: `burst` at once, then one per `interval`. While more ask, those
    /// are admitted first that were asked for most often. Default: 20, one per second.
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

    pub(crate) fn build(self, api: &Arc<Api>) -> Result<TenantIssuers, BuildError> {
        let pattern = Pattern::parse(&self.template.issuer, self.dots).ok_or_else(|| {
            let pattern = &self.template.issuer;
            BuildError::new(
                BuildErrorKind::InvalidIssuer,
                format!(
                    "{pattern:?} is no pattern for tenants: one whole label of the host, with a domain after it, or segment of the path has to be in braces, as in \"https://login.example/{{tenant}}/v2.0\""
                ),
            )
        })?;
        if self.template.has_shared_keys() {
            return Err(BuildError::shared_tenant_keys());
        }
        check_duration("new_tenants", self.interval)?;
        // Whether the rules and the settings are any good shows now, not with the first tenant. The
        // application's settings are asked for once: all tenants share one HTTP client.
        let mut example = self.template.clone();
        example.issuer = pattern.example();
        example.check()?;
        let failed = |error| BuildError::keys(&pattern.example(), &error);
        // No task for each of a thousand tenants, most of which are asleep.
        let keys = RemoteJwks::discover(&*example.issuer).refresh_mode(RefreshMode::OnRequest);
        let keys = example
            .remote_keys(keys, api.crypto_backend)
            .with_shared_client()
            .map_err(failed)?;
        if keys.has_fixed_address() {
            return Err(BuildError::shared_tenant_keys());
        }
        let first = keys
            .for_issuer(example.issuer.clone())
            .build_idle()
            .map_err(failed)?;
        Ok(TenantIssuers {
            pattern,
            template: self.template,
            rules: example.with_keys(Arc::new(first), api)?,
            keys,
            max: self.max.max(1),
            allow: self.allow,
            known: ArcSwap::default(),
            state: Mutex::new(State {
                admission: Admission::new(self.burst, self.interval),
                next_number: 0,
                asking: Vec::new(),
                complained_at: None,
            }),
        })
    }
}

impl TenantIssuers {
    /// How often `allow` is asked for one request.
    const ASKED_AT_MOST: usize = 3;

    pub(crate) fn find(&self, iss: &str) -> Tenant {
        if let Some(tenant) = self.known.load().get(iss) {
            return Tenant::Known(Arc::clone(&tenant.trusted));
        }
        let Some(name) = self.pattern.captures(iss) else {
            return Tenant::Refused;
        };
        // Asked before the lock is taken, and again where the tenant was retired meanwhile. Not for
        // ever: `allow` may do that itself.
        for _ in 0..Self::ASKED_AT_MOST {
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

    pub(crate) const fn template(&self) -> &Issuer {
        &self.template
    }

    pub(crate) fn all(&self) -> Vec<Arc<TrustedIssuer>> {
        let known = self.known.load();
        known.values().map(|it| Arc::clone(&it.trusted)).collect()
    }

    /// Removes a tenant; its tokens are refused from now on, those already verified included.
    pub(crate) fn retire(&self, iss: &str) {
        let mut state = self.state();
        state.asking.retain(|(_, it)| **it != *iss);
        let known = self.known.load_full();
        if let Some(tenant) = known.get(iss) {
            tenant.trusted.tenancy.end(TenantStanding::Retired);
            let mut rest = KnownTenants::clone(&known);
            rest.remove(iss);
            self.known.store(Arc::new(rest));
        }
        // The tenant goes after the lock: the last error of its keys may be the fetcher's own.
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

    /// Admits the tenant `iss` if that may be done now; `None` where it was retired since `asking`
    /// began.
    fn admit(&self, iss: &str, asking: &Asking<'_>) -> Option<Tenant> {
        let now = Instant::now();
        match self.may_admit(iss, asking, now) {
            Admissible::Now => {}
            Admissible::AskAgain => return None,
            Admissible::Not(answer) => return Some(answer),
        }
        // Built without the lock: settings are looked at, and warnings may be logged.
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
            && let Some(place) = place_to_take(&known)
            && let Some(displaced) = known.remove(&place)
        {
            displaced.trusted.tenancy.end(TenantStanding::Displaced);
        }
        let number = state.next_number;
        state.next_number += 1;
        let tenant = Tenanted {
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

    /// Takes a place in the rate for `iss`.
    fn may_admit(&self, iss: &str, asking: &Asking<'_>, now: Instant) -> Admissible {
        let mut state = self.state();
        if !state.is_asking(asking.number) {
            return Admissible::AskAgain;
        }
        let known = self.known.load();
        if let Some(tenant) = known.get(iss) {
            return Admissible::Not(Tenant::Known(Arc::clone(&tenant.trusted)));
        }
        if known.len() >= self.max && place_to_take(&known).is_none() {
            let silent = (state.complained_at)
                .is_some_and(|at| now.saturating_duration_since(at) < COMPLAIN_EVERY);
            if !silent {
                state.complained_at = Some(now);
            }
            drop(state);
            if !silent {
                tracing::error!(
                    target: "authz", issuer = %Excerpt(iss), max = self.max,
                    "no room for another tenant: raise `Tenants::max`; logged once a minute at most"
                );
            }
            let retry_after = COMPLAIN_EVERY;
            return Admissible::Not(Tenant::RateLimited { retry_after });
        }
        match state.admission.admit(iss, now) {
            Ok(()) => Admissible::Now,
            Err(retry_after) => Admissible::Not(Tenant::RateLimited { retry_after }),
        }
    }

    /// Every field stands for itself: a panic can't leave it half changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether nobody has retired the tenant since.
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

/// How often the log says that there is no room.
const COMPLAIN_EVERY: Duration = Duration::from_secs(60);

/// The tenant that makes room for another: one that no token was ever verified for. Without keys
/// before with keys, and the oldest first.
fn place_to_take(known: &KnownTenants) -> Option<Arc<str>> {
    known
        .iter()
        .filter(|(_, tenant)| !tenant.trusted.tenancy.is_confirmed())
        .min_by_key(|(_, tenant)| (tenant.keys.has_keys(), tenant.number))
        .map(|(iss, _)| Arc::clone(iss))
}

/// An issuer's form: a text with one place left open.
#[derive(Debug)]
struct Pattern {
    before: String,
    after: String,
    /// Whether the open place may hold dots.
    dots: bool,
}

impl Pattern {
    fn parse(pattern: &str, dots: bool) -> Option<Self> {
        let (before, rest) = pattern.split_once('{')?;
        let (name, after) = rest.split_once('}')?;
        let braces = |text: &str| text.contains(['{', '}']);
        if name.is_empty() || braces(name) || braces(before) || braces(after) {
            return None;
        }
        // The place has to be a whole label or segment: half of one could be made to end anywhere.
        let begins = before.ends_with(['/', '.']);
        let ends = after.is_empty() || after.starts_with(['/', '.']);
        let authority = before.split_once("://").map_or(before, |(_, rest)| rest);
        let in_host = !authority.contains(['/', '?', '#']);
        // Below a domain of the provider's: anybody can register a name that stands alone.
        let domain = (after.strip_prefix('.'))
            .is_some_and(|domain| domain.starts_with(|first: char| first.is_ascii_alphanumeric()));
        let host_is_open = in_host && !domain;
        let pattern = Self {
            before: before.to_owned(),
            after: after.to_owned(),
            dots,
        };
        (begins && ends && !host_is_open).then_some(pattern)
    }

    fn captures<'i>(&self, iss: &'i str) -> Option<&'i str> {
        let tenant = iss
            .strip_prefix(&*self.before)?
            .strip_suffix(&*self.after)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        // Dots at the ends or side by side would be another path, or no host name.
        let fits = |part: &str| !part.is_empty() && part.bytes().all(plain);
        let fits_all = if self.dots {
            tenant.split('.').all(fits)
        } else {
            fits(tenant)
        };
        (tenant.len() <= 128 && fits_all).then_some(tenant)
    }

    fn example(&self) -> String {
        format!("{}example{}", self.before, self.after)
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
            // The name is the end of the host name: anybody's domain would fit.
            ("https://login.{tenant}/", false),
            ("https://login.{tenant}", false),
            ("https://login.{tenant}./", false),
            ("https://{tenant}./", false),
            ("https://{tenant}.:8443/", false),
            ("https://{tenant}..example/", false),
            ("https://login.{tenant}.example/", true),
            ("https://{tenant}.example:8443/", true),
            ("https://login.example:8443/{tenant}/", true),
            ("https://login.example/a.{tenant}/b", true),
            ("{tenant}", false),
        ] {
            assert_eq!(Pattern::parse(pattern, false).is_some(), fine, "{pattern}");
        }
    }

    #[test]
    fn only_plain_names_fit() {
        let pattern = Pattern::parse("https://{tenant}.login.example/", false).unwrap();
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

    #[test]
    fn dots_fit_where_the_pattern_says_so_and_nowhere_near_each_other() {
        let pattern = Pattern::parse("https://login.example/{tenant}/v2.0", true).unwrap();
        for (name, fits) in [
            ("acme", true),
            ("acme.com", true),
            ("a.b.c", true),
            (".", false),
            ("..", false),
            (".acme", false),
            ("acme.", false),
            ("a..b", false),
            ("a/b", false),
            ("a%2eb", false),
        ] {
            let iss = format!("https://login.example/{name}/v2.0");
            assert_eq!(pattern.captures(&iss).is_some(), fits, "{name}");
        }
    }
}
