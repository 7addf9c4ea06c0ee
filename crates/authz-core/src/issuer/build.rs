use std::sync::Arc;

use super::{
    arguments::Mistake,
    error::{BuildError, BuildErrorKind, check_duration},
    load_balancer::{Arn, PemByKid},
    rules::{AudienceRule, ClaimRule},
    settings::{Issuer, KeySource},
    tenancy::Tenancy,
    trusted::TrustedIssuer,
};
use crate::{
    crypto::CryptoBackend,
    introspection::{IntrospectedTokens, Introspection, Introspector, ResponseKeys},
    jwks::{
        CombinedKeys, JwksProvider, KeyCandidates, KeySet, RemoteJwks, RemoteJwksBuilder,
        StaticKeys,
    },
    metrics::IssuerMetrics,
    policy::{ClaimPath, ClaimSettings, InvalidClaimPath},
    rejection::ApiSettings,
    untrusted::Excerpt,
};

impl Issuer {
    /// Checks the settings without fetching keys.
    pub(super) fn check(&self) -> Result<(), BuildError> {
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
                    "{} is not the ARN of an Application Load Balancer: pass the users' issuer, the ARN and the client, for example `Issuer::aws_alb(\"https://login.example\", \"arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/my-api/50dc6c495c0c9188\", \"client-id\")`",
                    Excerpt(signer)
                ),
            ));
        }
        let is_empty = |audience: &String| audience.is_empty();
        let problem = match self.audience_rule {
            AudienceRule::Client if self.clients.is_empty() => {
                " has no audience and no clients that replace it: list the clients with `.clients([..])`"
            }
            AudienceRule::Audience if self.audiences.is_empty() => {
                " has no audience: add the identifier of this API, for example with `.audience(\"https://api.example\")`, or for all issuers with `.resource(\"https://api.example\")` on the builder; without an audience, tokens for other APIs would be accepted"
            }
            _ if self.audiences.iter().any(is_empty) => " has an empty audience",
            _ => "",
        };
        if !problem.is_empty() {
            let kind = BuildErrorKind::MissingAudience;
            return Err(BuildError::of_issuer(kind, &self.issuer, problem));
        }
        if self.algorithms.is_empty() {
            return Err(
                self.wrong(" has an empty list of algorithms, so no token could be accepted")
            );
        }
        if !self.claim_rules.iter().all(ClaimRule::is_complete) {
            return Err(self.wrong(" has a rule about a claim with an empty name or value: pass both, for example with `.required_claim(\"token_use\", \"access\")`"));
        }
        if !(1..=KeyCandidates::MAX).contains(&self.key_candidates) {
            return Err(self.wrong(&format!(
                ": key_candidates is {}; use 1 to {}",
                self.key_candidates,
                KeyCandidates::MAX
            )));
        }
        if let Some(introspection) = &self.introspection {
            if self.load_balancer.is_some() {
                return Err(self.wrong(" is a load balancer, whose tokens can't be introspected"));
            }
            if let Some(problem) = introspection.problem() {
                return Err(self.wrong(&format!(": introspection: {problem}")));
            }
        }
        claim_paths(&self.issuer, &self.role_claims)?;
        claim_paths(&self.issuer, &self.group_claims)?;
        check_duration("leeway", self.leeway)
    }

    fn wrong(&self, problem: &str) -> BuildError {
        BuildError::of_issuer(BuildErrorKind::InvalidSetting, &self.issuer, problem)
    }

    /// Returns `true` if the keys have a fixed source, which all tenants would share.
    pub(super) const fn has_shared_keys(&self) -> bool {
        !self.key_sources.is_empty() || self.profile_jwks_uri.is_some()
    }

    /// Applies the application's key settings, the backend and the metrics.
    pub(super) fn remote_keys(
        &self,
        keys: RemoteJwksBuilder,
        backend: CryptoBackend,
        metrics: &IssuerMetrics,
    ) -> RemoteJwksBuilder {
        match &self.key_settings {
            Some(settings) => (settings.0)(keys),
            None => keys,
        }
        .crypto_backend(backend)
        .metrics(metrics.clone())
    }

    /// Creates the provider of the issuer's keys.
    fn provider(
        &self,
        backend: CryptoBackend,
        metrics: &IssuerMetrics,
    ) -> Result<Arc<dyn JwksProvider>, BuildError> {
        let failed = |error| BuildError::keys(&self.issuer, &error);
        let remote = |builder| -> Result<Arc<dyn JwksProvider>, _> {
            let keys = self.remote_keys(builder, backend, metrics).build();
            Ok(Arc::new(keys.map_err(failed)?))
        };
        let at = |address: &str| -> Result<Arc<dyn JwksProvider>, _> {
            if self.load_balancer.is_none() {
                return remote(RemoteJwks::at(address));
            }
            let keys = self.remote_keys(PemByKid::settings(address), backend, metrics);
            Ok(Arc::new(PemByKid::new(keys).map_err(failed)?))
        };
        if !self.key_sources.is_empty() {
            let sources = self.key_sources.iter().map(|source| match source {
                KeySource::Uri(uri) => at(&uri.0),
                KeySource::Remote(keys) => {
                    keys.count_fetches(metrics);
                    Ok(Arc::clone(keys) as Arc<dyn JwksProvider>)
                }
                KeySource::Provider(keys) => Ok(Arc::clone(keys)),
            });
            return Ok(CombinedKeys::of(sources.collect::<Result<_, _>>()?));
        }
        match (&self.load_balancer, &self.profile_jwks_uri) {
            (Some(signer), _) => at(&load_balancer_address(signer)?),
            (None, Some(uri)) => at(&uri.0),
            (None, None) if self.needs_no_keys() => {
                Ok(Arc::new(StaticKeys::from(KeySet::default())))
            }
            (None, None) => remote(RemoteJwks::discover(&*self.issuer)),
        }
    }

    /// Returns `true` if every token is introspected, and the answers are not signed.
    fn needs_no_keys(&self) -> bool {
        let is_always = |it: &Introspection| it.tokens == IntrospectedTokens::Always && !it.signed;
        self.introspection.as_ref().is_some_and(is_always)
    }

    fn introspector(
        &mut self,
        keys: &Arc<dyn JwksProvider>,
        metrics: &IssuerMetrics,
        api: &ApiSettings,
    ) -> Result<Option<Arc<Introspector>>, BuildError> {
        let Some(settings) = self.introspection.take() else {
            return Ok(None);
        };
        let endpoint = self
            .remote_keys(
                RemoteJwks::discover(&*self.issuer),
                api.crypto_backend,
                metrics,
            )
            .build_introspection(settings.endpoint.as_ref())
            .map_err(|error| BuildError::introspection(&self.issuer, &error))?;
        let keys = settings.signed.then(|| ResponseKeys {
            keys: Arc::clone(keys),
            algorithms: self.algorithms.iter().copied().collect(),
            key_candidates: self.key_candidates,
            leeway: self.leeway.as_secs(),
            backend: api.crypto_backend,
            clock: Arc::clone(&api.clock),
        });
        Ok(Some(Arc::new(Introspector::new(
            self.issuer.as_str().into(),
            settings,
            endpoint,
            keys,
            Arc::clone(&api.clock),
            metrics.clone(),
            api.crypto_backend,
        ))))
    }

    pub(super) fn into_trusted(
        mut self,
        api: &Arc<ApiSettings>,
    ) -> Result<TrustedIssuer, BuildError> {
        self.check()?;
        let metrics = IssuerMetrics::register(&self.issuer);
        let keys = self.provider(api.crypto_backend, &metrics)?;
        let introspection = self.introspector(&keys, &metrics, api)?;
        let trusted = self.with_keys(keys, metrics, api)?;
        Ok(TrustedIssuer {
            introspection,
            ..trusted
        })
    }

    /// Finishes the checked settings with the provider of their keys.
    pub(super) fn with_keys(
        self,
        keys: Arc<dyn JwksProvider>,
        metrics: IssuerMetrics,
        api: &Arc<ApiSettings>,
    ) -> Result<TrustedIssuer, BuildError> {
        let issuer = self.issuer;
        let audiences: Arc<[Box<str>]> = self.audiences.into_iter().map(Box::from).collect();
        let claim_settings = ClaimSettings {
            scopes: self.scope_claims.into(),
            roles: claim_paths(&issuer, &self.role_claims)?,
            groups: claim_paths(&issuer, &self.group_claims)?,
            identifiers: (audiences.iter().chain(&api.resource_identifiers))
                .cloned()
                .collect(),
        };
        Ok(TrustedIssuer {
            issuer: issuer.into(),
            audiences,
            algorithms: self.algorithms.into_iter().collect(),
            keys,
            key_candidates: self.key_candidates,
            tenancy: Tenancy::default(),
            leeway: self.leeway.as_secs(),
            token_types: self.token_types,
            claim_settings: Arc::new(claim_settings),
            strict: self.strict,
            clients: self.clients.into_iter().map(Box::from).collect(),
            claim_rules: self.claim_rules.into(),
            audience_rule: self.audience_rule,
            dpop: self.dpop,
            mutual_tls: self.mutual_tls,
            introspection: None,
            load_balancer: self.load_balancer,
            api: Arc::clone(api),
            metrics,
        })
    }
}

/// Returns the address of the public keys of the load balancer `signer`.
fn load_balancer_address(signer: &str) -> Result<String, BuildError> {
    let address = Arn::parse(signer).and_then(|arn| arn.key_address());
    address.ok_or_else(|| {
        BuildError::new(
            BuildErrorKind::Keys,
            format!(
                "the address of the public keys of load balancer {} is unknown: set it, without the `kid` at its end, with `.jwks_uri(\"https://..\")`",
                Excerpt(signer)
            ),
        )
    })
}

fn claim_paths(issuer: &str, claims: &[String]) -> Result<Box<[ClaimPath]>, BuildError> {
    let paths: Result<_, _> = claims.iter().map(|it| it.parse()).collect();
    paths.map_err(|error: InvalidClaimPath| {
        BuildError::setting(format!(
            "the role or group claims of issuer {issuer:?} are invalid: {error}"
        ))
    })
}
