//! Issuers as they are in the field. Each profile is settings that could be written out as well; none
//! has a path of its own through the code.

use super::Issuer;

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

    /// GitHub Actions. The audience is what the workflow asks for; the default, the owner's address, is the
    /// same for every API. Who may call is decided by claims, as
    /// `claim("repository_owner_id") == "1234"`.
    pub fn github_actions() -> Self {
        Self::new("https://token.actions.githubusercontent.com")
    }
}
