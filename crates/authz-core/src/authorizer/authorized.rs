use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::verified::Verified;
use crate::{claims::Claims, clock, crypto::Algorithm, policy::Scopes};

/// A caller whose token was found good and satisfies the endpoint's policy.
///
/// The registered claims are methods; [`claims`](Self::claims) has all of them. Cloning is cheap.
///
/// ```
/// # use authz_core::Authorized;
/// #[derive(serde::Deserialize)]
/// struct Organization {
///     org_id: String,
/// }
///
/// fn greet(caller: &Authorized<Organization>) -> String {
///     format!("hello {} of {}", caller.subject().unwrap_or("nobody"), caller.claims().org_id)
/// }
/// ```
pub struct Authorized<C = Claims>(Arc<Verified<C>>);

impl<C> Authorized<C> {
    pub(crate) const fn new(verified: Arc<Verified<C>>) -> Self {
        Self(verified)
    }

    pub(crate) fn verified(&self) -> &Verified<C> {
        &self.0
    }

    /// The claims, as the application's type.
    #[must_use]
    pub fn claims(&self) -> &C {
        &self.0.claims
    }

    /// The issuer: one of the configured ones.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.trusted.issuer
    }

    /// `sub`: whom the token speaks for, unique within its issuer.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.0.subject()
    }

    /// `client_id`, or else `azp`: the application that the token was issued to.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.0.client_id()
    }

    /// `jti`: the token's own identifier.
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.0.token_id()
    }

    /// `aud`: every audience that the token is meant for.
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        self.0.audiences()
    }

    /// The scopes granted.
    #[must_use]
    pub fn scopes(&self) -> &Scopes {
        self.0.scopes()
    }

    /// The scopes granted, and those that they imply by
    /// [`AuthorizerBuilder::scope_implies`](crate::AuthorizerBuilder::scope_implies).
    #[must_use]
    pub fn effective_scopes(&self) -> &Scopes {
        self.0.effective_scopes()
    }

    /// Auth0's `permissions`.
    #[must_use]
    pub fn permissions(&self) -> &Scopes {
        &self.0.permissions
    }

    /// `exp`: when the token expires, to the second.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        clock::at(self.0.expires_at)
    }

    /// `iat`: when the token was issued, to the second.
    #[must_use]
    pub fn issued_at(&self) -> Option<SystemTime> {
        self.0.issued_at.map(clock::at)
    }

    /// The algorithm of the token's signature.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.0.algorithm
    }

    /// The identifier of the key that signed the token.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.0.key.kid()
    }

    /// How long the token is still accepted at `now`, allowed clock skew included.
    #[must_use]
    pub fn remaining(&self, now: SystemTime) -> Duration {
        let end = self.0.expires_at.saturating_add(self.0.trusted.leeway);
        Duration::from_secs(end).saturating_sub(clock::since_1970(now))
    }
}

impl<C> Clone for Authorized<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C> fmt::Debug for Authorized<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorized")
            .field("issuer", &self.issuer())
            .field("subject", &self.subject())
            .field("scopes", self.scopes())
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}
