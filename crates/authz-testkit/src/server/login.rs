//! The grant of an authorization code (RFC 6749 section 4.1.3).

use crate::{state::State, token::TokenBuilder};

/// A user who has logged in on the dashboard's page.
pub(super) struct Login {
    pub(super) subject: String,
    pub(super) audience: String,
    pub(super) scope: String,
}

/// The parameters of the token request.
#[cfg_attr(
    not(feature = "dashboard"),
    expect(dead_code, reason = "no code is ever issued")
)]
pub(super) struct Redemption<'r> {
    pub(super) code: &'r str,
    pub(super) client: &'r str,
    pub(super) redirect_uri: &'r str,
    pub(super) verifier: &'r str,
}

#[cfg(feature = "dashboard")]
impl Login {
    pub(super) fn redeem(it: &Redemption<'_>, state: &State) -> Result<Self, &'static str> {
        let dashboard = state
            .dashboard
            .as_ref()
            .ok_or("this issuer has no login page")?;
        let code = (dashboard.codes).redeem(it.code, it.client, it.redirect_uri, it.verifier)?;
        Ok(Self {
            audience: code.audience,
            scope: code.scope,
            subject: code.subject,
        })
    }

    /// Adds what the registry says of the user.
    pub(super) fn add_claims(&self, token: TokenBuilder, state: &State) -> TokenBuilder {
        let settings = state.dashboard.as_ref().map(|it| it.registry.settings());
        let user = settings.as_ref().and_then(|it| it.user(&self.subject));
        let (Some(settings), Some(user)) = (&settings, user) else {
            return token;
        };
        let permissions = settings.permissions(user, &user.roles, &self.audience);
        let mut token = token.permissions(permissions);
        if !user.roles.is_empty() {
            token = token.claim("roles", user.roles.clone());
        }
        // Of several organizations, the client did not choose one.
        if let [organization] = &user.organizations[..] {
            token = token.claim("org_id", organization.as_str());
        }
        token
    }
}

#[cfg(not(feature = "dashboard"))]
impl Login {
    pub(super) fn redeem(_: &Redemption<'_>, _: &State) -> Result<Self, &'static str> {
        Err("this issuer has no login page")
    }

    #[expect(clippy::unused_self, reason = "no user ever logs in")]
    pub(super) fn add_claims(&self, token: TokenBuilder, _: &State) -> TokenBuilder {
        token
    }
}
