use std::fmt;

use http::HeaderValue;

/// A challenge: the value of a `WWW-Authenticate` header (RFC 6750 section 3, RFC 9449 section 7.1).
///
/// Parameter values are quoted and escaped (RFC 9110 section 5.6.4). Characters outside of visible
/// ASCII and space are dropped, line breaks included, so a value can't inject a header.
///
/// ```
/// use authz_core::Challenge;
///
/// let challenge = Challenge::bearer().with("realm", "the \"API\"\r\nX-Injected: 1");
/// assert_eq!(challenge.to_string(), r#"Bearer realm="the \"API\"X-Injected: 1""#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge(String);

impl Challenge {
    /// Creates a Bearer challenge without parameters.
    #[must_use]
    pub fn bearer() -> Self {
        Self("Bearer".to_owned())
    }

    /// Creates a DPoP challenge without parameters.
    #[must_use]
    pub fn dpop() -> Self {
        Self("DPoP".to_owned())
    }

    /// Adds a parameter.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        let is_first = !self.0.contains(' ');
        self.0.push_str(if is_first { " " } else { ", " });
        self.0.push_str(name);
        self.0.push_str("=\"");
        for character in value.chars() {
            match character {
                '"' | '\\' => self.0.extend(['\\', character]),
                // RFC 6750 section 3 allows only these, and intermediaries disagree about others.
                ' '..='~' => self.0.push(character),
                _ => {}
            }
        }
        self.0.push('"');
        self
    }

    #[expect(
        clippy::expect_used,
        reason = "parameter names are constants, and `with` drops everything but visible ASCII and spaces"
    )]
    pub(crate) fn to_header_value(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).expect("a challenge contains only visible ASCII and spaces")
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
