use std::{any::Any, fmt, sync::Arc, time::Duration};

use super::{
    arguments::Mistake,
    rules::{AudienceRule, ClaimRule, TokenTypes},
};
use crate::{
    claims::ScopeClaim,
    client_certificate::MutualTls,
    crypto::Algorithm,
    dpop::Dpop,
    introspection::Introspection,
    jwks::{Address, JwksProvider, RemoteJwks, RemoteJwksBuilder},
};

/// A trusted issuer and its settings.
///
/// Create it with [`new`](Self::new) or a profile such as [`auth0`](Self::auth0), and add an
/// [`audience`](Self::audience). The defaults suit most issuers.
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
    /// If empty, keys come from the profile's address or from discovery.
    pub(crate) key_sources: Vec<KeySource>,
    /// The key set address of a profile, which the application's key sources replace.
    pub(super) profile_jwks_uri: Option<Address>,
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
    pub(crate) dpop: Dpop,
    pub(crate) mutual_tls: MutualTls,
    pub(crate) introspection: Option<Introspection>,
    /// The issuer's tokens are ID tokens, whose audience is a client and never the resource.
    pub(super) id_tokens: bool,
    /// Wrong arguments of a profile, for the error of `build`.
    pub(super) mistake: Option<Mistake>,
    /// The ARN of the AWS load balancer that signs the tokens.
    pub(crate) load_balancer: Option<Arc<str>>,
}

#[derive(Clone, Debug)]
pub(crate) enum KeySource {
    Uri(Address),
    /// Keys that the application built. The authorizer counts their fetches.
    Remote(Arc<RemoteJwks>),
    Provider(Arc<dyn JwksProvider>),
}

/// The application's function that configures fetched keys.
#[derive(Clone)]
pub(crate) struct KeySettings(
    pub(super) Arc<dyn Fn(RemoteJwksBuilder) -> RemoteJwksBuilder + Send + Sync>,
);

impl Issuer {
    /// Creates an issuer with this identifier, exactly as in the token's `iss`. A trailing slash
    /// matters.
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
            dpop: Dpop::Off,
            mutual_tls: MutualTls::Off,
            introspection: None,
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

    /// Sets the accepted algorithms. Default: RS256.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// Sets the address of the key set. It replaces discovery and a profile's address, so the
    /// issuer is only compared and may be any string.
    ///
    /// May be repeated and combined with [`keys`](Self::keys). Every source is searched.
    pub fn jwks_uri(mut self, uri: impl Into<String>) -> Self {
        self.key_sources.push(KeySource::Uri(Address(uri.into())));
        self
    }

