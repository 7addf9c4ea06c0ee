use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::fault::Fault;

/// How the issuer answers at the moment, where that is not the way it should.
#[derive(Debug)]
pub(crate) struct Answers {
    pub(crate) jwks_document: Option<Vec<u8>>,
    pub(crate) jwks_headers: HeaderMap,
    pub(crate) jwks_fault: Option<Fault>,
    pub(crate) etags: bool,
    pub(crate) last_modified: SystemTime,
    pub(crate) discovery_document: Option<Value>,
    pub(crate) discovery_fault: Option<Fault>,
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

    /// Each change is at least a second after the one before: HTTP dates have no fractions, and a
    /// change within one second must not look like none.
    pub(crate) fn touch(&mut self) {
        let next = self.last_modified + Duration::from_secs(1);
        self.last_modified = next.max(SystemTime::now());
    }
}
