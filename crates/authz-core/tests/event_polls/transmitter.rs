//! A transmitter in memory, under tokio's paused clock.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use authz_core::{
    EventPoller, EventPollerBuilder, async_trait,
    jwks::{FetchError, FetchRequest, Fetched, Fetcher, PostRequest},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::api::Api;

#[derive(Clone)]
pub(crate) struct Scripted(Arc<Mutex<Script>>);

struct Script {
    start: Instant,
    /// After the last one, polls wait forever.
    next: VecDeque<Step>,
    polls: Vec<Poll>,
}

/// One response.
#[derive(Clone)]
pub(crate) enum Step {
    Json(Value),
    Status(u16, Option<u64>),
    Reset,
    TooLarge,
    /// None.
    Hold,
}

#[derive(Clone, Debug)]
pub(crate) struct Poll {
    pub(crate) at: Duration,
    pub(crate) body: Value,
    pub(crate) headers: HeaderMap,
}

impl Scripted {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self(Arc::new(Mutex::new(Script {
            start: Instant::now(),
            next: steps.into_iter().collect(),
            polls: Vec::new(),
        })))
    }

    pub(crate) fn start(&self, api: &Api) -> EventPoller {
        self.start_with(api, |it| it)
    }

    pub(crate) fn start_with(
        &self,
        api: &Api,
        settings: impl FnOnce(EventPollerBuilder) -> EventPollerBuilder,
    ) -> EventPoller {
        let poller = api.events.poll("https://login.example/poll");
        settings(poller.fetcher(self.clone())).start().unwrap()
    }

    pub(crate) fn then(&self, step: Step) {
        self.state().next.push_back(step);
    }

    pub(crate) fn polls(&self) -> Vec<Poll> {
        self.state().polls.clone()
    }

    fn state(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap()
    }
}

impl Step {
    pub(crate) fn empty() -> Self {
        Self::sets([], false)
    }

    pub(crate) fn sets<const N: usize>(sets: [(&str, String); N], more: bool) -> Self {
        let sets = sets.map(|(id, set)| (id.to_owned(), Value::from(set)));
        let sets = Value::Object(sets.into_iter().collect());
        Self::Json(json!({ "sets": sets, "moreAvailable": more }))
    }
}

impl Poll {
    pub(crate) fn is_immediate(&self) -> bool {
        self.body["returnImmediately"].as_bool().unwrap()
    }
}

#[async_trait]
impl Fetcher for Scripted {
    async fn get(&self, _: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        Err(FetchError::transport("there is nothing to fetch"))
    }

    async fn post(&self, request: PostRequest<'_>) -> Result<Fetched, FetchError> {
        let step = {
            let mut script = self.state();
            let poll = Poll {
                at: script.start.elapsed(),
                body: serde_json::from_slice(request.body).unwrap(),
                headers: request.headers.clone(),
            };
            script.polls.push(poll);
            script.next.pop_front()
        };
        let mut headers = HeaderMap::new();
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        headers.insert(CONTENT_TYPE, json);
        let (status, body) = match step {
            None | Some(Step::Hold) => return std::future::pending().await,
            Some(Step::Reset) => return Err(FetchError::transport("reset")),
            Some(Step::TooLarge) => return Err(FetchError::too_large(request.max_bytes)),
            Some(Step::Json(body)) => (200, body.to_string()),
            Some(Step::Status(status, retry_after)) => {
                headers.extend(retry_after.map(|it| (RETRY_AFTER, it.into())));
                (status, String::new())
            }
        };
        Ok(Fetched {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: body.into(),
        })
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scripted")
    }
}