    /// Adds a source of keys, which replaces discovery and a profile's address: a [`RemoteJwks`](crate::jwks::RemoteJwks)
    /// with its own settings, [`StaticKeys`](crate::jwks::StaticKeys), a
    /// [`SharedSecret`](crate::jwks::SharedSecret), or your own [`JwksProvider`].
    ///
    /// May be repeated. The token's algorithm and `kid` select the key among all sources. An issuer
    /// that moves from a shared secret to a key set has both:
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
        self.key_sources.push(KeySource::of(keys));
        self
    }

    /// Configures fetched keys, from discovery or [`jwks_uri`](Self::jwks_uri): time limits, a
    /// private certificate authority, another address for the metadata.
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

    /// Sets how many keys are tried for a token without `kid`. Default: 8. Maximum:
    /// [`KeyCandidates::MAX`](crate::jwks::KeyCandidates::MAX).
    pub const fn key_candidates(mut self, keys: usize) -> Self {
        self.key_candidates = keys;
        self
    }

    /// Sets the allowed clock skew between the issuer and this server, in whole seconds. Default:
    /// 60 s.
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Sets the accepted values of the header's `typ`. Default: [`TokenTypes::Lenient`].
    pub fn token_types(mut self, types: TokenTypes) -> Self {
        self.token_types = types;
        self
    }

    /// Sets the claims that hold scopes. Default: `scope` and `scp`.
    pub fn scopes_from(mut self, claims: impl IntoIterator<Item = ScopeClaim>) -> Self {
        self.scope_claims = claims.into_iter().collect();
        self
    }

    /// Sets the claims that [`role`](crate::policy::role) reads, each as a [`ClaimPath`](crate::ClaimPath), such as
    /// `realm_access.roles` or `https://example.com/roles`. A value may be a name, an array of
    /// names, or an object whose keys are the roles. Default: `roles`.
    ///
    /// A string with a space or a comma, which may be a list, is
    /// [unknown](crate::policy::Verdict::Unknown). So is a value of another type, on the path or at
    /// its end.
    pub fn roles_from<T: Into<String>>(mut self, claims: impl IntoIterator<Item = T>) -> Self {
        self.role_claims = claims.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the claims that [`group`](crate::policy::group) reads, like
    /// [`roles_from`](Self::roles_from). Default: `groups`.
    pub fn groups_from<T: Into<String>>(mut self, claims: impl IntoIterator<Item = T>) -> Self {
        self.group_claims = claims.into_iter().map(Into::into).collect();
        self
    }

    /// Requires all of RFC 9068: `typ` must be `at+jwt`, and `sub`, `client_id`, `iat` and `jti`
    /// must be present.
    pub fn strict_rfc9068(mut self) -> Self {
        self.token_types = TokenTypes::AccessTokenOnly;
        self.strict = true;
        self
    }

    /// Accepts only tokens of these clients, by `client_id` or else `azp`. Tokens without a client
    /// are rejected. Default: any client.
    pub fn clients<S: Into<String>>(mut self, clients: impl IntoIterator<Item = S>) -> Self {
        self.clients = clients.into_iter().map(Into::into).collect();
        self
    }

    /// Requires a claim to have this string as its value, such as `token_use` with `access`.
    pub fn required_claim(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.claim_rules
            .push(ClaimRule::Equals(name.into(), value.into()));
        self
    }

    /// Requires a claim, if present, to have this string as its value. Keycloak's access tokens,
    /// for example, have `typ` `Bearer`, and its ID tokens have another `typ`.
    pub fn claim_if_present(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.claim_rules
            .push(ClaimRule::EqualsIfPresent(name.into(), value.into()));
        self
    }

    /// Requires at least one of these claims, with any value except `null`. It suits issuers whose
    /// ID tokens have none of them.
    pub fn one_of_claims<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        self.claim_rules.push(ClaimRule::OneOf(names));
        self
    }

    /// Rejects tokens with this claim, such as `at_hash` or `nonce`. It suits issuers of which only
    /// ID tokens have it.
    pub fn refused_claim(mut self, name: impl Into<String>) -> Self {
        self.claim_rules.push(ClaimRule::Absent(name.into()));
        self
    }

    /// Accepts tokens without `aud` if they were issued to one of the [`clients`](Self::clients),
    /// which must be listed. It suits issuers such as Amazon Cognito. If a token has `aud`, it must
    /// match an audience.
    pub const fn clients_instead_of_audience(mut self) -> Self {
        self.audience_rule = AudienceRule::Client;
        self
    }

    /// Accepts tokens without `aud` if this claim has this value, such as `org_id` with `org_1`. It
    /// suits issuers such as WorkOS, whose tokens have neither `aud` nor a client. May be repeated;
    /// every claim must match. If a token has `aud`, it must match an audience.
    ///
    /// **Choose a claim that identifies this API.** If all of the issuer's tokens share the value,
    /// tokens for other APIs are accepted too.
    pub fn required_claim_instead_of_audience(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.audience_rule = AudienceRule::Claim;
        self.required_claim(name, value)
    }

    /// Sets whether tokens may or must be bound to a key by DPoP (RFC 9449). Such a token needs the scheme `DPoP`
    /// and a proof, which the authorizer checks as
    /// [`dpop_proofs`](crate::AuthorizerBuilder::dpop_proofs) says. Default: [`Dpop::Off`].
    pub const fn dpop(mut self, dpop: Dpop) -> Self {
        self.dpop = dpop;
        self
    }

    /// Sets whether tokens may or must be bound to a client certificate (RFC 8705 section 3). The certificate is that
    /// of the connection, or comes from
    /// [a header field](crate::AuthorizerBuilder::client_certificate_from) of a proxy. Default: [`MutualTls::Off`].
    pub const fn mutual_tls(mut self, mutual_tls: MutualTls) -> Self {
        self.mutual_tls = mutual_tls;
        self
    }

    /// Asks the issuer about tokens that can't be verified here, such as opaque ones (RFC 7662). Of the
    /// [key settings](Self::key_settings), those of the HTTP client and the metadata apply. Default: such tokens are
    /// rejected.
    ///
    /// Tenants and load balancers are not supported.
    pub fn introspect(mut self, introspection: Introspection) -> Self {
        self.introspection = Some(introspection);
        self
    }

    /// Sets the audiences of an issuer of access tokens that has none.
    pub(crate) fn imply_audiences(&mut self, audiences: &[String]) {
        let is_open = self.audience_rule == AudienceRule::Audience && !self.id_tokens;
        if is_open && self.audiences.is_empty() {
            self.audiences = audiences.to_vec();
        }
    }
}

impl KeySource {
    fn of<K: JwksProvider>(keys: K) -> Self {
        if let Some(shared) = (&keys as &dyn Any).downcast_ref::<Arc<RemoteJwks>>() {
            return Self::Remote(Arc::clone(shared));
        }
        let keys = Arc::new(keys);
        match (Arc::clone(&keys) as Arc<dyn Any + Send + Sync>).downcast() {
            Ok(remote) => Self::Remote(remote),
            Err(_) => Self::Provider(keys),
        }
    }
}

impl fmt::Debug for KeySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySettings(..)")
    }
}
