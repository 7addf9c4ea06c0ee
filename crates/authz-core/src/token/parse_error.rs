use std::fmt;

/// A header or payload that is not a JSON object, repeats a name, or has a member of the wrong type.
#[derive(Debug)]
pub(crate) struct ParseError {
    /// The member of the wrong type.
    pub(super) member: Option<&'static str>,
    pub(super) error: serde_json::Error,
}

impl From<serde_json::Error> for ParseError {
    fn from(error: serde_json::Error) -> Self {
        Self {
            member: None,
            error,
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(member) = self.member {
            write!(f, "{member}: ")?;
        }
        self.error.fmt(f)
    }
}
