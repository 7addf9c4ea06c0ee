//! Which issuers are trusted, and what is asked of the tokens of each.
//!
//! An issuer is chosen by the token's `iss`, compared to the letter, before any key is looked at:
//! keys of one issuer never verify another's tokens.

mod admission;
mod arguments;
mod load_balancer;
mod profiles;
mod tenancy;
mod tenants;

use std::{collections::HashMap, sync::Arc, time::Duration};

use foldhash::fast::RandomState;

pub(crate) use self::load_balancer::check_header as check_load_balancer;
pub use self::tenants::Tenants;
use self::{
    arguments::Mistake,
    load_balancer::{Arn, PemByKid},
    tenancy::{Tenancy, TenantStanding},
    tenants::{Tenant, TenantIssuers},
};
use crate::{
    crypto::{Algorithm, AlgorithmSet, VerificationKey},
    jwks::{
        Address, CombinedKeys, JwksProvider, KeyCandidates, RemoteJwks, RemoteJwksBuilder,
        RemoteJwksError,
    },
    policy::{BadImplication, ClaimPath, InvalidClaimPath, InvalidScope},
    rejection::Api,
    untrusted::Excerpt,
};

/// One trusted issuer and its rules.
///
/// ```
/// use authz_core::{Algorithm, Authorizer, Issuer};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let authorizer = Authorizer::builder()
///     .issuer(Issuer::new("https://login.example/").audience("https://api.example"))
///     .issuer(
///         Issuer::new("https://partner.example")
///             .audience("https://api.example")
///             .algorithms([Algorithm::ES256]),
///     )
///     .build()?;
/// # Ok::<(), authz_core::BuildError>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Issuer {
    pub(crate) issuer: String,
    pub(crate) audiences: Vec<String>,
    pub(crate) algorithms: Vec<Algorithm>,
    /// Empty: the profile's address, else discovery.
    pub(crate) key_sources: Vec<KeySource>,
    /// Where a profile's issuer has its keys. Whoever gives a source of keys means it instead.
    profile_jwks_uri: Option<Address>,
    pub(crate) key_settings: Option<KeySettings>,
    pub(crate) key_candidates: usize,
    pub(crate) leeway: Duration,
    pub(crate) token_types: TokenTypes,
    pub(crate) scope_claims: Vec<ScopeClaim>,
    pub(crate) role_claims: Vec<String>,
    pub(crate) group_claims: Vec<String>,
    pub(crate) strict: bool,
    pub(crate) clients: Vec<String>,
    pub(crate) claim_rules: Vec<ClaimRule>,
    pub(crate) audience_rule: AudienceRule,
    /// A profile was called with arguments that it can't work with.
    mistake: Option<Mistake>,
    /// The ARN of the AWS load balancer whose tokens these are.
    pub(crate) load_balancer: Option<Arc<str>>,
}

/// What makes sure that a token is meant for this API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AudienceRule {
    /// `aud` has to contain one of the audiences.
    Audience,
    /// The issuer's tokens have no `aud`: the client has to be one of those listed.
    Client,
    /// The issuer's tokens have neither: a required claim has to have its value.
    Claim,
}

/// What a claim has to be, for a token to be an access token for this API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClaimRule {
    /// There, with this text as its value.
    Equals(String, String),
    /// This text, or not there.
    EqualsIfPresent(String, String),
    /// One of them there.
    OneOf(Vec<String>),
    /// Not there.
    Absent(String),
}

#[derive(Clone, Debug)]
pub(crate) enum KeySource {
    Uri(Address),
    Provider(Arc<dyn JwksProvider>),
}

/// Settings for keys that are fetched, as a function of the application's.
#[derive(Clone)]
pub(crate) struct KeySettings(Arc<dyn Fn(RemoteJwksBuilder) -> RemoteJwksBuilder + Send + Sync>);

