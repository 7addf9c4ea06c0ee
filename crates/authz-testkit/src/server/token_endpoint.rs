use authz_core::Algorithm;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde_json::{Map, Value, json};

use super::{
    body::Body,
    form,
    grant::{Denied, Grant},
    login::{Login, Redemption},
    proof, respond,
};
use crate::{lock::Locked as _, state::State, token::TokenStyle};

/// Answers the client credentials grant (RFC 6749 section 4.4) for any client, and the authorization code grant
/// (section 4.1.3) for users of the login page. A token is bound to the key of the request's proof, if it has one
/// (RFC 9449 section 5).
pub(crate) async fn answer(request: Request<Incoming>, state: &State) -> Response<Body> {
    let (head, body) = request.into_parts();
    let granted = match Limited::new(body, LIMIT).collect().await {
        Ok(body) => grant(&head.headers, &body.to_bytes(), state),
        Err(_) => Err(TokenError::InvalidRequest(
            "the body cannot be read or is longer than 64 KiB",
        )),
    };
    let mut response = match granted {
        Ok(token) => respond::json(StatusCode::OK, &token),
        Err(refusal) => refusal.into_response(),
    };
    // RFC 6749 section 5.1: responses with tokens must not be stored.
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn grant(headers: &HeaderMap, body: &Bytes, state: &State) -> Result<Value, TokenError> {
    let fields = fields(headers, body)?;
    let has_code = match text(&fields, "grant_type")? {
        Some("client_credentials") => false,
        Some("authorization_code") if state.has_login_page() => true,
        Some(_) => return Err(TokenError::UnsupportedGrantType(state.has_login_page())),
        None => return Err(TokenError::InvalidRequest("grant_type is missing")),
    };
    let client = match basic(headers) {
        Some(client) => client,
        None => text(&fields, "client_id")?.unwrap_or_default().to_owned(),
    };
    if client.is_empty() {
        return Err(TokenError::InvalidClient);
    }
    // Before the code is redeemed, so that a wrong proof does not use it up.
    let jkt = proof::thumbprint_of(headers, state)
        .map_err(|why| TokenError::Denied("invalid_dpop_proof", why.to_owned()))?;
    let login = match has_code {
        true => Some(login(&fields, &client, state)?),
        false => None,
    };

    let audience = match &login {
        Some(login) => json!(login.audience),
        None => ["audience", "resource"]
            .into_iter()
            .find_map(|name| fields.get(name).filter(|value| !value.is_null()))
            .cloned()
            .unwrap_or_else(|| json!(state.identity.audience)),
    };
    let scope = match &login {
        Some(login) => &login.scope,
        None => text(&fields, "scope")?.unwrap_or_default(),
    };
    let registered = Grant::of(&client, &audience, scope, state)
        .map_err(|Denied(error, why)| TokenError::Denied(error, why))?;
    let scope = registered.scope.as_deref().unwrap_or(scope);
    let key = match (text(&fields, "alg")?, registered.key) {
        (None, Some(key)) => key,
        (None, None) => state.keys.locked().current(),
        (Some(name), _) => Algorithm::from_name(name)
            .and_then(|algorithm| state.keys.locked().of(algorithm))
            .ok_or(TokenError::InvalidRequest(
                "the issuer has no key for this alg",
            ))?,
    };
    let style = match text(&fields, "style")? {
        None => registered.style.unwrap_or(state.identity.style),
        Some("rfc9068" | "at+jwt") => TokenStyle::Rfc9068,
        Some("auth0" | "JWT") => TokenStyle::Auth0,
        Some(_) => return Err(TokenError::InvalidRequest("style must be rfc9068 or auth0")),
    };
    let is_opaque = match text(&fields, "access_token_format")? {
        None | Some("jwt") => false,
        Some("opaque") => true,
        Some(_) => {
            return Err(TokenError::InvalidRequest(
                "access_token_format must be jwt or opaque",
            ));
        }
    };
    let lifetime = lifetime(&fields)?
        .or(registered.lifetime)
        .unwrap_or(state.identity.token_lifetime);
    let organization = text(&fields, "organization")?;
    let roles = text(&fields, "roles")?.unwrap_or_default();

    let subject = match (&login, style) {
        (Some(login), _) => login.subject.clone(),
        (None, TokenStyle::Auth0) => format!("{client}@clients"),
        (None, TokenStyle::Rfc9068) => client.clone(),
    };
    let mut token = state
        .token(&key)
        .style(style)
        .client_id(client)
        .subject(subject)
        .audience(audience)
        .scope(scope)
        .expires_in(lifetime);
    match &login {
        Some(login) => token = login.add_claims(token, state),
        None if style == TokenStyle::Auth0 => token = token.claim("gty", "client-credentials"),
        None => {}
    }
    if let Some(organization) = organization {
        token = token.claim("org_id", organization);
    }
    let roles: Vec<&str> = roles.split_whitespace().collect();
    if !roles.is_empty() {
        token = token.claim("roles", roles);
    }

    let token_type = if jkt.is_some() { "DPoP" } else { "Bearer" };
    if let Some(jkt) = jkt {
        token = token.claim("cnf", json!({ "jkt": jkt }));
    }

    let token = match is_opaque {
        true => state.issued.locked().issue("", &token),
        false => token.build(),
    };
    let mut answer = json!({
        "access_token": token,
        "token_type": token_type,
        "expires_in": lifetime,
    });
    // The syntax of `scope` does not allow an empty value (RFC 6749 section 3.3).
    if !scope.is_empty() {
        answer["scope"] = json!(scope);
    }
    Ok(answer)
}

fn login(fields: &Map<String, Value>, client: &str, state: &State) -> Result<Login, TokenError> {
    let required = |name, missing| match text(fields, name)? {
        Some(value) => Ok(value),
        None => Err(TokenError::InvalidRequest(missing)),
    };
    let redemption = Redemption {
        code: required("code", "code is missing")?,
        client,
        redirect_uri: required("redirect_uri", "redirect_uri is missing")?,
        verifier: required("code_verifier", "code_verifier is missing")?,
    };
    Login::redeem(&redemption, state).map_err(|why| TokenError::Denied("invalid_grant", why.into()))
}

/// Returns the request's fields from a form, as in the standard, or from JSON, as Auth0 accepts.
fn fields(headers: &HeaderMap, body: &Bytes) -> Result<Map<String, Value>, TokenError> {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase());
    match content_type.as_deref() {
        Some("application/json") => serde_json::from_slice(body)
            .map_err(|_| TokenError::InvalidRequest("the body is not a JSON object")),
        Some("application/x-www-form-urlencoded") => std::str::from_utf8(body)
            .map(form::fields)
            .map_err(|_| TokenError::InvalidRequest("the body is not UTF-8")),
        _ => Err(TokenError::InvalidRequest(
            "the content type must be a form or JSON",
        )),
    }
}

