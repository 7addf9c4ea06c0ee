//! Profiles of common issuers. A profile only sets options that the application could set itself.

use std::{borrow::Cow, sync::Arc};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{arguments, settings::Issuer};
use crate::{crypto::Algorithm, jwks::Address};

impl Issuer {
    /// Creates an Auth0 issuer from the tenant's domain, such as `tenant.eu.auth0.com`, or a custom
    /// domain. Add the API's identifier as the audience. With RBAC on, policies can require a
    /// [`permission`](crate::permission).
    ///
    /// To reject ID tokens, it requires `azp` or `client_id`, and rejects `nonce`, `at_hash` and
    /// `c_hash`.
    pub fn auth0(domain: impl AsRef<str>) -> Self {
        let domain = domain.as_ref();
        let mut issuer = Self::new(format!("https://{domain}/"))
            .one_of_claims(["azp", "client_id"])
            .refused_claim("nonce")
            .refused_claim("at_hash")
            .refused_claim("c_hash");
        issuer.mistake = arguments::auth0(domain);
        issuer
    }

    /// Creates a Keycloak issuer from the server's address, such as `https://sso.example`, and the
    /// realm's name, which is percent-encoded if necessary.
    ///
    /// Roles are realm roles. To add a client's roles, use `.roles_from(["realm_access.roles",
    /// "resource_access.CLIENT.roles"])`. Put a client name with a dot in single quotes.
    ///
    /// Add the audience that an audience mapper sets. Without a mapper it is `account`, which does
    /// not identify this API.
    ///
    /// To reject ID tokens, it requires the claim `typ`, if present, to be `Bearer`.
    pub fn keycloak(server: impl AsRef<str>, realm: impl AsRef<str>) -> Self {
        let (server, realm) = (server.as_ref(), realm.as_ref());
        let address = server.trim_end_matches('/');
        let mut issuer = Self::new(format!("{address}/realms/{}", segment(realm)))
            .roles_from(["realm_access.roles"])
            .claim_if_present("typ", "Bearer");
        issuer.mistake = arguments::keycloak(server, realm);
        issuer
    }

    /// Creates a Microsoft Entra ID issuer of v2 tokens from the tenant's identifier, a UUID. Add
    /// the API's application identifier as the audience. For other organizations' tenants see
    /// [`Tenants`](crate::Tenants).
    ///
    /// To reject ID tokens, it requires `azp`, `appid` or `scp`.
    pub fn entra(tenant: impl AsRef<str>) -> Self {
        let tenant = tenant.as_ref();
        let lower = tenant.to_ascii_lowercase();
        let mut issuer = Self::new(format!("https://login.microsoftonline.com/{lower}/v2.0"))
            .one_of_claims(["azp", "appid", "scp"]);
        issuer.mistake = arguments::entra("entra", tenant);
        issuer
    }

    /// Creates a Microsoft Entra ID issuer of v1 tokens, which an API receives unless its manifest
    /// requests v2. The audience is the App ID URI (`api://...`) or the application identifier.
    ///
    /// To reject ID tokens, it requires `azp`, `appid` or `scp`.
    pub fn entra_v1(tenant: impl AsRef<str>) -> Self {
        let tenant = tenant.as_ref();
        let lower = tenant.to_ascii_lowercase();
        let mut issuer = Self::new(format!("https://sts.windows.net/{lower}/"))
            .one_of_claims(["azp", "appid", "scp"]);
        let keys = format!("https://login.microsoftonline.com/{lower}/discovery/keys");
        issuer.profile_jwks_uri = Some(Address(keys));
        issuer.mistake = arguments::entra("entra_v1", tenant);
        issuer
    }

    /// Creates an issuer for an Okta custom authorization server from the domain and the server's
    /// identifier, such as `default`. The audience is the server's, such as `api://default`. Only
    /// Okta can verify tokens of the org authorization server.
    ///
    /// To reject ID tokens, it requires `cid`.
    pub fn okta(domain: impl AsRef<str>, server: impl AsRef<str>) -> Self {
        let (domain, server) = (domain.as_ref(), server.as_ref());
        let mut issuer =
            Self::new(format!("https://{domain}/oauth2/{server}")).one_of_claims(["cid"]);
        issuer.mistake = arguments::okta(domain, server);
        issuer
    }

