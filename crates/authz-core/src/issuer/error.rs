use std::time::Duration;

use crate::{jwks::RemoteJwksError, policy::BadImplication, untrusted::debug_as_display};

/// Why an [`Authorizer`](crate::Authorizer) can't be built. `Debug` prints the message, because a
/// `main` that returns the error prints `Debug`.
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
    /// An issuer has no audience, or an empty one, and no clients that replace it.
    MissingAudience,
    /// Two issuers have the same identifier.
    DuplicateIssuer,
    /// A profile's argument, a tenant pattern or a load balancer's ARN is invalid.
    InvalidIssuer,
    /// The value of a setting is invalid.
    InvalidSetting,
    /// The settings for fetching an issuer's keys are invalid.
    Keys,
    /// The settings for asking an issuer about tokens are invalid, or those of two issuers overlap.
    Introspection,
    /// An issuer accepts DPoP, but the address of this API is unknown.
    MissingPublicUrl,
    /// The resource identifier is not an absolute https URL without fragment (RFC 9728 section 1.2).
    InvalidResource,
    /// A member of the resource's metadata is invalid.
    InvalidMetadata,
    /// The builder does not choose a cryptography backend, and the default one is not compiled in.
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

    /// Creates an error about `issuer`. `problem` follows its name in the message.
    pub(super) fn of_issuer(kind: BuildErrorKind, issuer: &str, problem: &str) -> Self {
        Self {
            issuer: Some(issuer.to_owned()),
            ..Self::new(kind, format!("issuer {issuer:?}{problem}"))
        }
    }

    pub(super) fn missing_issuer() -> Self {
        Self::new(
            BuildErrorKind::MissingIssuer,
            "no issuer is configured: add the `iss` of your tokens, for example with `.issuer(Issuer::new(\"https://login.example\"))`",
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

    pub(super) fn introspection(issuer: &str, error: &RemoteJwksError) -> Self {
        let problem = format!(" can't be asked about tokens: {error}");
        Self::of_issuer(BuildErrorKind::Introspection, issuer, &problem)
    }

    /// All tenants share one key set address, so each could sign for the others.
    pub(super) fn shared_tenant_keys() -> Self {
        Self::new(
            BuildErrorKind::Keys,
            "all tenants share one key set address, so the keys of one would verify the tokens of another: remove the address, and discovery finds the keys of each tenant",
        )
    }

    /// Returns the kind of error.
    #[must_use]
    pub const fn kind(&self) -> BuildErrorKind {
        self.kind
    }

    /// Returns the identifier of the issuer whose settings are invalid, if the error is about one.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }
}

debug_as_display!(BuildError);

impl From<BadImplication> for BuildError {
    fn from(bad: BadImplication) -> Self {
        Self::setting(match bad {
            BadImplication::Invalid(error) => format!("invalid scope implication: {error}"),
            BadImplication::Cycle(cycle) => {
                format!("scope implications are cyclic: {}", cycle.join(" implies "))
            }
        })
    }
}

/// Rejects durations that could overflow a time.
pub(super) fn check_duration(setting: &'static str, value: Duration) -> Result<(), BuildError> {
    const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    if value > LONGEST {
        return Err(BuildError::setting(format!(
            "{setting} is {value:?}: use at most 100 years"
        )));
    }
    Ok(())
}
