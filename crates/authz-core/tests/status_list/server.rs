use std::{
    fmt,
    io::Write as _,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, UNIX_EPOCH},
};

use authz_core::{
    Authorized, Authorizer, ManualClock, Policy, Reason, Rejection, RequestParts, StatusLists,
    any_valid_token, async_trait,
    jwks::{FetchError, FetchRequest, Fetched, Fetcher},
};
use authz_testkit::{SigningKey, TokenBuilder};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use flate2::{Compression, write::ZlibEncoder};
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::support::{ISSUER, KeyServer, builder, key, token};

pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const ORIGIN: &str = "https://status.example";
pub(crate) const URI: &str = "https://status.example/lists/1";

/// A server of one status list, and an API that asks it.
pub(crate) struct Api {
    pub(crate) server: ListServer,
    pub(crate) key: SigningKey,
    pub(crate) authorizer: Authorizer,
}

#[derive(Clone)]
pub(crate) struct ListServer(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    gate: Semaphore,
}

pub(crate) struct State {
    /// The response, or `None` if the connection fails.
    pub(crate) response: Option<(u16, String)>,
    pub(crate) requests: Vec<String>,
    pub(crate) held: bool,
}

impl Api {
    pub(crate) fn new() -> Self {
        Self::with(|lists| lists)
    }

    pub(crate) fn with(settings: impl FnOnce(StatusLists) -> StatusLists) -> Self {
        let key = key();
        let clock = ManualClock::at(UNIX_EPOCH + Duration::from_secs(NOW));
        let server = ListServer(Arc::new(Inner {
            state: Mutex::new(State {
                response: None,
                requests: Vec::new(),
                held: false,
            }),
            gate: Semaphore::new(0),
        }));
        let keys = KeyServer::new([key.clone()]);
        let lists = settings(StatusLists::at_origin(ORIGIN).fetcher(server.clone()));
        let authorizer = builder(keys.keys().build().unwrap())
            .clock(clock.clone())
            .status_lists(lists)
            .build()
            .unwrap();
        Self {
            server,
            key,
            authorizer,
        }
    }

    /// A token at this index of the list.
    pub(crate) fn token(&self, index: u64) -> TokenBuilder {
        let status = json!({ "status_list": { "idx": index, "uri": URI } });
        token(&self.key).now(NOW).claim("status", status)
    }

    /// A list token with these statuses, two bits each, and a `ttl` of a minute.
    pub(crate) fn list(&self, statuses: &[u8]) -> TokenBuilder {
        self.list_of(&json!({ "bits": 2, "lst": encode(&pack(statuses)) }))
    }

    pub(crate) fn list_of(&self, status_list: &Value) -> TokenBuilder {
        token(&self.key)
            .now(NOW)
            .typ(Some("statuslist+jwt"))
            .without("aud")
            .without("exp")
            .without("scope")
            .subject(URI)
            .claim("ttl", 60)
            .claim("status_list", status_list.clone())
    }

    pub(crate) async fn request(&self, token: &str) -> Result<Authorized, Rejection> {
        self.request_for(token, &any_valid_token()).await
    }

    pub(crate) async fn request_for(
        &self,
        token: &str,
        policy: &Policy,
    ) -> Result<Authorized, Rejection> {
        let request = Request::get("/").header("authorization", format!("Bearer {token}"));
        let request = request.body(()).unwrap();
        let parts = RequestParts::from(&request);
        self.authorizer.authorize(&parts, policy).await
    }

    pub(crate) async fn refusal(&self, token: &str) -> Option<Reason> {
        self.request(token).await.err().map(|it| it.reason())
    }
}

impl ListServer {
    pub(crate) fn serve(&self, list: TokenBuilder) {
        self.respond(200, list.build());
    }

    pub(crate) fn respond(&self, status: u16, body: impl Into<String>) {
        self.state().response = Some((status, body.into()));
    }

    pub(crate) fn fail(&self) {
        self.state().response = None;
    }

    pub(crate) fn hold(&self) {
        self.state().held = true;
    }

    pub(crate) fn release(&self) {
        self.state().held = false;
        self.0.gate.add_permits(1000);
    }

    pub(crate) fn requests(&self) -> usize {
        self.state().requests.len()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }
}

impl fmt::Debug for ListServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ListServer")
    }
}

#[async_trait]
impl Fetcher for ListServer {
    async fn get(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        assert_eq!(request.headers["accept"], "application/statuslist+jwt");
        assert_eq!(request.headers["accept-encoding"], "identity");
        let (response, held) = {
            let mut state = self.state();
            state.requests.push(request.url.to_string());
            (state.response.clone(), state.held)
        };
        if held {
            self.0.gate.acquire().await.unwrap().forget();
        }
        let (status, body) = response.ok_or_else(|| FetchError::transport("reset"))?;
        Ok(Fetched {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.into(),
        })
    }
}

/// Two bits for each status, least significant first.
fn pack(statuses: &[u8]) -> Vec<u8> {
    let byte = |four: &[u8]| four.iter().rev().fold(0, |byte, it| byte << 2 | it);
    statuses.chunks(4).map(byte).collect()
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(bytes).unwrap();
    BASE64_URL_SAFE_NO_PAD.encode(zlib.finish().unwrap())
}

/// The issuer of the tokens.
pub(crate) fn issuer() -> &'static str {
    ISSUER
}
