//! Which issuers are trusted, and what is asked of the tokens of each.
//!
//! An issuer is chosen by the token's `iss`, compared to the letter, before any key is looked at:
//! keys of one issuer never verify another's tokens.

mod admission;
mod arguments;
mod error;
mod load_balancer;
mod profiles;
mod registry;
mod rules;
mod tenancy;
mod tenants;
mod trusted;

use std::{sync::Arc, time::Duration};

use self::{
    arguments::Mistake,
    load_balancer::{Arn, PemByKid},
    tenancy::Tenancy,
};
pub(crate) use self::{
    error::check_duration,
    registry::{Found, Issuers},
    rules::{AudienceRule, ClaimRule},
    tenancy::TenantStanding,
    trusted::TrustedIssuer,
};
pub use self::{
    error::{BuildError, BuildErrorKind},
    rules::TokenTypes,
    tenants::Tenants,
};
use crate::{
    claims::ScopeClaim,
    crypto::{Algorithm, CryptoBackend},
    jwks::{Address, CombinedKeys, JwksProvider, KeyCandidates, RemoteJwks, RemoteJwksBuilder},
    policy::{ClaimPath, InvalidClaimPath},
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
    /// The key set's address in a profile. A source of keys that the application gives replaces it.
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
    /// Its tokens are ID tokens: their audience is a client, never the resource.
    id_tokens: bool,
    /// A profile was called with arguments that it can't work with.
    mistake: Option<Mistake>,
    /// The ARN of the AWS load balancer whose tokens these are.
    pub(crate) load_balancer: Option<Arc<str>>,
}

#[derive(Clone, Debug)]
pub(crate) enum KeySource {
    Uri(Address),
    Provider(Arc<dyn JwksProvider>),
}

