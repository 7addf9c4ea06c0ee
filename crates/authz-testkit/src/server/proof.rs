//! The proof of the client's key in a token request (RFC 9449 section 5).

use std::collections::BTreeMap;

use authz_core::jwks::KeySet;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::{key::sha256_base64url, lock::Locked as _, state::State, token::unix_now};

/// How far `iat` may be from now, in seconds.
const WINDOW: u64 = 300;

/// Returns the thumbprint (`jkt`) of the key that the token is bound to, or `None` without a proof.
pub(super) fn thumbprint_of(
    headers: &HeaderMap,
    state: &State,
) -> Result<Option<String>, &'static str> {
    let mut proofs = headers.get_all("dpop").iter();
    let proof = match (proofs.next(), proofs.next()) {
        (None, _) => return Ok(None),
        (Some(proof), None) => proof.to_str().map_err(|_| "the proof is not a JWT")?,
        _ => return Err("there is more than one DPoP header"),
    };
    let (signed, signature) = proof.rsplit_once('.').ok_or("the proof is not a JWT")?;
    let (header, claims) = signed.split_once('.').ok_or("the proof is not a JWT")?;
    let header = object(header).ok_or("the proof is not a JWT")?;
    let claims = object(claims).ok_or("the proof is not a JWT")?;
    let signature = URL_SAFE_NO_PAD.decode(signature);
    let signature = signature.map_err(|_| "the proof is not a JWT")?;

    if header.get("typ").is_none_or(|it| it != "dpop+jwt") {
        return Err("the proof's typ is not dpop+jwt");
    }
    let jwk = header.get("jwk").and_then(Value::as_object);
    let jwk = jwk.ok_or("the proof's header has no jwk")?;
    let private = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];
    if private.iter().any(|name| jwk.contains_key(*name)) {
        return Err("the proof's jwk has private members");
    }
    let jkt = thumbprint(jwk).ok_or("the proof's jwk is not a public key")?;
    let set = json!({ "keys": [jwk] }).to_string();
    let parsed = KeySet::parse(set.as_bytes()).map_err(|_| "the proof's jwk is not usable")?;
    let is_signed = parsed.keys.iter().any(|key| {
        let mut algorithms = key.algorithms();
        algorithms.any(|algorithm| {
            header.get("alg").is_some_and(|it| it == algorithm.name())
                && key.verify(algorithm, signed.as_bytes(), &signature)
        })
    });
    if !is_signed {
        return Err("the proof's signature does not verify with its jwk and alg");
    }

    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("htm") != "POST" {
        return Err("the proof's htm is not POST");
    }
    // Query and fragment are ignored (section 4.3).
    let htu = text("htu").split(['?', '#']).next();
    if htu != Some(&state.identity.token_endpoint()) {
        return Err("the proof's htu is not the token endpoint of this issuer's metadata");
    }
    let now = unix_now();
    let iat = claims.get("iat").and_then(Value::as_u64);
    if iat.is_none_or(|iat| iat.abs_diff(now) > WINDOW) {
        return Err("the proof's iat is not now: check the client's clock");
    }
    if text("jti").is_empty() {
        return Err("the proof has no jti");
    }
    let id = format!("{jkt} {}", text("jti"));
    match state.issued.locked().is_first_proof(id, now) {
        true => Ok(Some(jkt)),
        false => Err("the proof was used before: make one for each request"),
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// RFC 7638 section 3.
fn thumbprint(jwk: &Map<String, Value>) -> Option<String> {
    let names: &[&str] = match jwk.get("kty")?.as_str()? {
        "RSA" => &["e", "kty", "n"],
        "EC" => &["crv", "kty", "x", "y"],
        "OKP" => &["crv", "kty", "x"],
        "AKP" => &["alg", "kty", "pub"],
        _ => return None,
    };
    let members = names.iter().map(|name| Some((*name, jwk.get(*name)?)));
    let members: BTreeMap<_, _> = members.collect::<Option<_>>()?;
    let json = serde_json::to_string(&members).ok()?;
    Some(sha256_base64url(json.as_bytes()))
}
