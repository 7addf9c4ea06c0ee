use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, header::CONTENT_TYPE};
use serde::{Deserialize, Serialize, de::DeserializeSeed as _};
use serde_json::{Map, Value};

use super::error::PollError;
use crate::{json::Skip, jwks::Fetched, revocation::security_events::error::SetError};

/// A poll (RFC 8936 section 2.2).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PollRequest<'a> {
    pub(super) max_events: u32,
    pub(super) return_immediately: bool,
    #[serde(flatten)]
    pub(super) answers: &'a SetAnswers,
}

/// What became of the events of the last responses, by `jti`.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SetAnswers {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) ack: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    set_errs: BTreeMap<String, RefusedSet>,
}

/// RFC 8936 section 2.6.
#[derive(Serialize)]
struct RefusedSet {
    err: &'static str,
    description: String,
}

/// RFC 8936 section 2.3.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PollResponse {
    pub(super) sets: Map<String, Value>,
    #[serde(default)]
    pub(super) more_available: bool,
}

impl PollRequest<'_> {
    pub(super) fn body(&self) -> Result<Bytes, serde_json::Error> {
        serde_json::to_vec(self).map(Bytes::from)
    }
}

impl SetAnswers {
    pub(super) fn refuse(&mut self, id: String, error: SetError) {
        let refusal = RefusedSet {
            err: error.code(),
            description: error.to_string(),
        };
        self.set_errs.insert(id, refusal);
    }
}

impl PollResponse {
    pub(super) fn read(fetched: &Fetched) -> Result<Self, PollError> {
        if !is_json(&fetched.headers) {
            return Err(PollError::ContentType);
        }
        // Rejects repeated names first: the second event of a name would replace the first one.
        let mut json = serde_json::Deserializer::from_slice(&fetched.body);
        Skip.deserialize(&mut json)?;
        json.end()?;
        Ok(serde_json::from_slice(&fetched.body)?)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let media_type = value.and_then(|it| it.split(';').next());
    media_type.is_some_and(|it| it.trim().eq_ignore_ascii_case("application/json"))
}