/// Which values of the header's `typ` are accepted (RFC 8725 section 3.11).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TokenTypes {
    /// `at+jwt`, `application/at+jwt`, `JWT` or none: what issuers send in practice.
    #[default]
    Lenient,
    /// `at+jwt` or `application/at+jwt` alone (RFC 9068 section 4).
    AccessTokenOnly,
    /// These alone, compared without regard to case.
    Only(Vec<String>),
}

/// A claim that scopes are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScopeClaim {
    /// `scope`: a string of names separated by spaces (RFC 9068 section 2.2.3), or an array whose
    /// elements are one name each.
    Scope,
    /// `scp`: Entra ID's string, Okta's array.
    Scp,
    /// `permissions`: Auth0's array, counted as scopes only when asked for. They say what the user
    /// may do, whatever scopes the client was granted.
    Permissions,
}

impl ScopeClaim {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Scope => "scope",
            Self::Scp => "scp",
            Self::Permissions => "permissions",
        }
    }
}

impl Issuer {
    /// The issuer with this identifier, exactly as it stands in the token's `iss`: with or without
    /// a slash at the end is a difference.
    pub fn new(issuer: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audiences: Vec::new(),
            algorithms: vec![Algorithm::RS256],
            key_sources: Vec::new(),
            profile_jwks_uri: None,
            key_settings: None,
            key_candidates: 8,
            leeway: Duration::from_secs(60),
            token_types: TokenTypes::Lenient,
            scope_claims: vec![ScopeClaim::Scope, ScopeClaim::Scp],
            role_claims: vec!["roles".to_owned()],
            group_claims: vec!["groups".to_owned()],
            strict: false,
            clients: Vec::new(),
            claim_rules: Vec::new(),
            audience_rule: AudienceRule::Audience,
            mistake: None,
            load_balancer: None,
        }
    }

    /// An audience that tokens may be meant for; one of those given has to be in `aud`.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// The accepted algorithms, in place of the default RS256.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// The address of the key set, in place of discovery and of a profile's own address. The issuer
    /// is then only compared, to the letter: it may be any text.
    ///
    /// May be repeated and combined with [`keys`](Self::keys): every source is looked at.
    pub fn jwks_uri(mut self, uri: impl Into<String>) -> Self {
        self.key_sources.push(KeySource::Uri(Address(uri.into())));
        self
    }

    /// A source of keys, in place of discovery and of a profile's own address: a [`RemoteJwks`] with
    /// settings of its own,
    /// [`StaticKeys`](crate::jwks::StaticKeys), a [`SharedSecret`](crate::jwks::SharedSecret), or the
    /// user's own.
    ///
    /// May be repeated: every source is looked at, and which has a token's key is told by the token's
    /// algorithm and `kid`. An issuer that moves from a shared secret to a key set has both:
    ///
    /// ```
    /// use authz_core::{Algorithm, Issuer, jwks::SharedSecret};
    ///
    /// # fn example(secret: Vec<u8>) -> Result<Issuer, Box<dyn std::error::Error>> {
    /// let issuer = Issuer::new("https://login.example/")
    ///     .audience("https://api.example")
    ///     .algorithms([Algorithm::RS256, Algorithm::HS256])
    ///     .jwks_uri("https://login.example/keys")
    ///     .keys(SharedSecret::hs256(secret)?);
    /// # Ok(issuer) }
    /// ```
    pub fn keys(mut self, keys: impl JwksProvider) -> Self {
        self.key_sources.push(KeySource::Provider(Arc::new(keys)));
        self
    }

    /// Settings for keys that are fetched, by discovery or from [`jwks_uri`](Self::jwks_uri): time
    /// limits, a private certificate authority, an address for metadata that is not the issuer's.
    ///
    /// ```
    /// use authz_core::Issuer;
    ///
    /// let issuer = Issuer::new("https://login.example/")
    ///     .audience("https://api.example")
    ///     .key_settings(|keys| keys.ca_file("/etc/ssl/company.pem"));
    /// ```
    pub fn key_settings(
        mut self,
        settings: impl Fn(RemoteJwksBuilder) -> RemoteJwksBuilder + Send + Sync + 'static,
    ) -> Self {
        self.key_settings = Some(KeySettings(Arc::new(settings)));
        self
    }

    /// The most keys that are tried for a token that does not say which key signed it. Default: 8; at
    /// most [`KeyCandidates::MAX`](crate::jwks::KeyCandidates::MAX).
    pub const fn key_candidates(mut self, keys: usize) -> Self {
        self.key_candidates = keys;
        self
    }

    /// How far the issuer's clock and ours may differ. Default: 60 s.
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Which values of `typ` are accepted. Default: [`TokenTypes::Lenient`].
    pub fn token_types(mut self, types: TokenTypes) -> Self {
        self.token_types = types;
        self
    }

    /// The claims that scopes are read from. Default: `scope` and `scp`.
    pub fn scopes_from(mut self, claims: impl IntoIterator<Item = ScopeClaim>) -> Self {
        self.scope_claims = claims.into_iter().collect();
        self
    }

    /// The claims that [`role`](crate::policy::role) looks at, each written as a
    /// [`ClaimPath`]: `realm_access.roles`, `https://example.com/roles`. Their values may be one
    /// name, an array of names, or an object whose keys are the roles. Default: `roles`.
    ///
    /// A string that may be a list (with a space or a comma in it) and a value of another type
    /// on the way or at its end are [unknown](crate::policy::Verdict::Unknown).
    pub fn roles_from<T: Into<String>>(mut self, claims: impl IntoIterator<Item = T>) -> Self {
        self.role_claims = claims.into_iter().map(Into::into).collect();
        self
    }

    /// The claims that [`group`](crate::policy::group) looks at, as in
    /// [`roles_from`](Self::roles_from). Default: `groups`.
    pub fn groups_from<T: Into<String>>(mut self, claims: impl IntoIterator<Item = T>) -> Self {
        self.group_claims = claims.into_iter().map(Into::into).collect();
        self
    }

    /// All of RFC 9068: `typ` has to be `at+jwt`, and `sub`, `client_id`, `iat` and `jti` have to be there.
    pub fn strict_rfc9068(mut self) -> Self {
        self.token_types = TokenTypes::AccessTokenOnly;
        self.strict = true;
        self
    }

    /// The clients whose tokens are accepted, by `client_id` or else `azp`; a token of another, or of
    /// none, is refused. Default: any client.
    pub fn clients<S: Into<String>>(mut self, clients: impl IntoIterator<Item = S>) -> Self {
        self.clients = clients.into_iter().map(Into::into).collect();
        self
    }

    /// A claim that has to be there with this text as its value, as `token_use` with `access`.
    pub fn required_claim(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.claim_rules
            .push(ClaimRule::Equals(name.into(), value.into()));
        self
    }

    /// A claim that has to have this text as its value where a token has it at all, as Keycloak's
    /// `typ` with `Bearer`: its ID tokens have another there.
    pub fn claim_if_present(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.claim_rules
            .push(ClaimRule::EqualsIfPresent(name.into(), value.into()));
        self
    }

    /// Claims of which a token has to have at least one, whatever its value, as `azp` or
    /// `client_id`: for issuers whose ID tokens have none of them.
    pub fn one_of_claims<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        self.claim_rules.push(ClaimRule::OneOf(names));
        self
    }

    /// A claim that a token must not have, as `at_hash` or `nonce`: for issuers whose ID tokens alone
    /// have it.
    pub fn refused_claim(mut self, name: impl Into<String>) -> Self {
        self.claim_rules.push(ClaimRule::Absent(name.into()));
        self
    }

    /// For an issuer whose access tokens have no `aud`, as Amazon Cognito's: the [`clients`](Self::clients)
    /// take its place. A token is then meant for this API because it was issued to one of them, so they
    /// have to be listed, and a token that does name an audience is held to it all the same.
    pub const fn clients_instead_of_audience(mut self) -> Self {
        self.audience_rule = AudienceRule::Client;
        self
    }

    /// For an issuer whose access tokens have neither `aud` nor a client, as WorkOS': this claim takes their
    /// place, as `org_id` with `org_1`, and a token without it is refused. Given several times, each
    /// has to have its value. A token that does name an audience is held to it all the same.
    ///
    /// A claim that every token of the issuer has alike makes nothing sure: tokens that the issuer gave out
    /// for other APIs are then accepted here.
    pub fn required_claim_instead_of_audience(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.audience_rule = AudienceRule::Claim;
        self.required_claim(name, value)
    }

    fn check(&self) -> Result<(), BuildError> {
        if let Some(Mistake {
            call,
            problem,
            instead,
        }) = self.mistake.clone()
        {
            return Err(BuildError::InvalidProfile {
                call,
                problem,
                instead,
            });
        }
        let issuer = self.issuer.clone();
        if issuer.is_empty() {
            return Err(BuildError::MissingIssuer);
        }
        if self.algorithms.is_empty() {
            return Err(BuildError::NoAlgorithms { issuer });
        }
        if self.audience_rule == AudienceRule::Client && self.clients.is_empty() {
            return Err(BuildError::MissingClients { issuer });
        }
        if self.audience_rule == AudienceRule::Audience && self.audiences.is_empty() {
            return Err(BuildError::MissingAudience { issuer });
        }
        if self.audiences.iter().any(String::is_empty) {
            return Err(BuildError::EmptyAudience { issuer });
        }
        if !self.claim_rules.iter().all(ClaimRule::can_be_meant) {
            return Err(BuildError::EmptyClaimRule { issuer });
        }
        if let Some(signer) = &self.load_balancer
            && Arn::parse(signer).is_none()
        {
            let given = signer.to_string();
            return Err(BuildError::InvalidLoadBalancer { given });
        }
        claim_paths(&issuer, &self.role_claims)?;
        claim_paths(&issuer, &self.group_claims)?;
        check_duration("leeway", self.leeway)?;
        if !(1..=KeyCandidates::MAX).contains(&self.key_candidates) {
            let given = self.key_candidates;
            return Err(BuildError::InvalidKeyCandidates { issuer, given });
        }
        Ok(())
    }

    /// The provider of keys that are fetched from the issuer, with its settings.
    pub(crate) const fn has_shared_keys(&self) -> bool {
        !self.key_sources.is_empty() || self.profile_jwks_uri.is_some()
    }

    fn remote_keys(&self, keys: RemoteJwksBuilder) -> RemoteJwksBuilder {
        match &self.key_settings {
            Some(settings) => (settings.0)(keys),
            None => keys,
        }
    }

    fn provider(&self) -> Result<Arc<dyn JwksProvider>, BuildError> {
        let remote = |builder| match self.remote_keys(builder).build() {
            Ok(keys) => Ok(Arc::new(keys) as Arc<dyn JwksProvider>),
            Err(source) => Err(BuildError::Keys {
                issuer: self.issuer.clone(),
                source,
            }),
        };
        if let Some(signer) = &self.load_balancer {
            return self.load_balancer_keys(signer);
        }
        if self.key_sources.is_empty() {
            return remote(match &self.profile_jwks_uri {
                Some(uri) => RemoteJwks::at(&*uri.0),
                None => RemoteJwks::discover(&*self.issuer),
            });
        }
        let sources = self.key_sources.iter().map(|source| match source {
            KeySource::Uri(uri) => remote(RemoteJwks::at(&*uri.0)),
            KeySource::Provider(keys) => Ok(Arc::clone(keys)),
        });
        Ok(CombinedKeys::of(sources.collect::<Result<_, _>>()?))
    }

    /// The keys of the load balancer `signer`: one document for each `kid`, in place of a key set.
    fn load_balancer_keys(&self, signer: &str) -> Result<Arc<dyn JwksProvider>, BuildError> {
        let at = |address: &str| {
            let keys = self.remote_keys(PemByKid::settings(address));
            match PemByKid::new(keys) {
                Ok(keys) => Ok(Arc::new(keys) as Arc<dyn JwksProvider>),
                Err(source) => Err(BuildError::Keys {
                    issuer: self.issuer.clone(),
                    source,
                }),
            }
        };
        if self.key_sources.is_empty() {
            let address = Arn::parse(signer).and_then(|arn| arn.key_address());
            return at(&address.ok_or_else(|| BuildError::LoadBalancerKeys {
                signer: signer.to_owned(),
            })?);
        }
        let sources = self.key_sources.iter().map(|source| match source {
            KeySource::Uri(uri) => at(&uri.0),
            KeySource::Provider(keys) => Ok(Arc::clone(keys)),
        });
        Ok(CombinedKeys::of(sources.collect::<Result<_, _>>()?))
    }

    pub(crate) fn into_trusted(self, api: &Arc<Api>) -> Result<TrustedIssuer, BuildError> {
        self.check()?;
        let keys = self.provider()?;
        self.with_keys(keys, api)
    }

    fn with_keys(
        self,
        keys: Arc<dyn JwksProvider>,
        api: &Arc<Api>,
    ) -> Result<TrustedIssuer, BuildError> {
        let issuer = self.issuer;
        let role_claims = claim_paths(&issuer, &self.role_claims)?;
        let group_claims = claim_paths(&issuer, &self.group_claims)?;
        Ok(TrustedIssuer {
            issuer: issuer.into(),
            audiences: self.audiences.into_iter().map(Box::from).collect(),
            algorithms: self.algorithms.into_iter().collect(),
            keys,
            key_candidates: self.key_candidates,
            tenancy: Tenancy::default(),
            leeway: self.leeway.as_secs(),
            token_types: self.token_types,
            scope_claims: self.scope_claims.into(),
            role_claims,
            group_claims,
            strict: self.strict,
            clients: self.clients.into_iter().map(Box::from).collect(),
            claim_rules: self.claim_rules.into(),
            audience_rule: self.audience_rule,
            load_balancer: self.load_balancer,
            api: Arc::clone(api),
        })
    }
}

