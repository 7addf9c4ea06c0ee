use std::{marker::PhantomData, sync::Arc};

use http::StatusCode;
use serde::de::DeserializeOwned;

use super::{Authorizer, state::AuthorizerState};
#[cfg(feature = "status-list")]
use crate::revocation::StatusLists;
use crate::{
    bearer::{Sources, TokenSource},
    cache::TokenCache,
    claims::Claims,
    client_certificate::{ClientCertificateHeader, MutualTls, TrustedProxies},
    clock::{Clock, SystemClock},
    crypto::{AlgorithmSet, CryptoBackend},
    dpop::{Dpop, DpopProofs},
    issuer::{BuildError, BuildErrorKind, Issuer, Issuers, Tenants},
    metadata::{MetadataAddress, Resource},
    metrics::ApiMetrics,
    policy::Implied,
    rejection::{ApiSettings, Schemes},
    revocation::Revocations,
};

/// Builds an [`Authorizer`].
///
/// It has the settings of this API. [`Issuer`] has the settings of an issuer.
#[derive(Debug)]
#[must_use]
pub struct AuthorizerBuilder<C = Claims> {
    issuers: Vec<Issuer>,
    tenants: Vec<Tenants>,
    sources: Sources,
    client_certificate_from: Option<(ClientCertificateHeader, TrustedProxies)>,
    max_token_bytes: usize,
    clock: Arc<dyn Clock>,
    crypto_backend: Option<CryptoBackend>,
    cache_bytes: usize,
    realm: Option<String>,
    resource: Option<Resource>,
    implications: Vec<(String, Vec<String>)>,
    unmet_policy_status: StatusCode,
    name_wanted_scopes: bool,
    problem_details: bool,
    refusal_references: bool,
    dpop_proofs: Option<DpopProofs>,
    revocations: Option<Revocations>,
    #[cfg(feature = "status-list")]
    status_lists: Option<StatusLists>,
    claims: PhantomData<fn() -> C>,
}

impl Authorizer {
    /// Creates an authorizer for one issuer, with default settings. Keys are fetched in the background
    /// if a tokio runtime is running, otherwise with the first request.
    ///
    /// ```
    /// use authz_core::{Authorizer, Issuer};
    ///
    /// let authorizer = Authorizer::new(
    ///     Issuer::auth0("tenant.eu.auth0.com").audience("https://quickstarts.example/api"),
    /// )?;
    /// # Ok::<(), authz_core::BuildError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the issuer does not have an audience, or if a setting is invalid.
    pub fn new(issuer: Issuer) -> Result<Self, BuildError> {
        Self::builder().issuer(issuer).build()
    }

    /// Creates a builder, for several issuers and for the settings of this API.
    pub fn builder() -> AuthorizerBuilder {
        AuthorizerBuilder::new()
    }
}

impl AuthorizerBuilder {
    fn new() -> Self {
        Self {
            issuers: Vec::new(),
            tenants: Vec::new(),
            sources: Sources {
                authorization: true,
                dpop: false,
                others: Vec::new(),
            },
            client_certificate_from: None,
            max_token_bytes: 16 * 1024,
            clock: Arc::new(SystemClock),
            crypto_backend: CryptoBackend::default_choice(),
            cache_bytes: 32 * 1024 * 1024,
            realm: None,
            resource: None,
            implications: Vec::new(),
            unmet_policy_status: StatusCode::FORBIDDEN,
            name_wanted_scopes: true,
            problem_details: false,
            refusal_references: false,
            dpop_proofs: None,
            revocations: None,
            #[cfg(feature = "status-list")]
            status_lists: None,
            claims: PhantomData,
        }
    }
}

impl<C> AuthorizerBuilder<C> {
    /// Accepts the tokens of `issuer`. May be repeated: each issuer has its own settings.
    pub fn issuer(mut self, issuer: Issuer) -> Self {
        self.issuers.push(issuer);
        self
    }

    /// Accepts the tokens of tenants: issuers that match a pattern and are admitted at run time.
    pub fn tenants(mut self, tenants: Tenants) -> Self {
        self.tenants.push(tenants);
        self
    }

    /// Adds a source of tokens besides the `Authorization` header.
    pub fn token_source(mut self, source: TokenSource) -> Self {
        self.sources.add(source);
        self
    }

