use http::Uri;
use serde_json::{Map, Value, json};

use crate::{
    server::{
        grant::{Denied, Grant},
        same_host,
    },
    state::State,
};

/// A client, and where it waits for the response.
#[derive(Clone, Debug)]
pub(super) struct RequestingClient {
    pub(super) id: String,
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
}

/// A valid authorization request (RFC 6749 section 4.1.1, RFC 7636 section 4.3).
#[derive(Clone, Debug)]
pub(super) struct AuthorizationRequest {
    pub(super) client: RequestingClient,
    pub(super) audience: String,
    pub(super) scope: String,
    pub(super) code_challenge: String,
}

impl RequestingClient {
    pub(super) fn of(fields: &Map<String, Value>) -> Result<Self, String> {
        let id = required(fields, "client_id")?;
        let redirect_uri = required(fields, "redirect_uri")?;
        if !is_loopback(redirect_uri) {
            return Err(
                "redirect_uri must be an http address of this machine, without a fragment: \
                 127.0.0.1, [::1] or localhost"
                    .to_owned(),
            );
        }
        Ok(Self {
            id: id.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            state: text(fields, "state")?.map(ToOwned::to_owned),
        })
    }

    /// Returns the client's address with these parameters, `state`, and `iss` (RFC 9207).
    pub(super) fn redirect_target(&self, parameters: &[(&str, &str)], issuer: &str) -> String {
        let separator = if self.redirect_uri.contains('?') {
            '&'
        } else {
            '?'
        };
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        if let Some(state) = &self.state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", issuer);
        format!("{}{separator}{}", self.redirect_uri, query.finish())
    }

    /// Returns the address as a source of a Content Security Policy, which has no syntax for IPv6.
    pub(super) fn origin(&self) -> String {
        let uri = self.redirect_uri.parse::<Uri>().unwrap_or_default();
        match uri.authority() {
            Some(authority) if !authority.as_str().starts_with('[') => {
                format!("http://{authority}")
            }
            _ => "http:".to_owned(),
        }
    }
}

impl AuthorizationRequest {
    /// Returns an error code of RFC 6749 section 4.1.2.1 and a description for an invalid request.
    pub(super) fn of(
        client: &RequestingClient,
        fields: &Map<String, Value>,
        state: &State,
    ) -> Result<Self, (&'static str, String)> {
        let invalid = |why: String| ("invalid_request", why);
        if required(fields, "response_type").map_err(invalid)? != "code" {
            let why = "this development issuer supports only the response type code";
            return Err(("unsupported_response_type", why.to_owned()));
        }
        let code_challenge = required(fields, "code_challenge").map_err(invalid)?;
        // RFC 7636 section 4.3: `plain` is the default.
        if text(fields, "code_challenge_method").map_err(invalid)? != Some("S256") {
            return Err(invalid("code_challenge_method must be S256".to_owned()));
        }
        if code_challenge.len() != S256_LENGTH || !code_challenge.bytes().all(is_base64url) {
            let why = "code_challenge must be a SHA-256 hash in base64url";
            return Err(invalid(why.to_owned()));
        }
        let audience = text(fields, "audience").map_err(invalid)?;
        let audience = audience.or(text(fields, "resource").map_err(invalid)?);
        let audience = audience.unwrap_or(&state.identity.audience);
        let scope = text(fields, "scope").map_err(invalid)?.unwrap_or_default();
        let grant = Grant::of(&client.id, &json!(audience), scope, state)
            .map_err(|Denied(error, why)| (error, why))?;
        Ok(Self {
            client: client.clone(),
            audience: audience.to_owned(),
            scope: grant.scope.unwrap_or_else(|| scope.to_owned()),
            code_challenge: code_challenge.to_owned(),
        })
    }
}

fn required<'f>(fields: &'f Map<String, Value>, name: &str) -> Result<&'f str, String> {
    match text(fields, name)? {
        Some(text) if !text.is_empty() => Ok(text),
        _ => Err(format!("{name} is missing")),
    }
}

fn text<'f>(fields: &'f Map<String, Value>, name: &str) -> Result<Option<&'f str>, String> {
    match fields.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        // RFC 6749 section 3.1: parameters must not be repeated.
        Some(_) => Err(format!("{name} is repeated")),
    }
}

/// Returns whether nothing but a program on this machine receives a redirect to `address` (RFC 8252 section 7.3).
fn is_loopback(address: &str) -> bool {
    let uri = match address.parse::<Uri>() {
        Ok(uri) if uri.scheme_str() == Some("http") && !address.contains('#') => uri,
        _ => return false,
    };
    uri.authority()
        .is_some_and(|authority| same_host::is_this_machine(authority.as_str()))
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// The length of a SHA-256 hash in base64url.
const S256_LENGTH: usize = 43;
