//! Tokens that are bound to a key (DPoP) or to a client certificate.

use authz_testkit::{Algorithm, SigningKey};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use blackbox::http::{Request, Response};
use serde_json::{Value, json};

use crate::stage::{self, Issuer, Subject};

/// The address that the servers of this module are told.
const PUBLIC_URL: &str = "https://api.quickstart.example/v1";

fn client() -> SigningKey {
    SigningKey::shared(Algorithm::ES256)
}

fn bound(issuer: &Issuer) -> String {
    issuer
        .token()
        .scope("read:messages")
        .bound_to(&client())
        .build()
}

fn proof(token: &str) -> authz_testkit::TokenBuilder {
    client().proof("GET", &format!("{PUBLIC_URL}/api/private"), token)
}

fn get(token: &str, proof: &str) -> Request {
    let authorization = format!("DPoP {token}");
    Request::get("/api/private?x=1")
        .header("Authorization", authorization)
        .header("DPoP", proof)
}

fn challenges(answer: &Response) -> Vec<&str> {
    answer.header_values("WWW-Authenticate").collect()
}

/// The status and the only challenge of a refusal.
fn refusal(answer: &Response) -> (u16, &str) {
    let challenges = challenges(answer);
    assert_eq!(challenges.len(), 1, "{challenges:?}");
    (answer.status(), challenges[0])
}

