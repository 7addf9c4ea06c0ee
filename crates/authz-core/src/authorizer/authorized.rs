use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::verified::Verified;
use crate::{claims::Claims, clock, confirmation::Binding, crypto::Algorithm, policy::Scopes};

/// A caller whose token is valid and satisfies the endpoint's policy.
///
/// The registered claims have methods, and [`claims`](Self::claims) returns all claims. Cloning is
/// cheap.
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

    /// Returns the claims as the application's type.
    #[must_use]
    pub fn claims(&self) -> &C {
        &self.0.claims
    }

    /// Returns `iss`: one of the configured issuers.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.trusted.issuer
    }

    /// Returns `sub`: the user or client that the token represents, unique within its issuer.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.0.subject()
    }

    /// Returns `client_id`, or else `azp`: the application that the token was issued to.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.0.client_id()
    }

    /// Returns `jti`: the token's identifier.
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.0.token_id()
    }

    /// Returns `sid`: the identifier of the user's session, if it is a string (OpenID Connect Front-Channel
    /// Logout section 3).
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.0.session_id()
    }

    /// Returns `aud`: the audiences of the token.
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        self.0.audiences()
    }

    /// Returns the granted scopes.
    #[must_use]
    pub fn scopes(&self) -> &Scopes {
        self.0.scopes()
    }

    /// Returns the granted scopes and those that they imply by
    /// [`AuthorizerBuilder::scope_implies`](crate::AuthorizerBuilder::scope_implies).
    #[must_use]
    pub fn effective_scopes(&self) -> &Scopes {
        self.0.effective_scopes()
    }

    /// Returns Auth0's `permissions`.
    #[must_use]
    pub fn permissions(&self) -> &Scopes {
        &self.0.permissions
    }

    /// Returns `exp`: the time when the token expires, in whole seconds. For an introspected token without
    /// `exp`, it is the time until which the issuer's answer is used.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        clock::at(self.0.expires_at)
    }

    /// Returns `iat`: the time when the token was issued, in whole seconds.
    #[must_use]
    pub fn issued_at(&self) -> Option<SystemTime> {
        self.0.issued_at.map(clock::at)
    }

    /// Returns the algorithm of the token's signature, or `None` if the issuer was
    /// [asked](crate::Issuer::introspect) about the token instead.
    #[must_use]
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.0.evidence.algorithm()
    }

    /// Returns the `kid` of the key that signed the token. It is `None` if the key does not have one, or if the
    /// issuer was asked about the token instead.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.0.evidence.kid()
    }

    /// Returns how the caller proved that the token is theirs, or `None` for a bearer token.
    #[must_use]
    pub fn binding(&self) -> Option<Binding> {
        let confirmation = self.0.confirmation.as_ref()?;
        Some(match confirmation.jkt {
            Some(_) => Binding::Dpop,
            None => Binding::MutualTls,
        })
    }

    /// Returns the time from `now` until the token is rejected, including the allowed clock skew.
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
