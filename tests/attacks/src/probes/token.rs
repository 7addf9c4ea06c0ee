use std::sync::OnceLock;

use authz_core::{Algorithm, Authorizer, jwks::SharedSecret};
use authz_testkit::SigningKey;
use serde_json::{Map, Value};

use super::{block_on, check};
use crate::{
    AUDIENCE, ISSUER, NOW,
    server::{issuer, usual},
    sign::base64url,
};

const SECRET: [u8; 32] = [7; 32];

/// A token: the text as it is, and the two halves around the first line break as a header and a
/// payload that are signed well, so that what comes after the signature is reached too.
///
/// What is let in means the same to a reader of JSON that knows nothing of tokens.
pub fn token(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        decide(text);
    }
    let at = data.iter().position(|byte| *byte == b'\n');
    let (header, payload) = data.split_at(at.unwrap_or(0));
    let payload = payload.strip_prefix(b"\n").unwrap_or(payload);
    let header: &[u8] = if header.is_empty() {
        br#"{"alg":"HS256"}"#
    } else {
        header
    };
    let signed = format!("{}.{}", base64url(header), base64url(payload));
    let signature = SigningKey::hmac(Algorithm::HS256, SECRET).sign(signed.as_bytes());
    if decide(&format!("{signed}.{}", base64url(signature))) {
        let header: Map<String, Value> = serde_json::from_slice(header).expect("a JSON header");
        assert_eq!(header["alg"], "HS256");
        for refused in ["crit", "zip", "enc"] {
            assert!(!header.contains_key(refused), "{refused}");
        }
        let claims: Map<String, Value> = serde_json::from_slice(payload).expect("a JSON payload");
        assert_eq!(claims["iss"], ISSUER);
        let fits = |aud: &Value| aud == AUDIENCE;
        let aud = &claims["aud"];
        assert!(
            fits(aud) || aud.as_array().is_some_and(|all| all.iter().any(fits)),
            "{aud}"
        );
        let number = |name: &str| claims[name].as_f64().expect(name);
        assert!(number("exp") > NOW as f64 - 60.0);
        if claims.contains_key("nbf") {
            assert!(number("nbf") <= NOW as f64 + 60.0);
        }
        assert!(!claims.contains_key("cnf"));
    }
}

fn decide(token: &str) -> bool {
    let first = block_on(authorizer().verify(token));
    let again = block_on(authorizer().verify(token));
    match (&first, &again) {
        (Ok(first), Ok(again)) => assert_eq!(first.claims(), again.claims()),
        (Err(first), Err(again)) => assert_eq!(first.reason(), again.reason()),
        _ => panic!("{first:?} first, {again:?} from the cache"),
    }
    if let Err(rejection) = &first {
        check(rejection);
    }
    first.is_ok()
}

fn authorizer() -> &'static Authorizer {
    static AUTHORIZER: OnceLock<Authorizer> = OnceLock::new();
    AUTHORIZER.get_or_init(|| {
        let secret = SharedSecret::hs256(SECRET);
        usual(issuer().keys(secret.expect("long enough")))
            .cache_bytes(1 << 20)
            .build()
            .expect("good settings")
    })
}
