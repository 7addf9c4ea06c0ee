//! Issuers as they are in the field. Each profile is settings that could be written out as well; none
//! has a path of its own through the code.

use std::{borrow::Cow, sync::Arc};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Issuer, arguments};
use crate::{crypto::Algorithm, jwks::Address};

impl Issuer {
    /// Auth0: the tenant's domain, as `tenant.eu.auth0.com`, or a custom one. Add the API's identifier as
    /// the audience. With RBAC on, what the user may do is asked for with
    /// [`permission`](crate::permission).
    ///
    /// A token has to name its client in `azp` or `client_id`, and must not have `nonce`, `at_hash` or
    /// `c_hash`: those that do otherwise are ID tokens.
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

    /// Keycloak: the server's address, as `https://sso.example`, and the name of the realm, which is
    /// percent-encoded here where it needs to be. Roles are the realm's; those of a client are read with
    /// `.roles_from(["realm_access.roles", "resource_access.CLIENT.roles"])`, where a client's name
    /// with a dot in it stands in single quotes.
    ///
    /// Add as the audience what an audience mapper puts there: without one it is `account`, which says
    /// nothing about this API.
    ///
    /// The claim `typ` has to be `Bearer` where a token has it: in ID tokens it is `ID`.
    pub fn keycloak(server: impl AsRef<str>, realm: impl AsRef<str>) -> Self {
        let (server, realm) = (server.as_ref(), realm.as_ref());
        let address = server.trim_end_matches('/');
        let mut issuer = Self::new(format!("{address}/realms/{}", segment(realm)))
            .roles_from(["realm_access.roles"])
            .claim_if_present("typ", "Bearer");
        issuer.mistake = arguments::keycloak(server, realm);
        issuer
    }

    /// Microsoft Entra ID, v2 tokens: the tenant's identifier, in hexadecimal digits. Add the API's
    /// application identifier as the audience. For the tenants of others see [`Tenants`](crate::Tenants).
    ///
    /// A token has to have `azp`, `appid` or `scp`: ID tokens have none of them.
    pub fn entra(tenant: impl AsRef<str>) -> Self {
        let tenant = tenant.as_ref();
        let lower = tenant.to_ascii_lowercase();
        let mut issuer = Self::new(format!("https://login.microsoftonline.com/{lower}/v2.0"))
            .one_of_claims(["azp", "appid", "scp"]);
        issuer.mistake = arguments::entra("entra", tenant);
        issuer
    }

    /// Microsoft Entra ID, v1 tokens, which an API gets whose manifest does not ask for v2. The audience is
    /// the App ID URI (`api://...`) or the application identifier.
    ///
    /// A token has to have `azp`, `appid` or `scp`: ID tokens have none of them.
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

    /// An Okta custom authorization server: the domain, and the server's identifier, as `default`. Tokens of
    /// the org authorization server can be verified by Okta alone. The audience is the server's, as
    /// `api://default`.
    ///
    /// A token has to name its client in `cid`, which ID tokens don't.
    pub fn okta(domain: impl AsRef<str>, server: impl AsRef<str>) -> Self {
        let (domain, server) = (domain.as_ref(), server.as_ref());
        let mut issuer =
            Self::new(format!("https://{domain}/oauth2/{server}")).one_of_claims(["cid"]);
        issuer.mistake = arguments::okta(domain, server);
        issuer
    }

    /// Amazon Cognito: the region, the user pool, and the app clients whose tokens are accepted. Access
    /// tokens have no `aud` there: the client takes its place, and `token_use` has to be `access`. Groups
    /// are those of `cognito:groups`.
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

    /// Google's ID tokens, for an API that takes them for want of access tokens that others can read. The
    /// audience is the OAuth client's identifier, and is all that tells the API's own users from anybody's.
    pub fn google() -> Self {
        let mut issuer = Self::new("https://accounts.google.com");
        issuer.id_tokens = true;
        issuer
    }

    /// Zitadel: the instance's domain, and the project, which is the audience. Roles are the names in
    /// `urn:zitadel:iam:org:project:roles`; tokens have no scopes.
    ///
    /// A token must not have `at_hash`, `c_hash`, `nonce` or `auth_time`, which ID tokens alone have.
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

    /// An AWS Application Load Balancer that authenticates users: what it sends in `x-amzn-oidc-data`.
    /// `issuer` is the identity provider's, `signer` the load balancer's ARN, `client` the client that
    /// its listener rule names. All three stand in the token's header and are compared to the letter:
    /// the keys are those of every load balancer of the region, whoever owns it.
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
    /// Only such tokens may, and must, carry base64 padding, so the same `issuer` can be trusted for
    /// its own access tokens as well. Keys come as PEM from the region's address, one for each `kid`;
    /// [`jwks_uri`](Self::jwks_uri) replaces that address, [`key_settings`](Self::key_settings) holds
    /// for these keys too. Further clients are listed with [`clients`](Self::clients).
    ///
    /// **Only the load balancer may reach the server**: whoever else can, may send it any token that
    /// the load balancer ever sent, until that expires.
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

    /// GitHub Actions. The audience is what the workflow asks for; the default, the owner's address, is the
    /// same for every API. Who may call is decided by claims, as
    /// `claim("repository_owner_id") == "1234"`.
    pub fn github_actions() -> Self {
        Self::new("https://token.actions.githubusercontent.com")
    }
}

/// What may stand in a segment of a path as it is (RFC 3986 section 3.3).
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

/// `name` as a segment of a path. What has been encoded already stays so.
fn segment(name: &str) -> Cow<'_, str> {
    const ENCODED: &AsciiSet = &SEGMENT.remove(b'%');
    let is_encoded = name.split('%').skip(1).all(|after| {
        let digits = after.as_bytes().get(..2);
        digits.is_some_and(|it| it.iter().all(u8::is_ascii_hexdigit))
    });
    utf8_percent_encode(name, if is_encoded { ENCODED } else { SEGMENT }).into()
}
