use std::time::Duration;

use crate::{jwks::RemoteJwksError, policy::BadImplication, untrusted::debug_as_display};

/// Why an [`Authorizer`](crate::Authorizer) can't be built. `Debug` shows the message too: it is what a
/// `main` that returns the error prints.
///
/// ```
/// use authz_core::{Authorizer, BuildErrorKind, Issuer};
///
/// let error = Authorizer::new(Issuer::new("https://login.example")).unwrap_err();
/// assert_eq!(error.kind(), BuildErrorKind::MissingAudience);
/// assert_eq!(error.issuer(), Some("https://login.example"));
/// ```
#[derive(thiserror::Error)]
#[error("{message}")]
pub struct BuildError {
    kind: BuildErrorKind,
    issuer: Option<String>,
    message: String,
}

/// The kinds of [`BuildError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BuildErrorKind {
    /// No issuer is configured.
    MissingIssuer,
    /// An issuer has no audience, or an empty one, and no clients that take its place.
    MissingAudience,
    /// An issuer is configured twice.
    DuplicateIssuer,
    /// A profile, a tenant pattern or a load balancer's ARN can't be used.
    InvalidIssuer,
    /// A setting has a value that can't work.
    InvalidSetting,
    /// The keys of an issuer can't be fetched in the configured way.
    Keys,
    /// The resource identifier is not an absolute https URL without fragment (RFC 9728 section 1.2).
    InvalidResource,
    /// A member of the resource's metadata can't be published.
    InvalidMetadata,
    /// No cryptography backend is chosen, and the default one is not compiled in.
    MissingCryptoBackend,
}

impl BuildError {
    pub(crate) fn new(kind: BuildErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            issuer: None,
            message: message.into(),
        }
    }

    pub(crate) fn setting(message: impl Into<String>) -> Self {
        Self::new(BuildErrorKind::InvalidSetting, message)
    }

    /// An error about `issuer`, which the message names first.
    pub(super) fn of_issuer(kind: BuildErrorKind, issuer: &str, problem: &str) -> Self {
        Self {
            issuer: Some(issuer.to_owned()),
            ..Self::new(kind, format!("issuer {issuer:?}{problem}"))
        }
    }

    pub(super) fn missing_issuer() -> Self {
        Self::new(
            BuildErrorKind::MissingIssuer,
            "no issuer is configured: give the `iss` of the tokens to accept, as with `.issuer(Issuer::new(\"https://login.example\"))`",
        )
    }

    pub(super) fn keys(issuer: &str, error: &RemoteJwksError) -> Self {
        Self {
            issuer: Some(issuer.to_owned()),
            ..Self::new(
                BuildErrorKind::Keys,
                format!("the keys of issuer {issuer:?} can't be fetched: {error}"),
            )
        }
    }

    /// One key set address for all tenants: each would sign for the others.
    pub(super) fn shared_tenant_keys() -> Self {
        Self::new(
            BuildErrorKind::Keys,
            "tenants share one key set address: the keys of one would verify the tokens of another; leave it out, so that each tenant's own keys are found by discovery",
        )
    }

    /// The kind of error.
    #[must_use]
    pub const fn kind(&self) -> BuildErrorKind {
        self.kind
    }

    /// The identifier of the issuer whose settings can't be used, if the error is about one.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }
}

debug_as_display!(BuildError);

impl From<BadImplication> for BuildError {
    fn from(bad: BadImplication) -> Self {
        Self::setting(match bad {
            BadImplication::Invalid(error) => format!("what scopes imply: {error}"),
            BadImplication::Cycle(cycle) => format!(
                "scopes imply each other in a circle: {}",
                cycle.join(" implies ")
            ),
        })
    }
}

/// Rejects settings so long that a time can't be computed with them.
pub(crate) fn check_duration(setting: &'static str, value: Duration) -> Result<(), BuildError> {
    const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    if value > LONGEST {
        return Err(BuildError::setting(format!(
            "{setting} is {value:?}: at most 100 years are accepted"
        )));
    }
    Ok(())
}
