use std::fmt;

use http::{HeaderName, HeaderValue};

/// Finds the log event of a rejection. It is random and says nothing about the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reference(u64);

impl Reference {
    pub(super) const HEADER: HeaderName = HeaderName::from_static("authz-ref");

    pub(super) fn random() -> Self {
        Self(fastrand::u64(..))
    }

    pub(super) fn to_header_value(self) -> HeaderValue {
        // Hexadecimal digits: always a header value.
        HeaderValue::try_from(self.to_string()).unwrap_or(HeaderValue::from_static(""))
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
