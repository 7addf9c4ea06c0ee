use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::fault::Fault;

/// Settings that change the documents which the issuer serves.
#[derive(Debug)]
pub(crate) struct Answers {
    pub(crate) jwks_document: Option<Vec<u8>>,
    pub(crate) jwks_headers: HeaderMap,
    pub(crate) jwks_fault: Option<Fault>,
    pub(crate) etags: bool,
    pub(crate) last_modified: SystemTime,
    pub(crate) discovery_document: Option<Value>,
    pub(crate) discovery_fault: Option<Fault>,
    pub(crate) introspection_fault: Option<Fault>,
}

impl Answers {
    pub(crate) fn new() -> Self {
        Self {
            jwks_document: None,
            jwks_headers: HeaderMap::new(),
            jwks_fault: None,
            etags: false,
            last_modified: SystemTime::now(),
            discovery_document: None,
            discovery_fault: None,
            introspection_fault: None,
        }
    }

    pub(crate) fn set_header(&mut self, name: &str, value: Option<&str>) {
        let name = HeaderName::try_from(name).expect("a header name that HTTP allows");
        match value {
            Some(value) => {
                let value = HeaderValue::try_from(value).expect("a header value that HTTP allows");
                self.jwks_headers.insert(name, value);
            }
            None => {
                self.jwks_headers.remove(name);
            }
        }
    }

    /// Moves `Last-Modified` forward by at least a second. HTTP dates have no fractions, so two changes
    /// within a second would look like one.
    pub(crate) fn touch(&mut self) {
        let next = self.last_modified + Duration::from_secs(1);
        self.last_modified = next.max(SystemTime::now());
    }
}
