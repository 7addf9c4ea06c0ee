//! Reads tokens and key sets the way a verifier does, and speaks HTTP without a client's help.

#![allow(dead_code, reason = "each test binary uses a part of this")]

use std::io;

use authz_testkit::{Algorithm, DevIssuer};
use aws_lc_rs::{hmac, rsa, signature};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub(crate) fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

/// The header and claims of a token, without looking at its signature.
pub(crate) fn read(token: &str) -> (Value, Value) {
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "a compact JWS has three parts");
    let json = |part| serde_json::from_slice(&decode(part)).expect("JSON");
    (json(parts[0]), json(parts[1]))
}

/// Whether the token's signature verifies under this JWK, by what the JWK says of itself.
pub(crate) fn verifies(token: &str, jwk: &Value) -> bool {
    let (signed, signature) = token.rsplit_once('.').expect("a token has dots");
    signature_verifies(signed.as_bytes(), &decode(signature), jwk)
}

pub(crate) fn signature_verifies(message: &[u8], signature: &[u8], jwk: &Value) -> bool {
    let member = |name: &str| decode(jwk[name].as_str().expect("a string member"));
    let algorithm = Algorithm::from_name(jwk["alg"].as_str().expect("alg")).expect("known");
    let unparsed = |how: &'static dyn signature::VerificationAlgorithm, key: &[u8]| {
        signature::UnparsedPublicKey::new(how, key)
            .verify(message, signature)
            .is_ok()
    };
    let point = || [vec![4], member("x"), member("y")].concat();
    let rsa = |how| {
        rsa::PublicKeyComponents {
            n: member("n"),
            e: member("e"),
        }
        .verify(how, message, signature)
        .is_ok()
    };
    let mac = |how| hmac::verify(&hmac::Key::new(how, &member("k")), message, signature).is_ok();
    match algorithm {
        Algorithm::HS256 => mac(hmac::HMAC_SHA256),
        Algorithm::HS384 => mac(hmac::HMAC_SHA384),
        Algorithm::HS512 => mac(hmac::HMAC_SHA512),
        Algorithm::RS256 => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => rsa(&signature::RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => rsa(&signature::RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => rsa(&signature::RSA_PSS_2048_8192_SHA512),
        Algorithm::ES256 => unparsed(&signature::ECDSA_P256_SHA256_FIXED, &point()),
        Algorithm::ES384 => unparsed(&signature::ECDSA_P384_SHA384_FIXED, &point()),
        Algorithm::ES512 => unparsed(&signature::ECDSA_P521_SHA512_FIXED, &point()),
        Algorithm::EdDSA => unparsed(&signature::ED25519, &member("x")),
        Algorithm::MLDSA44 => unparsed(&signature::ML_DSA_44, &member("pub")),
        Algorithm::MLDSA65 => unparsed(&signature::ML_DSA_65, &member("pub")),
        Algorithm::MLDSA87 => unparsed(&signature::ML_DSA_87, &member("pub")),
        other => panic!("no verification for {other}"),
    }
}

/// The key set as a client sees it.
pub(crate) async fn key_set(issuer: &DevIssuer) -> Value {
    get(&issuer.jwks_uri()).await.json().await.expect("JSON")
}

pub(crate) async fn kids(issuer: &DevIssuer) -> Vec<String> {
    key_set(issuer).await["keys"]
        .as_array()
        .expect("an array of keys")
        .iter()
        .filter_map(|key| Some(key["kid"].as_str()?.to_owned()))
        .collect()
}

pub(crate) async fn get(url: &str) -> reqwest::Response {
    client().get(url).send().await.expect("an answer")
}

/// A client that follows no redirects and keeps nothing of earlier requests.
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .no_proxy()
        .build()
        .expect("a client")
}

/// A connection on which the request for the key set has been sent.
pub(crate) async fn ask_for_keys(issuer: &DevIssuer) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", issuer.port()))
        .await
        .expect("the issuer listens");
    let request =
        "GET /.well-known/jwks.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("sent");
    stream
}

/// Everything that comes until the connection ends, split after the header.
pub(crate) async fn read_answer(stream: &mut TcpStream) -> io::Result<(String, String)> {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let text = String::from_utf8(answer).expect("text");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    Ok((head.to_ascii_lowercase(), body.to_owned()))
}

/// Whether nothing at all has arrived on the connection so far.
pub(crate) fn silent(stream: &TcpStream) -> bool {
    let mut buffer = [0; 1];
    matches!(stream.try_read(&mut buffer), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}