    /// Adds a source of tokens that replaces the `Authorization` header, which is then ignored: a
    /// gateway may need this header for its own token. May be repeated.
    ///
    /// ```
    /// use authz_core::{Authorizer, TokenSource};
    ///
    /// let builder = Authorizer::builder()
    ///     .instead_of_authorization(TokenSource::bearer_header("x-forwarded-authorization")?);
    /// # Ok::<(), http::header::InvalidHeaderName>(())
    /// ```
    pub fn instead_of_authorization(mut self, source: TokenSource) -> Self {
        self.sources.authorization = false;
        self.sources.add(source);
        self
    }

    /// Takes the client's certificate from a header field of `proxies`, which terminate TLS. Other peers'
    /// header fields are ignored. Default: the certificate of the connection.
    ///
    /// Read [`client_certificate`](crate::client_certificate) first: the proxy must remove the header field
    /// from the requests of its clients.
    ///
    /// ```
    /// use authz_core::{Authorizer, ClientCertificateHeader, TrustedProxies};
    ///
    /// let builder = Authorizer::builder().client_certificate_from(
    ///     ClientCertificateHeader::nginx("x-client-cert")?,
    ///     TrustedProxies::new(["127.0.0.1"])?,
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn client_certificate_from(
        mut self,
        header: ClientCertificateHeader,
        proxies: TrustedProxies,
    ) -> Self {
        self.client_certificate_from = Some((header, proxies));
        self
    }

    /// Sets the maximum token size in bytes. Longer tokens are rejected without parsing. Default: 16 KiB.
    pub const fn max_token_bytes(mut self, bytes: usize) -> Self {
        self.max_token_bytes = bytes;
        self
    }

    /// Sets the maximum size of the cache of verified tokens in bytes. 0 disables it. Default: 32 MiB.
    ///
    /// A token takes 2 to 4 KiB. About a hundredth of the size, at most 128 MiB, is allocated at once. Introspected
    /// tokens have another cache of this size.
    pub const fn cache_bytes(mut self, bytes: usize) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// Sets the clock for `exp`, `nbf` and `iat`. Default: the system clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the implementation that verifies signatures. Default: AWS-LC. A program without the feature
    /// `aws-lc-rs` must set one.
    ///
    /// Keys that exist before the authorizer, such as [`StaticKeys`](crate::jwks::StaticKeys), work with
    /// any backend.
    pub const fn crypto_backend(mut self, backend: CryptoBackend) -> Self {
        self.crypto_backend = Some(backend);
        self
    }