impl ClaimRule {
    fn names(&self) -> &[String] {
        match self {
            Self::Equals(name, _) | Self::EqualsIfPresent(name, _) | Self::Absent(name) => {
                std::slice::from_ref(name)
            }
            Self::OneOf(names) => names,
        }
    }

    /// An empty name or value is a variable that is not set.
    fn can_be_meant(&self) -> bool {
        match self {
            Self::Equals(name, value) | Self::EqualsIfPresent(name, value) => {
                !name.is_empty() && !value.is_empty()
            }
            Self::OneOf(names) => !names.is_empty() && !names.iter().any(String::is_empty),
            Self::Absent(name) => !name.is_empty(),
        }
    }
}

/// Why an [`Authorizer`](crate::Authorizer) can't be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No issuer was given.
    #[error(
        "no issuer is configured: give the `iss` of the tokens to accept, as with `.issuer(\"https://tenant.eu.auth0.com/\")`"
    )]
    MissingIssuer,
    /// No audience was given.
    #[error(
        "issuer {issuer:?} has no audience: give the identifier of this API, as with `.audience(\"https://api.example\")`; without one, tokens meant for other APIs would be accepted"
    )]
    MissingAudience {
        /// The issuer.
        issuer: String,
    },
    /// Clients are to take the place of the audience, and none is listed.
    #[error(
        "issuer {issuer:?} has no audience, and no clients that take its place: list them with `.clients([..])`"
    )]
    MissingClients {
        /// The issuer.
        issuer: String,
    },
    /// A profile, as [`Issuer::auth0`], was called with arguments that it can't work with.
    #[error("{call}: {problem}; write {instead}")]
    InvalidProfile {
        /// The call as it was written.
        call: String,
        /// What is wrong with it.
        problem: &'static str,
        /// A call that works.
        instead: String,
    },
    /// A rule about a claim has an empty name or value, or names no claim.
    #[error(
        "issuer {issuer:?} has a rule about a claim with an empty name or value: give both, as with `.required_claim(\"token_use\", \"access\")`"
    )]
    EmptyClaimRule {
        /// The issuer.
        issuer: String,
    },
    /// An audience is the empty string.
    #[error("issuer {issuer:?} has an empty audience")]
    EmptyAudience {
        /// The issuer.
        issuer: String,
    },
    /// The list of algorithms is empty.
    #[error("issuer {issuer:?} has an empty list of algorithms: no token could be accepted")]
    NoAlgorithms {
        /// The issuer.
        issuer: String,
    },
    /// Two issuers have the same identifier.
    #[error("issuer {issuer:?} is configured twice")]
    DuplicateIssuer {
        /// The issuer.
        issuer: String,
    },
    /// Not the ARN of an Application Load Balancer.
    #[error(
        "{} is not the ARN of an Application Load Balancer: give the issuer of its users, its ARN and its client, as with `Issuer::aws_alb(\"https://login.example\", \"arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/my-api/50dc6c495c0c9188\", \"client-id\")`",
        Excerpt(given)
    )]
    InvalidLoadBalancer {
        /// What was given in its place.
        given: String,
    },
    /// A load balancer in a part of AWS whose key addresses are not known here.
    #[error(
        "the address of the public keys of load balancer {} is not known: give it, without the `kid` at its end, with `.jwks_uri(\"https://..\")`",
        Excerpt(signer)
    )]
    LoadBalancerKeys {
        /// The load balancer's ARN.
        signer: String,
    },
    /// A pattern for tenants that has not exactly one open place.
    #[error(
        "{pattern:?} is no pattern for tenants: one whole label of the host, with a domain after it, or segment of the path has to be in braces, as in \"https://login.example/{{tenant}}/v2.0\""
    )]
    InvalidTenantPattern {
        /// The pattern.
        pattern: String,
    },
    /// A duration longer than a hundred years.
    #[error("{setting} is {value:?}: at most 100 years are accepted")]
    DurationTooLong {
        /// The setting: the name of the builder's method.
        setting: &'static str,
        /// What was given.
        value: Duration,
    },
    /// The limit of keys tried for one token is zero, or too high.
    #[error(
        "issuer {issuer:?}: key_candidates is {given}; between 1 and {} keys can be tried for a token",
        KeyCandidates::MAX
    )]
    InvalidKeyCandidates {
        /// The issuer.
        issuer: String,
        /// What was given.
        given: usize,
    },
    /// One key set address for all tenants: each would sign for the others.
    #[error(
        "tenants share one key set address: the keys of one would verify the tokens of another; leave it out, so that each tenant's own keys are found by discovery"
    )]
    SharedTenantKeys,
    /// The keys can't be fetched that way.
    #[error("the keys of issuer {issuer:?} can't be fetched: {source}")]
    Keys {
        /// The issuer.
        issuer: String,
        /// Why.
        source: RemoteJwksError,
    },
    /// A claim that roles or groups are to be read from can't be one.
    #[error("the roles or groups of issuer {issuer:?}: {source}")]
    InvalidClaimPath {
        /// The issuer.
        issuer: String,
        /// Why.
        source: InvalidClaimPath,
    },
    /// A scope that implies others, or is implied, is no scope.
    #[error("what scopes imply: {source}")]
    InvalidImplication {
        /// Why.
        source: InvalidScope,
    },
    /// Scopes imply each other in a circle: they would all be the same.
    #[error("scopes imply each other in a circle: {}", cycle.join(" implies "))]
    CircularImplication {
        /// Each implies the next; the last is the first again.
        cycle: Vec<String>,
    },
    /// The resource identifier isn't an absolute https URL without fragment (RFC 9728 section 1.2). Plain
    /// http is for this machine's own addresses.
    #[error(
        "the resource identifier {resource:?} is not an absolute https URL without fragment and user (RFC 9728 section 1.2): give the address that clients use, as with `.resource(\"https://api.example\")`; plain http is for loopback addresses only"
    )]
    InvalidResource {
        /// What was given.
        resource: String,
    },
}