/// Settings for keys that are fetched, as a function of the application's.
#[derive(Clone)]
pub(crate) struct KeySettings(Arc<dyn Fn(RemoteJwksBuilder) -> RemoteJwksBuilder + Send + Sync>);

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
            id_tokens: false,
            mistake: None,
            load_balancer: None,
        }
    }

    /// Adds an audience. A token's `aud` must contain at least one of those given, compared exactly.
    ///
    /// Default: the identifier of the authorizer's [resource](crate::AuthorizerBuilder::resource), if it has
    /// one. It is not added to audiences that are given here.
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

    /// Requires a claim with this text as its value, as `token_use` with `access`.
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

    /// The audiences of an issuer of access tokens that does not have any.
    pub(crate) fn imply_audiences(&mut self, audiences: &[String]) {
        let is_open = self.audience_rule == AudienceRule::Audience && !self.id_tokens;
        if is_open && self.audiences.is_empty() {
            self.audiences = audiences.to_vec();
        }
    }

    fn check(&self) -> Result<(), BuildError> {
        if let Some(mistake) = &self.mistake {
            let Mistake {
                call,
                problem,
                instead,
            } = mistake;
            let message = format!("{call}: {problem}; write {instead}");
            return Err(BuildError::new(BuildErrorKind::InvalidIssuer, message));
        }
        if self.issuer.is_empty() {
            return Err(BuildError::missing_issuer());
        }
        if let Some(signer) = &self.load_balancer
            && Arn::parse(signer).is_none()
        {
            return Err(BuildError::new(
                BuildErrorKind::InvalidIssuer,
                format!(
                    "{} is not the ARN of an Application Load Balancer: give the issuer of its users, its ARN and its client, as with `Issuer::aws_alb(\"https://login.example\", \"arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/my-api/50dc6c495c0c9188\", \"client-id\")`",
                    Excerpt(signer)
                ),
            ));
        }
        let is_empty = |audience: &String| audience.is_empty();
        let problem = match self.audience_rule {
            AudienceRule::Client if self.clients.is_empty() => {
                " has no audience, and no clients that take its place: list them with `.clients([..])`"
            }
            AudienceRule::Audience if self.audiences.is_empty() => {
                " has no audience: give the identifier of this API, as with `.audience(\"https://api.example\")`, or for all issuers of access tokens with `.resource(\"https://api.example\")` on the builder; without one, tokens meant for other APIs would be accepted"
            }
            _ if self.audiences.iter().any(is_empty) => " has an empty audience",
            _ => "",
        };
        if !problem.is_empty() {
            let kind = BuildErrorKind::MissingAudience;
            return Err(BuildError::of_issuer(kind, &self.issuer, problem));
        }
        if self.algorithms.is_empty() {
            return Err(self.wrong(" has an empty list of algorithms: no token could be accepted"));
        }
        if !self.claim_rules.iter().all(ClaimRule::can_be_meant) {
            return Err(self.wrong(" has a rule about a claim with an empty name or value: give both, as with `.required_claim(\"token_use\", \"access\")`"));
        }
        if !(1..=KeyCandidates::MAX).contains(&self.key_candidates) {
            return Err(self.wrong(&format!(
                ": key_candidates is {}; between 1 and {} keys can be tried for a token",
                self.key_candidates,
                KeyCandidates::MAX
            )));
        }
        claim_paths(&self.issuer, &self.role_claims)?;
        claim_paths(&self.issuer, &self.group_claims)?;
        check_duration("leeway", self.leeway)
    }

    fn wrong(&self, problem: &str) -> BuildError {
        BuildError::of_issuer(BuildErrorKind::InvalidSetting, &self.issuer, problem)
    }

    /// The provider of keys that are fetched from the issuer, with its settings.
    pub(crate) const fn has_shared_keys(&self) -> bool {
        !self.key_sources.is_empty() || self.profile_jwks_uri.is_some()
    }

    fn remote_keys(&self, keys: RemoteJwksBuilder, backend: CryptoBackend) -> RemoteJwksBuilder {
        match &self.key_settings {
            Some(settings) => (settings.0)(keys),
            None => keys,
        }
        .crypto_backend(backend)
    }

    fn provider(&self, backend: CryptoBackend) -> Result<Arc<dyn JwksProvider>, BuildError> {
        let remote = |builder| match self.remote_keys(builder, backend).build() {
            Ok(keys) => Ok(Arc::new(keys) as Arc<dyn JwksProvider>),
            Err(error) => Err(BuildError::keys(&self.issuer, &error)),
        };
        if let Some(signer) = &self.load_balancer {
            return self.load_balancer_keys(signer, backend);
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
    fn load_balancer_keys(
        &self,
        signer: &str,
        backend: CryptoBackend,
    ) -> Result<Arc<dyn JwksProvider>, BuildError> {
        let at = |address: &str| {
            let keys = self.remote_keys(PemByKid::settings(address), backend);
            match PemByKid::new(keys) {
                Ok(keys) => Ok(Arc::new(keys) as Arc<dyn JwksProvider>),
                Err(error) => Err(BuildError::keys(&self.issuer, &error)),
            }
        };
        if self.key_sources.is_empty() {
            let address = Arn::parse(signer).and_then(|arn| arn.key_address());
            return at(&address.ok_or_else(|| {
                BuildError::new(
                    BuildErrorKind::Keys,
                    format!(
                        "the address of the public keys of load balancer {} is not known: give it, without the `kid` at its end, with `.jwks_uri(\"https://..\")`",
                        Excerpt(signer)
                    ),
                )
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
        let keys = self.provider(api.crypto_backend)?;
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

fn claim_paths(issuer: &str, claims: &[String]) -> Result<Arc<[ClaimPath]>, BuildError> {
    let paths: Result<_, _> = claims.iter().map(|it| it.parse()).collect();
    paths.map_err(|error: InvalidClaimPath| {
        BuildError::setting(format!("the roles or groups of issuer {issuer:?}: {error}"))
    })
}

impl std::fmt::Debug for KeySettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeySettings(..)")
    }
}