    /// Sets the `realm` of challenges (RFC 9110 section 11.5). Default: the first audience.
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = Some(realm.into());
        self
    }

    /// Sets this API's resource identifier (RFC 9728 section 1.2), an absolute https URL, or a [`Resource`]
    /// that describes the API further. Challenges then name the address of its metadata, which
    /// [`Authorizer::resource_metadata`] returns and the adapters serve.
    ///
    /// The identifier is the audience of each issuer that does not have
    /// [audiences](Issuer::audience) of its own, tenants included:
    ///
    /// ```
    /// use authz_core::{Authorizer, Issuer};
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let authorizer = Authorizer::builder()
    ///     .issuer(Issuer::new("https://login.example/")) // `aud` must be https://api.example
    ///     .issuer(Issuer::new("https://partner.example").audience("partner-api"))
    ///     .resource("https://api.example")
    ///     .build()?;
    /// # Ok::<(), authz_core::BuildError>(()) })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Such an `aud` may also be normalized: scheme and host in lower case, without the default port, with
    /// or without a path that is only a slash (RFC 3986 section 6.2). Issuers of ID tokens
    /// ([`Issuer::google`]) and those whose tokens do not have an audience keep their own settings.
    pub fn resource(mut self, resource: impl Into<Resource>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// Makes `scope` imply the scopes `implied`, and all scopes that they imply. Policies and
    /// [`Authorized::effective_scopes`](crate::Authorized::effective_scopes) include implied scopes.
    /// [`Authorized::scopes`](crate::Authorized::scopes) does not.
    ///
    /// ```
    /// use authz_core::Authorizer;
    ///
    /// let builder = Authorizer::builder()
    ///     .scope_implies("admin", ["write:messages"])
    ///     .scope_implies("write:messages", ["read:messages"]);
    /// ```
    ///
    /// [`build`](Self::build) returns an error if implications are cyclic.
    pub fn scope_implies<T: Into<String>>(
        mut self,
        scope: impl Into<String>,
        implied: impl IntoIterator<Item = T>,
    ) -> Self {
        let implied = implied.into_iter().map(Into::into).collect();
        self.implications.push((scope.into(), implied));
        self
    }

    /// Omits the route's scopes from the 401 for a request without a token. By default, the challenge
    /// has them as `scope` (RFC 6750 section 3), so that a client can request the right token.
    pub const fn hide_wanted_scopes(mut self) -> Self {
        self.name_wanted_scopes = false;
        self
    }

    /// Responds to an unmet policy with 401 instead of 403, for clients that rely on the 401 of
    /// express-jwt-authz 1.0. The error code remains `insufficient_scope`.
    pub const fn unmet_policy_is_unauthorized(mut self) -> Self {
        self.unmet_policy_status = StatusCode::UNAUTHORIZED;
        self
    }

    /// Formats the bodies of rejections as problem details (RFC 9457, `application/problem+json`). Status
    /// and other header fields do not change.
    ///
    /// ```json
    /// {
    ///   "type": "about:blank",
    ///   "title": "Forbidden",
    ///   "status": 403,
    ///   "detail": "the access token does not grant what this request needs",
    ///   "error": "insufficient_scope"
    /// }
    /// ```
    pub const fn problem_details(mut self) -> Self {
        self.problem_details = true;
        self
    }

    /// Rejects the tokens on a list of revocations, cached tokens included. The check runs on every request,
    /// before the policy.
    pub fn revocations(mut self, revocations: Revocations) -> Self {
        self.revocations = Some(revocations);
        self
    }

    /// Checks the status of tokens that have `status.status_list`
    /// (draft-ietf-oauth-status-list-20). Without this call, the claim has no effect.
    #[cfg(feature = "status-list")]
    #[cfg_attr(docsrs, doc(cfg(feature = "status-list")))]
    pub fn status_lists(mut self, lists: StatusLists) -> Self {
        self.status_lists = Some(lists);
        self
    }

    /// Adds a random reference to each rejection: the response has it as `authz-ref`, and the log event as
    /// `ref`. With it, a caller can ask support for the reason.
    pub const fn refusal_references(mut self) -> Self {
        self.refusal_references = true;
        self
    }

    /// Sets how DPoP proofs are checked (RFC 9449), for the issuers with [`Issuer::dpop`].
    pub fn dpop_proofs(mut self, proofs: DpopProofs) -> Self {
        self.dpop_proofs = Some(proofs);
        self
    }

    /// Deserializes the claims into `D`.
    ///
    /// ```
    /// use authz_core::Authorizer;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct MyClaims {
    ///     org_id: String,
    /// }
    ///
    /// let builder = Authorizer::builder().claims::<MyClaims>();
    /// ```
    pub fn claims<D>(self) -> AuthorizerBuilder<D> {
        AuthorizerBuilder {
            issuers: self.issuers,
            tenants: self.tenants,
            sources: self.sources,
            client_certificate_from: self.client_certificate_from,
            max_token_bytes: self.max_token_bytes,
            clock: self.clock,
            crypto_backend: self.crypto_backend,
            cache_bytes: self.cache_bytes,
            realm: self.realm,
            resource: self.resource,
            implications: self.implications,
            unmet_policy_status: self.unmet_policy_status,
            name_wanted_scopes: self.name_wanted_scopes,
            problem_details: self.problem_details,
            refusal_references: self.refusal_references,
            dpop_proofs: self.dpop_proofs,
            revocations: self.revocations,
            #[cfg(feature = "status-list")]
            status_lists: self.status_lists,
            claims: PhantomData,
        }
    }
}