    /// Creates an Amazon Cognito issuer from the region, the user pool and the accepted app
    /// clients. The clients replace the audience, because access tokens don't have `aud`.
    /// `token_use` must be `access`. Groups come from `cognito:groups`.
    pub fn cognito<S: Into<String>>(
        region: impl AsRef<str>,
        pool: impl AsRef<str>,
        clients: impl IntoIterator<Item = S>,
    ) -> Self {
        let (region, pool) = (region.as_ref(), pool.as_ref());
        let mut issuer = Self::new(format!("https://cognito-idp.{region}.amazonaws.com/{pool}"))
            .clients_instead_of_audience()
            .clients(clients)
            .required_claim("token_use", "access")
            .groups_from(["cognito:groups"]);
        issuer.mistake = arguments::cognito(region, pool);
        issuer
    }

    /// Creates an issuer of Google ID tokens, for APIs that accept them because Google's access
    /// tokens are opaque. The audience is the OAuth client's identifier. Without the right one, the
    /// API would accept the users of any application.
    pub fn google() -> Self {
        let mut issuer = Self::new("https://accounts.google.com");
        issuer.id_tokens = true;
        issuer
    }

    /// Creates a Zitadel issuer from the instance's domain and the project, which is the audience.
    /// Roles come from `urn:zitadel:iam:org:project:roles`. Tokens don't have scopes.
    ///
    /// To reject ID tokens, it rejects `at_hash`, `c_hash`, `nonce` and `auth_time`.
    pub fn zitadel(domain: impl AsRef<str>, project: impl Into<String>) -> Self {
        let (domain, project) = (domain.as_ref(), project.into());
        let mistake = arguments::zitadel(domain, &project);
        let mut issuer = Self::new(format!("https://{domain}"))
            .audience(project)
            .roles_from(["urn:zitadel:iam:org:project:roles"])
            .refused_claim("at_hash")
            .refused_claim("c_hash")
            .refused_claim("nonce")
            .refused_claim("auth_time");
        issuer.mistake = mistake;
        issuer
    }

    /// Creates an issuer for an AWS Application Load Balancer that authenticates users and sends a
    /// token in `x-amzn-oidc-data`.
    ///
    /// `issuer` is the identity provider, `signer` the load balancer's ARN, and `client` the client
    /// of its listener rule. All three are compared with the token's header, because all load
    /// balancers of a region share their keys, even across owners.
    ///
    /// ```
    /// use authz_core::{Authorizer, Issuer, TokenSource};
    ///
    /// let builder = Authorizer::builder()
    /// .issuer(Issuer::aws_alb(
    ///     "https://login.example",
    ///     "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/my-api/50dc6c495c0c9188",
    ///     "client-id",
    /// ))
    /// .token_source(TokenSource::header("x-amzn-oidc-data")?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// These tokens must have base64 padding, and no others may. So you can also trust the same
    /// `issuer` for its own access tokens. Keys are fetched as PEM from the region's address, one
    /// per `kid`. [`jwks_uri`](Self::jwks_uri) replaces the address, and
    /// [`key_settings`](Self::key_settings) applies. Add clients with [`clients`](Self::clients).
    ///
    /// **Let only the load balancer reach the server.** Anyone else who can reach it can replay a
    /// token of the load balancer until it expires.
    pub fn aws_alb(
        issuer: impl Into<String>,
        signer: impl Into<String>,
        client: impl Into<String>,
    ) -> Self {
        let mut alb = Self::new(issuer)
            .algorithms([Algorithm::ES256])
            .clients_instead_of_audience()
            .clients([client]);
        alb.load_balancer = Some(Arc::from(signer.into()));
        alb
    }

    /// Creates a GitHub Actions issuer. The audience is the one that the workflow requests; the
    /// default, the owner's address, is the same for every API. Decide by claims who may call, such
    /// as `claim("repository_owner_id") == "1234"`.
    pub fn github_actions() -> Self {
        Self::new("https://token.actions.githubusercontent.com")
    }
}

/// The characters that a path segment must encode (RFC 3986 section 3.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// Percent-encodes `name` as a path segment, unless it is encoded already.
fn segment(name: &str) -> Cow<'_, str> {
    const ENCODED: &AsciiSet = &SEGMENT.remove(b'%');
    let is_encoded = name.split('%').skip(1).all(|after| {
        let digits = after.as_bytes().get(..2);
        digits.is_some_and(|it| it.iter().all(u8::is_ascii_hexdigit))
    });
    utf8_percent_encode(name, if is_encoded { ENCODED } else { SEGMENT }).into()
}
