use std::fmt;

use http::HeaderValue;

/// The value of a `WWW-Authenticate` header: one Bearer challenge (RFC 6750 section 3).
///
/// Values are quoted and escaped (RFC 9110 section 5.6.4). What a header can't hold, line breaks
/// above all, is left out, so that no value can end the header and begin another.
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
    /// A challenge without parameters.
    #[must_use]
    pub fn bearer() -> Self {
        Self("Bearer".to_owned())
    }

    /// Adds a parameter.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.0.push_str(if self.0 == "Bearer" { " " } else { ", " });
        self.0.push_str(name);
        self.0.push_str("=\"");
        for character in value.chars() {
            match character {
                '"' | '\\' => self.0.extend(['\\', character]),
                // Visible ASCII and the space: RFC 6750 section 3 allows no more, and intermediaries
                // disagree about the rest.
                ' '..='~' => self.0.push(character),
                _ => {}
            }
        }
        self.0.push('"');
        self
    }

    #[expect(
        clippy::expect_used,
        reason = "names are ours, and of a value `with` keeps visible ASCII and spaces alone"
    )]
    pub(crate) fn to_header_value(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).expect("a challenge is visible ASCII and spaces alone")
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
