use std::{borrow::Borrow, fmt, str::FromStr};

/// A valid scope name (RFC 6749 section 3.3).
///
/// ```
/// use authz_core::Scope;
///
/// let scope: Scope = "read:messages".parse()?;
/// assert!("read:messages write:messages".parse::<Scope>().is_err());
/// # Ok::<(), authz_core::InvalidScope>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(Box<str>);

/// The scope with which a client asks its issuer for a refresh token (OpenID Connect Core section 11).
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

/// The text is not a valid [`Scope`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a scope: one or more visible ASCII characters, without spaces, double quotes and \
     backslashes (RFC 6749 section 3.3)"
)]
pub struct InvalidScope(String);

impl Scope {
    /// Returns `true` if `text` is a valid scope: `1*( %x21 / %x23-5B / %x5D-7E )`.
    #[must_use]
    pub const fn is_valid(text: &str) -> bool {
        let mut rest = text.as_bytes();
        while let [byte, after @ ..] = rest {
            if !matches!(*byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e) {
                return false;
            }
            rest = after;
        }
        !text.is_empty()
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for Scope {
    type Error = InvalidScope;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if Self::is_valid(&text) {
            Ok(Self(text.into_boxed_str()))
        } else {
            Err(InvalidScope(text))
        }
    }
}

impl Borrow<str> for Scope {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Scope {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
