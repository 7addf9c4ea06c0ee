//! One row of the table.

use authz_core::Reason;
use authz_testkit::DevIssuer;
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, Method, Request, Response,
    header::{
        CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, DATE, RETRY_AFTER, SERVER, WWW_AUTHENTICATE,
    },
};
use serde_json::json;

use crate::{App, Seen};

/// A request, and what has to come of it.
pub(crate) struct Case {
    name: String,
    request: Request<String>,
    expected: Expected,
}

pub(crate) enum Expected {
    /// The handler ran and answered with this body.
    Served(String),
    /// The handler did not run.
    Refused(Refusal),
    /// The handler did not run, by a mistake of the application's.
    ServerError,
}

/// The answer to a request that is refused, as CONTRACT.md says it.
#[derive(Clone)]
pub(crate) struct Refusal {
    status: u16,
    /// The challenge's `error`.
    error: Option<&'static str>,
    reason: Reason,
    /// The challenge's `scope`.
    scope: Option<&'static str>,
    /// The challenge's `realm` and `resource_metadata`, as they stand in it.
    realm: &'static str,
    resource_metadata: Option<&'static str>,
    /// The body's `title`, if it is problem details.
    title: Option<&'static str>,
}

pub(crate) fn get(path: &str) -> RequestBuilder {
    method(Method::GET, path)
}

pub(crate) fn method(method: Method, path: &str) -> RequestBuilder {
    RequestBuilder(Request::builder().method(method).uri(path))
}

pub(crate) struct RequestBuilder(http::request::Builder);

impl RequestBuilder {
    pub(crate) fn header(self, name: impl AsRef<str>, value: impl AsRef<[u8]>) -> Self {
        Self(self.0.header(name.as_ref(), value.as_ref()))
    }

    pub(crate) fn authorization(self, value: impl AsRef<[u8]>) -> Self {
        self.header("authorization", value)
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.authorization(format!("Bearer {token}"))
    }

    fn case(self, name: impl Into<String>, expected: Expected) -> Case {
        let name = name.into();
        let request = self.0.body(String::new());
        Case {
            request: request.unwrap_or_else(|error| panic!("{name}: {error}")),
            name,
            expected,
        }
    }

    pub(crate) fn served(self, name: impl Into<String>, body: impl Into<String>) -> Case {
        self.case(name, Expected::Served(body.into()))
    }

    pub(crate) fn refused(self, name: impl Into<String>, refusal: Refusal) -> Case {
        self.case(name, Expected::Refused(refusal))
    }

    pub(crate) fn server_error(self, name: impl Into<String>) -> Case {
        self.case(name, Expected::ServerError)
    }
}

/// The handlers' body for the subject of the testkit's tokens.
pub(crate) fn dev_user(scopes: &[&str]) -> String {
    json!({"sub": "dev-user", "scopes": scopes}).to_string()
}

/// The handlers' body for nobody.
pub(crate) fn nobody() -> String {
    json!({"sub": null}).to_string()
}

/// 401 without an error code: no token (RFC 6750 section 3.1).
pub(crate) fn no_token() -> Refusal {
    Refusal::new(401, None, Reason::MissingToken)
}

/// 401 without an error code, and with the scope to ask for.
pub(crate) fn no_token_for(scope: &'static str) -> Refusal {
    Refusal {
        scope: Some(scope),
        ..no_token()
    }
}

/// 400 `invalid_request`.
pub(crate) fn invalid_request(reason: Reason) -> Refusal {
    Refusal::new(400, Some("invalid_request"), reason)
}

/// 401 `invalid_token`.
pub(crate) fn invalid_token(reason: Reason) -> Refusal {
    Refusal::new(401, Some("invalid_token"), reason)
}

/// 403 `insufficient_scope`.
pub(crate) fn insufficient_scope(scope: impl Into<Option<&'static str>>) -> Refusal {
    let refusal = Refusal::new(403, Some("insufficient_scope"), Reason::InsufficientScope);
    Refusal {
        scope: scope.into(),
        ..refusal
    }
}

/// 503, without a challenge.
pub(crate) fn keys_unavailable() -> Refusal {
    Refusal::new(503, None, Reason::KeysUnavailable)
}

impl Refusal {
    fn new(status: u16, error: Option<&'static str>, reason: Reason) -> Self {
        Self {
            status,
            error,
            reason,
            scope: None,
            realm: "https://quickstart.example/api",
            resource_metadata: None,
            title: None,
        }
    }

    pub(crate) fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn realm(self, realm: &'static str) -> Self {
        Self { realm, ..self }
    }

    pub(crate) fn resource_metadata(self, url: &'static str) -> Self {
        Self {
            resource_metadata: Some(url),
            ..self
        }
    }

    pub(crate) fn problem(self, title: &'static str) -> Self {
        Self {
            title: Some(title),
            ..self
        }
    }