impl From<BadImplication> for BuildError {
    fn from(bad: BadImplication) -> Self {
        match bad {
            BadImplication::Invalid(source) => Self::InvalidImplication { source },
            BadImplication::Cycle(cycle) => Self::CircularImplication { cycle },
        }
    }
}

/// An issuer whose settings were found good.
#[derive(Debug)]
pub(crate) struct TrustedIssuer {
    pub(crate) issuer: Arc<str>,
    pub(crate) audiences: Arc<[Box<str>]>,
    pub(crate) algorithms: AlgorithmSet,
    pub(crate) keys: Arc<dyn JwksProvider>,
    pub(crate) key_candidates: usize,
    tenancy: Tenancy,
    /// Seconds.
    pub(crate) leeway: u64,
    pub(crate) token_types: TokenTypes,
    pub(crate) scope_claims: Arc<[ScopeClaim]>,
    pub(crate) role_claims: Arc<[ClaimPath]>,
    pub(crate) group_claims: Arc<[ClaimPath]>,
    pub(crate) strict: bool,
    /// Empty: any.
    pub(crate) clients: Arc<[Box<str>]>,
    pub(crate) claim_rules: Arc<[ClaimRule]>,
    pub(crate) audience_rule: AudienceRule,
    /// The ARN of the AWS load balancer whose tokens these are.
    pub(crate) load_balancer: Option<Arc<str>>,
    /// The API that trusts it.
    pub(crate) api: Arc<Api>,
}