pub(crate) fn by_a_key(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::start_ready(
        stage::configured(subject, &issuer)
            .env("AUTHZ_DPOP", "accepted")
            .env("AUTHZ_PUBLIC_URL", PUBLIC_URL),
    );
    let send = |request: Request| request.send(server.address()).expect("an answer");
    let token = bound(&issuer);
    let good = proof(&token).build();
    assert_eq!(send(get(&token, &good)).status(), 200);
    let upper_case = Request::get("/api/private")
        .header("AUTHORIZATION", format!("dpop {token}"))
        .header("DPOP", proof(&token).build());
    assert_eq!(send(upper_case).status(), 200);
    let again = send(get(&token, &good));
    let (status, challenge) = refusal(&again);
    assert_eq!(status, 401);
    assert!(challenge.starts_with("DPoP "), "{challenge}");
    assert!(challenge.contains(r#"error="invalid_dpop_proof""#) && challenge.contains("algs="));

    let nothing = send(Request::get("/api/private"));
    let challenges = challenges(&nothing);
    assert_eq!(nothing.status(), 401);
    assert!(challenges[0].starts_with("Bearer ") && challenges[1].starts_with("DPoP "));
    for challenge in challenges {
        assert!(challenge.contains("realm=") && challenge.contains(r#"scope="read:messages""#));
    }

    let without = format!("DPoP {token}");
    let without = Request::get("/api/private").header("Authorization", without);
    let wrong = SigningKey::generate(Algorithm::ES256);
    let url = format!("{PUBLIC_URL}/api/private");
    for (request, error) in [
        (without, "invalid_dpop_proof"),
        (get(&token, "x"), "invalid_dpop_proof"),
        (
            get(&token, &proof(&token).build()).header("DPoP", proof(&token).build()),
            "invalid_dpop_proof",
        ),
        (
            get(
                &token,
                &proof(&token)
                    .claim("htu", "https://api.quickstart.example/api/private")
                    .build(),
            ),
            "invalid_dpop_proof",
        ),
        (
            get(&token, &wrong.proof("GET", &url, &token).build()),
            "invalid_token",
        ),
        (
            {
                let unbound = issuer.token().scope("read:messages").build();
                get(&unbound, &client().proof("GET", &url, &unbound).build())
            },
            "invalid_token",
        ),
    ] {
        let answer = send(request);
        let (status, challenge) = refusal(&answer);
        assert_eq!(status, 401, "{challenge}");
        assert!(challenge.starts_with("DPoP "), "{challenge}");
        assert!(
            challenge.contains(&format!("error=\"{error}\"")),
            "{challenge}"
        );
    }
    let answer = send(Request::get("/api/private").bearer(&token));
    let challenges = self::challenges(&answer);
    assert_eq!(answer.status(), 401);
    assert!(
        challenges[0].starts_with("Bearer ") && challenges[0].contains(r#"error="invalid_token""#)
    );

    // Not enough: under the scheme that was used.
    let poor = issuer.token().bound_to(&client()).build();
    let answer = send(get(&poor, &proof(&poor).build()));
    let (status, challenge) = refusal(&answer);
    assert_eq!(status, 403);
    assert!(challenge.starts_with("DPoP ") && challenge.contains("insufficient_scope"));

    // Unbound tokens go on as before.
    let unbound = issuer.token().scope("read:messages").build();
    assert_eq!(
        send(Request::get("/api/private").bearer(&unbound)).status(),
        200
    );

    let me = client()
        .proof("GET", &format!("{PUBLIC_URL}/api/me"), &token)
        .build();
    let me = Request::get("/api/me")
        .header("Authorization", format!("DPoP {token}"))
        .header("DPoP", me);
    let me: Value = serde_json::from_str(&send(me).text()).unwrap();
    assert_eq!(me["bound"], "dpop");
    assert_eq!(me["cnf"], json!({ "jkt": client().thumbprint() }));
    let me = send(Request::get("/api/me").bearer(&unbound));
    let me: Value = serde_json::from_str(&me.text()).unwrap();
    assert_eq!((&me["bound"], &me["cnf"]), (&Value::Null, &Value::Null));
}

pub(crate) fn by_a_key_with_nonces(subject: Subject) {
    let issuer = Issuer::start();
    let key = URL_SAFE_NO_PAD.encode([7; 32]);
    let launch = || {
        let server = stage::configured(subject, &issuer)
            .env("AUTHZ_DPOP", "required")
            .env("AUTHZ_DPOP_NONCE", "required")
            .env("AUTHZ_NONCE_KEY", &key)
            .env("AUTHZ_PUBLIC_URL", PUBLIC_URL);
        stage::start_ready(server)
    };
    let (server, sibling) = (launch(), launch());
    let token = bound(&issuer);
    let answer = get(&token, &proof(&token).build())
        .send(server.address())
        .expect("an answer");
    let (status, challenge) = refusal(&answer);
    assert_eq!(status, 401);
    assert!(
        challenge.contains(r#"error="use_dpop_nonce""#),
        "{challenge}"
    );
    let nonce = answer.header("DPoP-Nonce").unwrap().to_owned();
    for server in [&server, &sibling] {
        let proof = proof(&token).claim("nonce", &*nonce).build();
        assert_eq!(
            get(&token, &proof)
                .send(server.address())
                .expect("an answer")
                .status(),
            200
        );
    }
    let forged = proof(&token).claim("nonce", "AAAA").build();
    let answer = get(&token, &forged)
        .send(server.address())
        .expect("an answer");
    assert!(answer.header("DPoP-Nonce").is_some());
    assert!(refusal(&answer).1.contains("use_dpop_nonce"));
    // Every token must be bound.
    let unbound = issuer.token().scope("read:messages").build();
    let answer = Request::get("/api/private")
        .bearer(&unbound)
        .send(server.address())
        .expect("an answer");
    assert_eq!(answer.status(), 401);
    let nothing = Request::get("/api/private")
        .send(server.address())
        .expect("an answer");
    assert!(refusal(&nothing).1.starts_with("DPoP "));
}

/// The certificate of RFC 8705 Appendix A, and its hash.
const CERTIFICATE: &str = "MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAxODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwIDSQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=";
const THUMBPRINT: &str = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";

pub(crate) fn by_a_certificate(subject: Subject) {
    let issuer = Issuer::start();
    let cnf = json!({ "x5t#S256": THUMBPRINT });
    let token = issuer
        .token()
        .scope("read:messages")
        .claim("cnf", cnf.clone())
        .build();
    let me = |header: Option<&str>| {
        let request = Request::get("/api/me").bearer(&token);
        header
            .into_iter()
            .fold(request, |it, value| it.header("Client-Cert", value))
    };
    let value = format!(":{CERTIFICATE}:");
    let other = format!(":{}:", STANDARD.encode([0x30, 1, 1]));
    for (proxies, header, expected) in [
        ("127.0.0.1,10.0.0.0/8", Some(&value), 200),
        ("127.0.0.1,10.0.0.0/8", Some(&other), 401),
        ("127.0.0.1", None, 401),
        // Written by somebody who is no proxy of ours.
        ("10.0.0.0/8", Some(&value), 401),
    ] {
        let server = stage::start_ready(
            stage::configured(subject, &issuer)
                .env("AUTHZ_CLIENT_CERT_HEADER", "rfc9440")
                .env("AUTHZ_TRUSTED_PROXIES", proxies),
        );
        let answer = me(header.map(String::as_str))
            .send(server.address())
            .expect("an answer");
        assert_eq!(answer.status(), expected, "{proxies}");
        if expected == 200 {
            let answer: Value = serde_json::from_str(&answer.text()).unwrap();
            assert_eq!((&answer["bound"], &answer["cnf"]), (&json!("mtls"), &cnf));
        } else {
            let (_, challenge) = refusal(&answer);
            assert!(
                challenge.starts_with("Bearer ") && challenge.contains(r#"error="invalid_token""#)
            );
        }
    }
}

/// Without a setting, tokens that are bound are refused.
pub(crate) fn only_where_it_is_set(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::ready(subject, &issuer);
    let token = bound(&issuer);
    let answer = get(&token, &proof(&token).build())
        .send(server.address())
        .expect("an answer");
    // The scheme is none of this API's.
    let (status, challenge) = refusal(&answer);
    assert_eq!(status, 401);
    assert!(challenge.starts_with("Bearer ") && !challenge.contains("error"));
    let answer = Request::get("/api/private")
        .bearer(&token)
        .send(server.address())
        .expect("an answer");
    assert!(refusal(&answer).1.contains(r#"error="invalid_token""#));
}
