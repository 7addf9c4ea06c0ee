//! The authorization endpoint with its login page (RFC 6749 section 4.1, RFC 7636).

pub(crate) mod codes;
mod page;
mod request;

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use serde_json::{Map, Value};
use tokio::time::Instant;

use self::{
    codes::Code,
    request::{AuthorizationRequest, RequestingClient},
};
use super::{HEADERS, read, settings::Dashboard};
use crate::{
    server::{body::Body, form, respond, same_host},
    state::State,
};

pub(crate) async fn answer(
    request: Request<Incoming>,
    state: &State,
    dashboard: &Dashboard,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    if !same_host::is_loopback(&head.headers) {
        let why = "the Host header does not name this machine";
        return finish(page::error(StatusCode::FORBIDDEN, why), None);
    }
    let fields = form::fields(head.uri.query().unwrap_or_default());
    // RFC 6749 section 4.1.2.1: no redirect to an address that is not valid.
    let client = match RequestingClient::of(&fields) {
        Ok(client) => client,
        Err(why) => return finish(page::error(StatusCode::BAD_REQUEST, &why), None),
    };
    let response = match AuthorizationRequest::of(&client, &fields, state) {
        Err((error, why)) => redirect_with_error(&client, error, &why, state),
        Ok(valid) => match head.method {
            Method::GET | Method::HEAD => page::login(&valid, dashboard, ""),
            Method::POST => match read(body).await {
                Ok(body) => {
                    let answers = String::from_utf8_lossy(&body);
                    decide(valid, &form::fields(&answers), state, dashboard)
                }
                Err(_) => page::error(StatusCode::BAD_REQUEST, "the form cannot be read"),
            },
            _ => {
                let why = "this page takes GET and POST";
                let mut refused = page::error(StatusCode::METHOD_NOT_ALLOWED, why);
                let allowed = HeaderValue::from_static("GET, HEAD, POST");
                refused.headers_mut().insert(header::ALLOW, allowed);
                refused
            }
        },
    };
    finish(response, Some(&client))
}

/// Handles the submitted form. Only the page contains the dashboard's token, so pages of other origins can't log
/// anybody in.
fn decide(
    request: AuthorizationRequest,
    answers: &Map<String, Value>,
    state: &State,
    dashboard: &Dashboard,
) -> Response<Body> {
    let answer = |name: &str| {
        let text = answers.get(name).and_then(Value::as_str);
        text.unwrap_or_default().trim().to_owned()
    };
    if answer("token") != *dashboard.token {
        let why = "the page is older than this issuer: start the login again";
        return page::error(StatusCode::FORBIDDEN, why);
    }
    if answer("decision") == "deny" {
        let why = "the login was cancelled";
        return redirect_with_error(&request.client, "access_denied", why, state);
    }
    let subject = [answer("subject"), answer("user")];
    let Some(subject) = subject.into_iter().find(|it| !it.is_empty()) else {
        return page::login(&request, dashboard, "Choose a user, or type a subject.");
    };
    let client = request.client;
    let code = dashboard.codes.issue(Code {
        client: client.id.clone(),
        redirect_uri: client.redirect_uri.clone(),
        code_challenge: request.code_challenge,
        audience: request.audience,
        scope: request.scope,
        subject,
        issued: Instant::now(),
    });
    redirect(&client, &[("code", &code)], state)
}

fn redirect_with_error(
    client: &RequestingClient,
    error: &str,
    why: &str,
    state: &State,
) -> Response<Body> {
    redirect(
        client,
        &[("error", error), ("error_description", why)],
        state,
    )
}

fn redirect(
    client: &RequestingClient,
    parameters: &[(&str, &str)],
    state: &State,
) -> Response<Body> {
    let mut response = respond::empty(StatusCode::SEE_OTHER);
    let target = client.redirect_target(parameters, &state.identity.issuer);
    if let Ok(target) = HeaderValue::try_from(target) {
        response.headers_mut().insert(header::LOCATION, target);
    }
    response
}

/// Adds the dashboard's header fields. The form may lead to the client's address: browsers apply `form-action` to
/// redirects, too.
fn finish(mut response: Response<Body>, client: Option<&RequestingClient>) -> Response<Body> {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let target = client.map(RequestingClient::origin).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self' {target}; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
