//! A token, taken apart and explained.

use std::time::{Duration, UNIX_EPOCH};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use crate::{lock::Locked as _, state::State};

/// Returns the rows of any JWT, or what the issuer knows of an opaque token of its own.
pub(super) fn known(token: &str, state: &State) -> Result<Value, &'static str> {
    match state.issued.locked().claims(token) {
        Some(claims) => Ok(json!({ "header": [], "claims": rows(&claims) })),
        None => decode(token),
    }
}

/// Returns the rows of the header and the claims. The signature is not checked.
fn decode(token: &str) -> Result<Value, &'static str> {
    let parts: Vec<&str> = token.trim().split('.').collect();
    let [header, payload, _] = parts[..] else {
        return Err(match parts.len() {
            1 => "this is an opaque token: it is not a JWT, and only its issuer can read it",
            5 => {
                "this token is encrypted (JWE, RFC 7516): only the API that holds the key can read it"
            }
            _ => "a JWT has three parts, separated by dots",
        });
    };
    let header = object(header).ok_or("the first part is not a JSON object in base64url")?;
    let claims = object(payload).ok_or("the second part is not a JSON object in base64url")?;
    Ok(json!({ "header": rows(&header), "claims": rows(&claims) }))
}

fn object(part: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn rows(members: &Map<String, Value>) -> Value {
    let row = |(name, value): (&String, &Value)| {
        json!({
            "name": name,
            "value": value,
            "time": is_time(name).then(|| time(value)),
            "meaning": meaning(name),
        })
    };
    members.iter().map(row).collect()
}

fn is_time(name: &str) -> bool {
    matches!(name, "exp" | "nbf" | "iat" | "auth_time")
}

/// Formats seconds since 1970 as RFC 3339.
fn time(value: &Value) -> Option<String> {
    let seconds = value.as_u64().filter(|seconds| *seconds < END_OF_9999)?;
    let time = UNIX_EPOCH + Duration::from_secs(seconds);
    Some(humantime::format_rfc3339_seconds(time).to_string())
}

const END_OF_9999: u64 = 253_402_300_800;

fn meaning(name: &str) -> &'static str {
    match name {
        "alg" => {
            "Algorithm of the signature. The API accepts only configured ones. RFC 7515 section 4.1.1"
        }
        "typ" => {
            "Type of the token. at+jwt is an access token, so that an ID token cannot pass as one. \
             RFC 9068 section 2.1"
        }
        "kid" => "Key that signed, by its name in the issuer's key set. RFC 7515 section 4.1.4",
        "iss" => {
            "Issuer. The API compares it exactly, with the trailing slash. RFC 7519 section 4.1.1"
        }
        "aud" => "Audience: the API that the token is for. RFC 7519 section 4.1.3",
        "sub" => "Subject: the user, or the client if there is no user. RFC 7519 section 4.1.2",
        "exp" => "Expiration time. The API rejects the token from then on. RFC 7519 section 4.1.4",
        "nbf" => "The API rejects the token before this time. RFC 7519 section 4.1.5",
        "iat" => "Time of issue. RFC 7519 section 4.1.6",
        "jti" => "Identifier of this token, for logs and deny lists. RFC 7519 section 4.1.7",
        "client_id" => "Client that got the token. RFC 8693 section 4.3",
        "azp" => "Client that got the token, as Auth0 names it. OpenID Connect Core section 2",
        "scope" => "Scopes, separated by spaces. RFC 8693 section 4.2",
        "permissions" => "What the user may do with this API, as Auth0 names it.",
        "roles" => "Roles of the user. RFC 9068 section 2.2.3.1",
        "org_id" => "Organization that the token is for, as Auth0 names it.",
        "gty" => "Grant type, as Auth0 names it.",
        "cnf" => "Key that the sender must prove to have. RFC 7800",
        "status" => "Where its status is published: valid, suspended or revoked. Token status list",
        "auth_time" => "Time of the user's login. RFC 9068 section 2.2.1",
        "acr" => "How strongly the user was authenticated. RFC 9470",
        _ => "The API's policies may use it.",
    }
}
