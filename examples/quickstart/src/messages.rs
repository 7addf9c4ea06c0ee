use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::UNIX_EPOCH,
};

use bytes::{Buf, BufMut as _};
use futures_util::{Stream, StreamExt as _};
use http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Problem, answers::problem};

/// The common messages, or those [of](Self::of) one organization, in memory. Each list has its own ids
/// and keeps the newest [`CAPACITY`](Self::CAPACITY) messages. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    rooms: Arc<Mutex<Rooms>>,
    organization: Option<Arc<str>>,
}

/// By organization. The common messages have none.
type Rooms = HashMap<Option<Arc<str>>, VecDeque<Message>>;

/// A stored message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    id: u64,
    text: String,
    /// The token's `sub`.
    author: Option<String>,
    /// Seconds since 1970.
    created_at: u64,
}

impl Messages {
    /// Maximum number of messages. A further message displaces the oldest.
    pub const CAPACITY: usize = 1000;

    /// Maximum number of organizations. A further one displaces the one without new messages for longest.
    const ORGANIZATIONS: usize = 100;

    /// Returns the messages of one organization.
    #[must_use]
    pub fn of(&self, organization: &str) -> Self {
        let organization = Some(organization.into());
        Self {
            organization,
            ..self.clone()
        }
    }

    /// Stores a message. `author` is the `sub` of the caller's token.
    #[must_use]
    pub fn add(&self, message: NewMessage, author: Option<&str>) -> Message {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        if rooms.len() > Self::ORGANIZATIONS && !rooms.contains_key(&self.organization) {
            let organizations = rooms.iter().filter(|(of, _)| of.is_some());
            let silent = organizations.min_by_key(|(_, room)| room.back().map(|it| it.created_at));
            if let Some(silent) = silent.map(|(of, _)| of.clone()) {
                rooms.remove(&silent);
            }
        }
        let room = rooms.entry(self.organization.clone()).or_default();
        let message = Message {
            id: room.back().map_or(1, |newest| newest.id + 1),
            text: message.0,
            author: author.map(str::to_owned),
            created_at: UNIX_EPOCH.elapsed().unwrap_or_default().as_secs(),
        };
        if room.len() == Self::CAPACITY {
            room.pop_front();
        }
        room.push_back(message.clone());
        message
    }

    /// Returns the messages, the oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<Message> {
        let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let room = rooms.get(&self.organization).into_iter().flatten();
        room.cloned().collect()
    }
}

/// A message to be stored: 1 to [`MAX_CHARACTERS`](Self::MAX_CHARACTERS) characters of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage(String);

impl NewMessage {
    /// Maximum length of a text in characters.
    pub const MAX_CHARACTERS: usize = 1000;
    /// Maximum length of a body in bytes: enough for 1000 characters written as `\ud83d\ude00`.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// Reads `{"text":"..."}` from the body of a request with these header fields.
    ///
    /// The frameworks' own JSON extractors differ in the bodies that they accept and in their error
    /// responses.
    ///
    /// # Errors
    ///
    /// Returns the response that describes a valid body.
    pub async fn read<E>(
        headers: &HeaderMap,
        body: impl Stream<Item = Result<impl Buf, E>>,
    ) -> Result<Self, Problem> {
        if !is_json(headers) {
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            let description = "send JSON, with the content type application/json";
            return Err(problem(status, "unsupported_media_type", description));
        }
        let mut body = std::pin::pin!(body);
        let mut json = Vec::new();
        while let Some(part) = body.next().await {
            let part = part.map_err(|_| invalid_request("the body ends early"))?;
            if json.len() + part.remaining() > Self::MAX_BYTES {
                let status = StatusCode::PAYLOAD_TOO_LARGE;
                let description = "the body is longer than a message may be";
                return Err(problem(status, "content_too_large", description));
            }
            json.put(part);
        }
        // A struct with serde's derive would also accept an array: ["text"].
        let members: Map<String, Value> = serde_json::from_slice(&json)
            .map_err(|_| invalid_request("the body is not a JSON object"))?;
        match members.get("text").and_then(Value::as_str) {
            Some(text) if (1..=Self::MAX_CHARACTERS).contains(&text.chars().count()) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(invalid_request(
                "the member text must be a string of 1 to 1000 characters",
            )),
        }
    }
}

fn invalid_request(description: &str) -> Problem {
    problem(StatusCode::BAD_REQUEST, "invalid_request", description)
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let essence = content_type.and_then(|it| it.split(';').next());
    essence.is_some_and(|it| it.trim().eq_ignore_ascii_case("application/json"))
}
