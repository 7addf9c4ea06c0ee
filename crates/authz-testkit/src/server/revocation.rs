use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde_json::Value;

use super::{
    form,
    introspection::{active, no_store, refusal},
    respond::{self, Reaction},
};
use crate::{lock::Locked as _, state::State};

/// Revokes a token (RFC 7009) for anyone who has it: the clients of this issuer do not have secrets.
pub(crate) async fn answer(request: Request<Incoming>, state: &State) -> Reaction {
    const LIMIT: usize = 64 * 1024;
    let body = Limited::new(request.into_body(), LIMIT).collect().await;
    let fields = body.map(|body| form::fields(&String::from_utf8_lossy(&body.to_bytes())));
    let token = fields.as_ref().ok().and_then(|it| it.get("token"));
    let Some(token) = token.and_then(Value::as_str) else {
        return refusal(StatusCode::BAD_REQUEST, "invalid_request").into();
    };
    // The response is the same for any other token (section 2.2).
    if active(token, state).is_some() {
        state.issued.locked().revoke(token);
    }
    no_store(respond::empty(StatusCode::OK)).into()
}