impl TrustedIssuer {
    /// Whether a token verified before is still good as far as its issuer and its key go.
    pub(crate) fn still_trusts(&self, key: &VerificationKey) -> bool {
        self.standing() == TenantStanding::Trusted && self.keys.is_current(key)
    }

    pub(crate) fn standing(&self) -> TenantStanding {
        self.tenancy.standing()
    }

    /// A token of this issuer was verified.
    pub(crate) fn confirm(&self) {
        self.tenancy.confirm();
    }

    /// These rules for another tenant.
    fn for_tenant(&self, issuer: Arc<str>, keys: Arc<dyn JwksProvider>) -> Self {
        Self {
            issuer,
            audiences: Arc::clone(&self.audiences),
            algorithms: self.algorithms,
            keys,
            key_candidates: self.key_candidates,
            tenancy: Tenancy::default(),
            leeway: self.leeway,
            token_types: self.token_types.clone(),
            scope_claims: Arc::clone(&self.scope_claims),
            role_claims: Arc::clone(&self.role_claims),
            group_claims: Arc::clone(&self.group_claims),
            strict: self.strict,
            clients: Arc::clone(&self.clients),
            claim_rules: Arc::clone(&self.claim_rules),
            audience_rule: self.audience_rule,
            load_balancer: self.load_balancer.clone(),
            api: Arc::clone(&self.api),
        }
    }
}

impl std::fmt::Debug for KeySettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeySettings(..)")
    }
}

/// No setting is so long that a time can't be reckoned with it.
pub(crate) fn check_duration(setting: &'static str, value: Duration) -> Result<(), BuildError> {
    const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    if value > LONGEST {
        return Err(BuildError::DurationTooLong { setting, value });
    }
    Ok(())
}

fn claim_paths(issuer: &str, claims: &[String]) -> Result<Arc<[ClaimPath]>, BuildError> {
    let paths: Result<_, _> = claims.iter().map(|it| it.parse()).collect();
    paths.map_err(|source| BuildError::InvalidClaimPath {
        issuer: issuer.to_owned(),
        source,
    })
}

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
                return Err(BuildError::DuplicateIssuer {
                    issuer: id.to_string(),
                });
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
            return Err(BuildError::MissingIssuer);
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