fn text<'a>(
    fields: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, TokenError> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        // RFC 6749 section 3.2: parameters must not be repeated.
        Some(_) => Err(TokenError::NotOneString(name)),
    }
}

/// Returns the requested lifetime in seconds, an extension for tests.
fn lifetime(fields: &Map<String, Value>) -> Result<Option<i64>, TokenError> {
    let seconds = match fields.get("expires_in") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_i64(),
    };
    match seconds {
        Some(seconds) => Ok(Some(seconds)),
        None => Err(TokenError::InvalidRequest(
            "expires_in must be a number of seconds",
        )),
    }
}

/// Returns the client of HTTP Basic, form-encoded within the base64 (RFC 6749 section 2.3.1).
fn basic(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    decoded
        .split_once(':')
        .map(|(client, _)| form::decode(client))
}

/// The errors of RFC 6749 section 5.2 that this endpoint returns.
enum TokenError {
    InvalidRequest(&'static str),
    NotOneString(&'static str),
    InvalidClient,
    /// Whether the issuer has a login page.
    UnsupportedGrantType(bool),
    Denied(&'static str, String),
}

impl TokenError {
    fn into_response(self) -> Response<Body> {
        let (status, error, description) = match self {
            Self::InvalidRequest(why) => {
                (StatusCode::BAD_REQUEST, "invalid_request", why.to_owned())
            }
            Self::NotOneString(name) => (
                StatusCode::BAD_REQUEST,
                "invalid_request",
                format!("{name} is repeated or not a string: join several values with spaces"),
            ),
            Self::InvalidClient => (
                StatusCode::UNAUTHORIZED,
                "invalid_client",
                "client_id is missing: send any value".to_owned(),
            ),
            Self::Denied(error, why) => (StatusCode::BAD_REQUEST, error, why),
            Self::UnsupportedGrantType(has_login_page) => (
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                match has_login_page {
                    true => "this development issuer supports only authorization_code and client_credentials",
                    false => "this development issuer supports only client_credentials",
                }
                .to_owned(),
            ),
        };
        let body = json!({ "error": error, "error_description": description });
        let mut response = respond::json(status, &body);
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"development issuer\""),
            );
        }
        response
    }
}

/// Maximum size of a request body, in bytes. A token request has a few hundred.
const LIMIT: usize = 64 * 1024;
