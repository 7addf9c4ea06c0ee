use std::sync::Arc;

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use serde_json::json;

use super::{
    Route, body::Body, cors, discovery, introspection, jwks, respond, respond::Reaction,
    revocation, token_endpoint,
};
#[cfg(feature = "dashboard")]
use crate::dashboard;
use crate::state::{Identity, State};

impl Route for State {
    async fn route(self: Arc<Self>, request: Request<Incoming>) -> Reaction {
        #[cfg(feature = "dashboard")]
        if let Some(dashboard) = &self.dashboard
            && dashboard::is_at(request.uri().path())
        {
            return dashboard::answer(request, &self, dashboard).await.into();
        }
        answer(request, &self).await
    }
}

async fn answer(request: Request<Incoming>, state: &State) -> Reaction {
    let place = Endpoint::of(request.uri().path(), &state.identity);
    if let Endpoint::Discovery | Endpoint::Token = place
        && let Some(origin) = cors::origin(request.headers())
    {
        let answer = match cors::preflight(&request) {
            Some(preflight) => preflight,
            None => answer_at(place, request, state).await,
        };
        return cors::allow(origin, answer);
    }
    answer_at(place, request, state).await
}

async fn answer_at(place: Endpoint, request: Request<Incoming>, state: &State) -> Reaction {
    match place {
        Endpoint::Discovery => {
            state.counts.add(|counts| counts.discovery += 1);
            match read_only(request.method()) {
                Ok(()) => discovery::answer(&request, state),
                Err(refusal) => (*refusal).into(),
            }
        }
        Endpoint::Jwks => match read_only(request.method()) {
            Ok(()) => jwks::answer(&request, state).await,
            Err(refusal) => {
                state.counts.add(|counts| counts.jwks += 1);
                (*refusal).into()
            }
        },
        Endpoint::Token => {
            state.counts.add(|counts| counts.token += 1);
            match *request.method() {
                Method::POST => token_endpoint::answer(request, state).await.into(),
                _ => not_allowed("POST").into(),
            }
        }
        Endpoint::Introspection => {
            state.counts.add(|counts| counts.introspection += 1);
            match *request.method() {
                Method::POST => introspection::answer(request, state).await,
                _ => not_allowed("POST").into(),
            }
        }
        Endpoint::Revocation => {
            state.counts.add(|counts| counts.revocation += 1);
            match *request.method() {
                Method::POST => revocation::answer(request, state).await,
                _ => not_allowed("POST").into(),
            }
        }
        #[cfg(feature = "dashboard")]
        Endpoint::Authorization => match &state.dashboard {
            Some(dashboard) => dashboard::authorize::answer(request, state, dashboard)
                .await
                .into(),
            None => not_found(state),
        },
        Endpoint::Nowhere => not_found(state),
    }
}

enum Endpoint {
    Discovery,
    Jwks,
    Token,
    Introspection,
    Revocation,
    #[cfg(feature = "dashboard")]
    Authorization,
    Nowhere,
}

impl Endpoint {
    /// Finds the place of a path. Empty segments are ignored: joining an issuer with a trailing slash
    /// and a path with a leading one is a common configuration mistake.
    fn of(path: &str, identity: &Identity) -> Self {
        let base = identity
            .issuer
            .splitn(4, '/')
            .nth(3)
            .map_or_else(Vec::new, segments);
        let path = segments(path);

        for (document, place) in [
            ([".well-known", "openid-configuration"], Self::Discovery),
            (
                [".well-known", "oauth-authorization-server"],
                Self::Discovery,
            ),
            ([".well-known", "jwks.json"], Self::Jwks),
            (["oauth", "token"], Self::Token),
            (["oauth", "introspect"], Self::Introspection),
            (["oauth", "revoke"], Self::Revocation),
        ] {
            let appended = path == [base.as_slice(), &document].concat();
            // RFC 8414 section 3.1 inserts it between the host and the path.
            let inserted =
                matches!(place, Self::Discovery) && path == [document.as_slice(), &base].concat();
            if appended || inserted {
                return place;
            }
        }
        #[cfg(feature = "dashboard")]
        if path == [base.as_slice(), &["authorize"]].concat() {
            return Self::Authorization;
        }
        Self::Nowhere
    }
}

fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty()).collect()
}

fn not_found(state: &State) -> Reaction {
    state.counts.add(|counts| counts.other += 1);
    respond::json(StatusCode::NOT_FOUND, &json!({ "error": "not_found" })).into()
}

fn read_only(method: &Method) -> Result<(), Box<Response<Body>>> {
    match *method {
        Method::GET | Method::HEAD => Ok(()),
        _ => Err(Box::new(not_allowed("GET, HEAD"))),
    }
}

fn not_allowed(allowed: &'static str) -> Response<Body> {
    let mut response = respond::json(
        StatusCode::METHOD_NOT_ALLOWED,
        &json!({ "error": "method_not_allowed" }),
    );
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static(allowed));
    response
}
