//! Issuers as they are in the field. Each profile is settings that could be written out as well; none
//! has a path of its own through the code.

use std::sync::Arc;

use super::Issuer;
use crate::crypto::Algorithm;

impl Issuer {
    /// Auth0: the tenant's domain, as `tenant.eu.auth0.com`, or a custom one. Add the API's identifier as
    /// the audience. With RBAC on, what the user may do is asked for with
    /// [`permission`](crate::permission).
    pub fn auth0(domain: impl AsRef<str>) -> Self {
        Self::new(format!("https://{}/", domain.as_ref()))
    }

    /// Keycloak: the server's address, as `https://sso.example`, and the realm. Roles are the realm's;
    /// those of a client are read with
    /// `.roles_from(["realm_access.roles", "resource_access.CLIENT.roles"])`, where a client's name
    /// with a dot in it stands in single quotes.
    ///
    /// Add as the audience what an audience mapper puts there: without one it is `account`, which says
    /// nothing about this API.
    pub fn keycloak(server: impl AsRef<str>, realm: impl AsRef<str>) -> Self {
        let server = server.as_ref().trim_end_matches('/');
        Self::new(format!("{server}/realms/{}", realm.as_ref())).roles_from(["realm_access.roles"])
    }

    /// Microsoft Entra ID, v2 tokens: the tenant's identifier. Add the API's application identifier as the
    /// audience. For the tenants of others see [`Tenants`](crate::Tenants).
    pub fn entra(tenant: impl AsRef<str>) -> Self {
        let tenant = tenant.as_ref();
        Self::new(format!("https://login.microsoftonline.com/{tenant}/v2.0"))
    }

    /// Microsoft Entra ID, v1 tokens, which an API gets whose manifest does not ask for v2. The audience is
    /// the App ID URI (`api://...`) or the application identifier.
    pub fn entra_v1(tenant: impl AsRef<str>) -> Self {
        let tenant = tenant.as_ref();
        Self::new(format!("https://sts.windows.net/{tenant}/")).jwks_uri(format!(
            "https://login.microsoftonline.com/{tenant}/discovery/keys"
        ))
    }

    /// An Okta custom authorization server: the domain, and the server's identifier, as `default`. Tokens of
    /// the org authorization server can be verified by Okta alone. The audience is the server's, as
    /// `api://default`.
    pub fn okta(domain: impl AsRef<str>, server: impl AsRef<str>) -> Self {
        let (domain, server) = (domain.as_ref(), server.as_ref());
        Self::new(format!("https://{domain}/oauth2/{server}"))
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
        Self::new(format!("https://cognito-idp.{region}.amazonaws.com/{pool}"))
            .clients_instead_of_audience()
            .clients(clients)
            .required_claim("token_use", "access")
            .groups_from(["cognito:groups"])
    }

    /// Google's ID tokens, for an API that takes them for want of access tokens that others can read. The
    /// audience is the OAuth client's identifier, and is all that tells the API's own users from anybody's.
    pub fn google() -> Self {
        Self::new("https://accounts.google.com")
    }

    /// Zitadel: the instance's domain, and the project, which is the audience. Roles are the names in
    /// `urn:zitadel:iam:org:project:roles`; tokens have no scopes.
    pub fn zitadel(domain: impl AsRef<str>, project: impl Into<String>) -> Self {
        Self::new(format!("https://{}", domain.as_ref()))
            .audience(project)
            .roles_from(["urn:zitadel:iam:org:project:roles"])
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
    ///     .trust(Issuer::aws_alb(
    ///         "https://login.example",
    ///         "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/my-api/50dc6c495c0c9188",
    ///         "client-id",
    ///     ))
    ///     .also_accept(TokenSource::header("x-amzn-oidc-data")?);
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