    fn challenge(&self) -> Option<String> {
        if self.status == 503 {
            return None;
        }
        let mut challenge = format!("Bearer realm=\"{}\"", self.realm);
        let description = self.error.map(|_| self.reason.description());
        for (name, value) in [
            ("error", self.error),
            ("error_description", description),
            ("scope", self.scope),
            ("resource_metadata", self.resource_metadata),
        ] {
            if let Some(value) = value {
                challenge.push_str(&format!(", {name}=\"{value}\""));
            }
        }
        Some(challenge)
    }

    fn body(&self) -> String {
        let error = match self.status {
            503 => "temporarily_unavailable",
            _ => self.error.unwrap_or("unauthorized"),
        };
        let description = self.reason.description();
        match self.title {
            None => error_body(error, description),
            Some(title) => format!(
                r#"{{"type":"about:blank","title":"{title}","status":{},"detail":"{description}","error":"{error}"}}"#,
                self.status
            ),
        }
    }
}

impl Case {
    /// Sends the request and compares.
    pub(crate) async fn check(self, app: &impl App, seen: &Seen) {
        let Self {
            name,
            request,
            expected,
        } = self;
        let name = format!("{name}: {} {}", request.method(), request.uri());
        let head = request.method() == Method::HEAD;
        let before = seen.times();
        let response = app.call(request).await;
        let ran = seen.times() - before;
        let (status, challenge, body) = match &expected {
            Expected::Served(body) => (200, None, body.clone()),
            Expected::Refused(refusal) => (refusal.status, refusal.challenge(), refusal.body()),
            Expected::ServerError => (
                500,
                None,
                error_body("server_error", "the request can't be handled"),
            ),
        };
        let text = body_text(&response);
        assert_eq!(response.status(), status, "{name}: {text}");
        // Frameworks differ in who takes the body of an answer to HEAD away, they or the server.
        if !head {
            assert_eq!(text, body, "{name}");
        }
        if let Expected::Served(_) = expected {
            assert_eq!(ran, 1, "{name}: the handler ran {ran} times");
            assert!(!response.headers().contains_key(WWW_AUTHENTICATE), "{name}");
            return;
        }
        assert_eq!(ran, 0, "{name}: the handler ran");
        let mut content_type = "application/json";
        if let Expected::Refused(refusal) = &expected {
            let reason = response.extensions().get::<Reason>();
            assert_eq!(reason, Some(&refusal.reason), "{name}: in the extensions");
            if refusal.title.is_some() {
                content_type = "application/problem+json";
            }
        }
        let challenge = challenge.as_deref();
        check_headers(&name, response.headers(), challenge, content_type, status);
    }
}

fn check_headers(
    name: &str,
    headers: &HeaderMap,
    challenge: Option<&str>,
    content_type: &str,
    status: u16,
) {
    let mut headers = headers.clone();
    for by_frameworks in [DATE, CONTENT_LENGTH, SERVER] {
        headers.remove(by_frameworks);
    }
    if status == 503 {
        let wait = headers.remove(RETRY_AFTER);
        let seconds = wait.and_then(|it| it.to_str().ok()?.parse::<u64>().ok());
        assert!(
            seconds.is_some_and(|it| (1..=60).contains(&it)),
            "{name}: {seconds:?}"
        );
    }
    let mut expected = vec![
        (CACHE_CONTROL, "no-store".to_owned()),
        (CONTENT_TYPE, content_type.to_owned()),
    ];
    expected.extend(challenge.map(|it| (WWW_AUTHENTICATE, it.to_owned())));
    let mut actual: Vec<(HeaderName, String)> = (headers.iter())
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.clone(), value)
        })
        .collect();
    actual.sort_by(|(a, _), (b, _)| a.as_str().cmp(b.as_str()));
    assert_eq!(actual, expected, "{name}");
}

fn error_body(error: &str, description: &str) -> String {
    format!(r#"{{"error":"{error}","error_description":"{description}"}}"#)
}

fn body_text(response: &Response<Bytes>) -> String {
    String::from_utf8_lossy(response.body()).into_owned()
}

/// Runs a part of the table against the issuer's default setup.
pub(crate) async fn check_all<A: App>(
    app: impl Fn(&crate::Setup) -> A,
    cases: impl FnOnce(&DevIssuer) -> Vec<Case>,
) {
    check_all_with(app, |builder| builder, cases).await;
}

/// Runs a part of the table against a setup of its own.
pub(crate) async fn check_all_with<A: App>(
    app: impl Fn(&crate::Setup) -> A,
    configure: impl Fn(authz_core::AuthorizerBuilder) -> authz_core::AuthorizerBuilder,
    cases: impl FnOnce(&DevIssuer) -> Vec<Case>,
) {
    let issuer = DevIssuer::start().await;
    let setup = crate::Setup::new(&issuer, configure);
    let app = app(&setup);
    for case in cases(&issuer) {
        case.check(&app, &setup.seen).await;
    }
}