impl<C: DeserializeOwned + Send + Sync + 'static> AuthorizerBuilder<C> {
    /// Checks the settings and creates the authorizer. Keys are fetched in the background if a tokio
    /// runtime is running, otherwise with the first request. Without keys, no request is accepted.
    ///
    /// # Errors
    ///
    /// Returns an error if an issuer or an audience is missing, or if a setting is invalid.
    pub fn build(mut self) -> Result<Authorizer<C>, BuildError> {
        let modes = self.binding_modes();
        let resource = match self.resource {
            Some(resource) => Some((MetadataAddress::of(&resource.identifier)?, resource)),
            None => None,
        };
        if let Some((MetadataAddress { audiences, .. }, _)) = &resource {
            let tenants = self.tenants.iter_mut().map(Tenants::template_mut);
            for issuer in self.issuers.iter_mut().chain(tenants) {
                issuer.imply_audiences(audiences);
            }
        }
        let realm = self.realm.or_else(|| {
            let tenants = self.tenants.iter().map(Tenants::template);
            let mut audiences = self
                .issuers
                .iter()
                .chain(tenants)
                .flat_map(|it| it.audiences.first());
            audiences.next().cloned()
        });
        let proofs = self.dpop_proofs.filter(|_| modes.any_open);
        if modes.any_open && proofs.is_none() {
            return Err(no_public_url());
        }
        self.sources.dpop = modes.any_open;
        let dpop_algorithms = proofs.as_ref().map(DpopProofs::accepted);
        let implied = Implied::new(self.implications)?;
        let api = Arc::new(ApiSettings {
            realm: realm.unwrap_or_default(),
            schemes: Schemes {
                bearer: !modes.all_required,
                dpop: dpop_algorithms.map(AlgorithmSet::names),
            },
            resource_metadata: resource.as_ref().map(|(address, _)| address.url.clone()),
            resource_identifiers: (resource.iter())
                .flat_map(|(address, _)| &address.audiences)
                .map(|it| it.as_str().into())
                .collect(),
            unmet_policy_status: self.unmet_policy_status,
            problem_details: self.problem_details,
            refusal_references: self.refusal_references,
            revocations: self.revocations,
            #[cfg(feature = "status-list")]
            status_lists: match self.status_lists {
                Some(lists) => Some(Arc::new(lists.build()?)),
                None => None,
            },
            clock: self.clock,
            crypto_backend: self.crypto_backend.ok_or_else(no_backend)?,
            metrics: ApiMetrics::register(),
        });
        let issuers = Issuers::new(self.issuers, self.tenants, &api)?;
        let metadata = match resource {
            Some((address, mut resource)) => {
                if let Some(algorithms) = dpop_algorithms {
                    resource.add_dpop(algorithms, modes.all_required);
                }
                if modes.certificates {
                    resource.add("tls_client_certificate_bound_access_tokens", true);
                }
                // Clients can't request a load balancer's tokens.
                let servers = issuers.iter().filter(|it| it.load_balancer.is_none());
                let servers = servers.map(|it| it.issuer.to_string());
                Some(resource.metadata(address, servers, self.sources.methods())?)
            }
            None => None,
        };
        Ok(Authorizer {
            state: Arc::new(AuthorizerState {
                sources: self.sources,
                reads_certificate: modes.certificates,
                client_certificate_from: self.client_certificate_from,
                max_token_bytes: self.max_token_bytes,
                introspected: (issuers.introspect_any())
                    .then(|| TokenCache::new(self.cache_bytes))
                    .flatten(),
                cache: TokenCache::new(self.cache_bytes),
                proofs: proofs.map(|it| it.build(&api.clock)).transpose()?,
                api,
                implied,
                metadata,
                name_wanted_scopes: self.name_wanted_scopes,
                issuers,
            }),
        })
    }
}

/// Whether bound tokens are accepted.
#[derive(Clone, Copy)]
struct BindingModes {
    any_open: bool,
    all_required: bool,
    certificates: bool,
}

impl<C> AuthorizerBuilder<C> {
    fn binding_modes(&self) -> BindingModes {
        let tenants = self.tenants.iter().map(Tenants::template);
        let mut issuers = self.issuers.iter().chain(tenants);
        BindingModes {
            any_open: issuers.clone().any(|it| it.dpop != Dpop::Off),
            certificates: issuers.clone().any(|it| it.mutual_tls != MutualTls::Off),
            all_required: issuers.all(|it| it.dpop == Dpop::Required),
        }
    }
}

fn no_public_url() -> BuildError {
    BuildError::new(
        BuildErrorKind::MissingPublicUrl,
        "an issuer accepts tokens that are bound to a key, but the address that clients use is unknown: add `.dpop_proofs(DpopProofs::for_public_url(\"https://api.example\"))` to the builder; proofs are compared with it",
    )
}

fn no_backend() -> BuildError {
    BuildError::new(
        BuildErrorKind::MissingCryptoBackend,
        "no cryptography backend is chosen: add `.crypto_backend(CryptoBackend::RustCrypto)` to the builder, or enable the feature `aws-lc-rs`, whose backend is the default",
    )
}
