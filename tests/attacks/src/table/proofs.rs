//! DPoP proofs: RFC 9449 section 4.3, check by check, and the binding of the token.

use std::sync::OnceLock;

use authz_core::{Algorithm, Dpop, DpopProofs, Issuer, Reason};
use authz_testkit::{SigningKey, TokenBuilder};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::HeaderName;
use serde_json::{Value, json};

use super::{bad, good};
use crate::{Attack, Attempt, NOW, ring::ring};

const URL: &str = "https://api.example/api/private";
const FIELD: HeaderName = HeaderName::from_static("dpop");

const SYNTAX: &str = "RFC 9449 section 4.2";
const CHECKS: &str = "RFC 9449 section 4.3";
const BINDING: &str = "RFC 9449 section 7.1";

pub(super) fn rows() -> Vec<Attack> {
    let mut rows = Vec::new();
    rows.extend(twins());
    rows.extend(fields());
    rows.extend(headers());
    rows.extend(keys());
    rows.extend(claims());
    rows.extend(bindings());
    rows
}

fn client() -> &'static SigningKey {
    static CLIENT: OnceLock<SigningKey> = OnceLock::new();
    CLIENT.get_or_init(|| SigningKey::generate(Algorithm::ES256))
}

fn token() -> TokenBuilder {
    ring().good().bound_to(client())
}

fn accepting(attempt: Attempt, dpop: Dpop) -> Attempt {
    attempt
        .issuer_rules(move |issuer: Issuer| issuer.dpop(dpop))
        .rules(|builder| builder.dpop_proofs(DpopProofs::for_public_url("https://api.example")))
        .dpop()
}

/// A request with a bound token and no proof.
fn without_proof(token: &str) -> Attempt {
    accepting(
        Attempt::authorization(format!("DPoP {token}")),
        Dpop::Accepted,
    )
}

/// A request whose proof by `key` is changed, made anew each time that it is sent.
fn by(
    key: &SigningKey,
    change: impl Fn(TokenBuilder) -> TokenBuilder + Send + Sync + 'static,
) -> Attempt {
    let token = ring().good().bound_to(key).build();
    let key = key.clone();
    without_proof(&token).proof(move || change(key.proof("GET", URL, &token).now(NOW)).build())
}

fn proof(change: impl Fn(TokenBuilder) -> TokenBuilder + Send + Sync + 'static) -> Attempt {
    by(client(), change)
}

/// A proof to a server that lists `algorithm`, which is not accepted by default.
fn listing(algorithm: Algorithm) -> Attempt {
    by(&SigningKey::shared(algorithm), |it| it).rules(move |builder| {
        let proofs = DpopProofs::for_public_url("https://api.example");
        builder.dpop_proofs(proofs.algorithms([Algorithm::ES256, algorithm]))
    })
}

type Change = fn(TokenBuilder) -> TokenBuilder;

fn twins() -> Vec<Attack> {
    let changes: [(&str, Change); 13] = [
        ("plain", |it| it),
        ("more-claims", |it| it.claim("x", json!({"a": [1]}))),
        ("more-header", |it| it.header("x5t", "AAAA").header("b", 1)),
        ("upper-case-typ", |it| it.typ(Some("DPoP+JWT"))),
        ("media-type", |it| it.typ(Some("application/dpop+jwt"))),
        ("htu-host-in-upper-case", |it| {
            it.claim("htu", "HTTPS://API.EXAMPLE/api/private")
        }),
        ("htu-with-port", |it| {
            it.claim("htu", "https://api.example:443/api/private")
        }),
        ("htu-with-query", |it| {
            it.claim("htu", format!("{URL}?x=/y#z"))
        }),
        ("htu-escaped", |it| {
            it.claim("htu", "https://api.example/x/../%61pi/private")
        }),
        ("iat-a-minute-ago", |it| it.issued_in(-60)),
        ("iat-in-10-seconds", |it| it.issued_in(10)),
        ("nbf-and-exp", |it| {
            it.claim("nbf", NOW).claim("exp", NOW + 300)
        }),
        ("nonce-that-nobody-wants", |it| it.claim("nonce", "x")),
    ];
    let mut rows: Vec<_> = changes
        .into_iter()
        .map(|(name, change)| good(format!("twin-proof-{name}"), CHECKS, move || proof(change)))
        .collect();
    for algorithm in [
        Algorithm::ES384,
        Algorithm::ES512,
        Algorithm::EdDSA,
        Algorithm::PS256,
        Algorithm::RS256,
    ] {
        rows.push(good(format!("twin-proof-{algorithm}"), CHECKS, move || {
            by(&SigningKey::shared(algorithm), |it| it)
        }));
    }
    for algorithm in [Algorithm::MLDSA44, Algorithm::MLDSA65, Algorithm::MLDSA87] {
        rows.push(good(
            format!("twin-proof-{algorithm}"),
            "RFC 9964 section 3",
            move || listing(algorithm),
        ));
    }
    rows.push(good("twin-proof-request-with-query", CHECKS, || {
        proof(|it| it).uri("/api/private?page=2")
    }));
    rows.push(good("twin-proof-scheme-in-lower-case", BINDING, || {
        let token = token().build();
        let attempt = Attempt::authorization(format!("dpop  {token}"));
        accepting(attempt, Dpop::Accepted)
            .proof(move || client().proof("GET", URL, &token).now(NOW).build())
    }));
    rows
}

fn fields() -> Vec<Attack> {
    let of = |name: &str, value: &'static str| {
        bad(
            format!("proof-{name}"),
            SYNTAX,
            Reason::InvalidProof,
            move || without_proof(&token().build()).header(FIELD, value),
        )
    };
    let mut rows = vec![
        bad("proof-missing", CHECKS, Reason::InvalidProof, || {
            without_proof(&token().build())
        }),
        bad("proof-twice", CHECKS, Reason::InvalidProof, || {
            let attempt = proof(|it| it);
            let again = attempt.proof_text();
            attempt.header(FIELD, again)
        }),
        bad("proof-list", CHECKS, Reason::InvalidProof, || {
            let attempt = proof(|it| it);
            let one = attempt.proof_text();
            attempt.proof(move || format!("{one}, {one}"))
        }),
        bad("proof-of-9-kib", SYNTAX, Reason::InvalidProof, || {
            proof(|it| it.claim("x", "x".repeat(9 * 1024)))
        }),
    ];
    rows.extend([
        of("empty", ""),
        of("no-jws", "proof"),
        of("two-parts", "e30.e30"),
        of("four-parts", "e30.e30.e30.e30"),
        of("encrypted", "e30.e30.e30.e30.e30"),
        of("padded", "e30=.e30=.e30="),
        of("of-nothing", "e30.e30.e30"),
        of("of-arrays", "W10.W10.e30"),
    ]);
    rows
}

fn headers() -> Vec<Attack> {
    let changes: [(&str, Change); 16] = [
        ("without-typ", |it| it.typ(None)),
        ("typ-jwt", |it| it.typ(Some("JWT"))),
        ("typ-at-jwt", |it| it.typ(Some("at+jwt"))),
        ("typ-dpop-jwt-and-more", |it| it.typ(Some("dpop+jwt+more"))),
        ("typ-number", |it| it.header("typ", 1)),
        ("alg-none", |it| it.header("alg", "none")),
        ("alg-none-unsigned", |it| {
            it.header("alg", "none").without_header("jwk").signature([])
        }),
        ("alg-missing", |it| it.without_header("alg")),
        ("alg-not-listed", |it| it.header("alg", "PS384")),
        ("alg-in-lower-case", |it| it.header("alg", "es256")),
        ("alg-of-another-key", |it| it.header("alg", "ES384")),
        ("crit", |it| it.header("crit", json!(["x"])).header("x", 1)),
        ("b64", |it| it.header("b64", true)),
        ("zip", |it| it.header("zip", "DEF")),
        ("signature-of-zeros", |it| it.signature([0; 64])),
        ("signature-empty", |it| it.signature([])),
    ];
    refused(CHECKS, changes)
}

fn keys() -> Vec<Attack> {
    let changes: [(&str, Change); 16] = [
        ("jwk-missing", |it| it.without_header("jwk")),
        ("jwk-null", |it| it.header("jwk", Value::Null)),
        ("jwk-string", |it| it.header("jwk", "x")),
        ("jwk-private", |it| changed(it, "d", "AAAA")),
        ("jwk-private-escaped", |it| {
            respelled(it, r#""kty""#, r#""\u0064":"AAAA","kty""#)
        }),
        ("jwk-twice", |it| {
            respelled(it, r#""jwk""#, r#""jwk":{},"jwk""#)
        }),
        ("jwk-with-k", |it| changed(it, "k", "AAAA")),
        ("jwk-with-priv", |it| changed(it, "priv", "AAAA")),
        ("jwk-oct", |it| {
            let jwk = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode([7; 32])});
            let key = SigningKey::hmac(Algorithm::HS256, [7; 32]);
            it.key(&key).header("jwk", jwk)
        }),
        ("jwk-of-another-curve", |it| changed(it, "crv", "P-384")),
        ("jwk-off-curve", |it| changed(it, "x", &"A".repeat(43))),
        ("jwk-x-with-padding", |it| {
            changed(it, "x", &format!("{}=", "A".repeat(43)))
        }),
        ("jwk-alg-of-another", |it| changed(it, "alg", "ES384")),
        ("jwk-rsa-of-1024-bits", |it| rsa(it, 128)),
        ("jwk-rsa-of-8192-bits", |it| rsa(it, 1024)),
        ("jwk-of-small-order", |it| {
            let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode([0; 32])});
            it.header("alg", "EdDSA").header("jwk", jwk)
        }),
    ];
    let mut rows = refused(CHECKS, changes);
    rows.push(bad(
        "proof-ml-dsa-44-by-default",
        CHECKS,
        Reason::InvalidProof,
        || by(&SigningKey::shared(Algorithm::MLDSA44), |it| it),
    ));
    rows.push(bad(
        "proof-signed-by-another",
        CHECKS,
        Reason::InvalidProof,
        || proof(|it| it.signed_by(&ring().strange_ec)),
    ));
    rows.push(bad(
        "proof-by-another-key",
        BINDING,
        Reason::OtherProofKey,
        || {
            let token = token().build();
            let other = ring().strange_ec.clone();
            without_proof(&token).proof(move || other.proof("GET", URL, &token).now(NOW).build())
        },
    ));
    rows.push(bad(
        "proof-by-the-issuer's-key",
        BINDING,
        Reason::OtherProofKey,
        || {
            let token = token().build();
            let issuer = ring().es256.clone();
            without_proof(&token).proof(move || issuer.proof("GET", URL, &token).now(NOW).build())
        },
    ));
    rows
}

fn claims() -> Vec<Attack> {
    let changes: [(&str, Change); 41] = [
        ("jti-missing", |it| it.without("jti")),
        ("jti-empty", |it| it.claim("jti", "")),
        ("jti-number", |it| it.claim("jti", 1)),
        ("htm-missing", |it| it.without("htm")),
        ("htm-of-another-method", |it| it.claim("htm", "POST")),
        ("htm-in-lower-case", |it| it.claim("htm", "get")),
        ("htm-with-space", |it| it.claim("htm", "GET ")),
        ("htm-array", |it| it.claim("htm", json!(["GET"]))),
        ("htu-missing", |it| it.without("htu")),
        ("htu-path-alone", |it| it.claim("htu", "/api/private")),
        ("htu-of-another-path", |it| {
            it.claim("htu", "https://api.example/api/messages")
        }),
        ("htu-of-another-host", |it| {
            it.claim("htu", "https://evil.example/api/private")
        }),
        ("htu-of-a-longer-host", |it| {
            it.claim("htu", "https://api.example.evil/api/private")
        }),
        ("htu-plain-http", |it| {
            it.claim("htu", "http://api.example/api/private")
        }),
        ("htu-of-another-port", |it| {
            it.claim("htu", "https://api.example:8443/api/private")
        }),
        ("htu-with-user", |it| {
            it.claim("htu", "https://me@api.example/api/private")
        }),
        ("htu-with-empty-user", |it| {
            it.claim("htu", "https://@api.example/api/private")
        }),
        ("htu-with-backslashes", |it| {
            it.claim("htu", r"https:\\api.example\api\private")
        }),
        ("htu-with-line-break", |it| {
            it.claim("htu", "https://api.exa\nmple/api/private")
        }),
        ("htu-in-another-case", |it| {
            it.claim("htu", "https://api.example/API/private")
        }),
        ("htu-with-slash-at-the-end", |it| {
            it.claim("htu", format!("{URL}/"))
        }),
        ("htu-with-two-slashes", |it| {
            it.claim("htu", "https://api.example/api//private")
        }),
        ("htu-with-escaped-slash", |it| {
            it.claim("htu", "https://api.example/api%2Fprivate")
        }),
        ("htu-array", |it| it.claim("htu", json!([URL]))),
        ("iat-missing", |it| it.without("iat")),
        ("iat-in-milliseconds", |it| it.claim("iat", NOW * 1000)),
        ("iat-below-zero", |it| it.claim("iat", -1)),
        ("iat-string", |it| it.claim("iat", NOW.to_string())),
        ("iat-null", |it| it.claim("iat", Value::Null)),
        ("iat-an-hour-ago", |it| it.issued_in(-3600)),
        ("iat-61-seconds-ago", |it| it.issued_in(-61)),
        ("iat-in-11-seconds", |it| it.issued_in(11)),
        ("iat-in-10.5-seconds", |it| {
            it.claim("iat", NOW as f64 + 10.5)
        }),
        ("iat-60.5-seconds-ago", |it| {
            it.claim("iat", NOW as f64 - 60.5)
        }),
        ("iat-in-an-hour", |it| it.issued_in(3600)),
        ("ath-missing", |it| it.without("ath")),
        ("ath-empty", |it| it.claim("ath", "")),
        ("ath-of-another-token", |it| {
            it.claim("ath", "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo")
        }),
        ("claims-twice", |it| {
            let mut json = it.payload_json();
            json.truncate(json.len() - 1);
            json.extend(br#","htm":"GET"}"#);
            it.raw_payload(json)
        }),
        ("claims-twice-among-many", |it| {
            let mut json = it.payload_json();
            json.pop();
            let many = (0..100).map(|i| format!(r#","{}":0"#, i % 99));
            json.extend(many.collect::<String>().bytes().chain(*b"}"));
            it.raw_payload(json)
        }),
        ("claims-not-utf-8", |it| {
            it.raw_payload([b'{', b'"', 0xff, b'"', b':', b'1', b'}'])
        }),
    ];
    refused(CHECKS, changes)
}

fn bindings() -> Vec<Attack> {
    let bearer = |token: &TokenBuilder| Attempt::token(token.clone().build());
    vec![
        bad(
            "bound-token-as-bearer",
            "RFC 9449 section 7.2",
            Reason::SenderConstrained,
            move || accepting(bearer(&token()), Dpop::Accepted),
        ),
        bad(
            "bound-token-as-bearer-with-proof",
            "RFC 9449 section 7.2",
            Reason::SenderConstrained,
            || {
                let token = token().build();
                let proof = client().proof("GET", URL, &token).now(NOW).build();
                accepting(Attempt::token(&token).header(FIELD, proof), Dpop::Accepted)
            },
        ),
        bad(
            "unbound-token-with-proof",
            BINDING,
            Reason::UnboundToken,
            || {
                let token = ring().good().build();
                let proof = client().proof("GET", URL, &token).now(NOW).build();
                without_proof(&token).header(FIELD, proof)
            },
        ),
        bad(
            "bound-to-a-key-and-a-certificate",
            "RFC 8705 section 3",
            Reason::SenderConstrained,
            || {
                let cnf = json!({"jkt": client().thumbprint(), "x5t#S256": client().thumbprint()});
                let token = ring().good().claim("cnf", cnf).build();
                let proof = client().proof("GET", URL, &token).now(NOW).build();
                without_proof(&token).header(FIELD, proof)
            },
        ),
        bad(
            "scheme-dpop-without-token",
            BINDING,
            Reason::MalformedCredentials,
            || accepting(Attempt::authorization("DPoP"), Dpop::Accepted),
        ),
        bad(
            "schemes-bearer-and-dpop",
            "RFC 9449 section 7.2",
            Reason::MalformedCredentials,
            || {
                let token = token().build();
                let proof = client().proof("GET", URL, &token).now(NOW).build();
                let attempt = Attempt::token(&token).header(FIELD, proof);
                let value = format!("DPoP {token}");
                accepting(
                    attempt.header(http::header::AUTHORIZATION, value),
                    Dpop::Accepted,
                )
            },
        ),
        bad(
            "forged-token-with-good-proof",
            BINDING,
            Reason::InvalidSignature,
            || {
                let token = token().signed_by(&ring().strange_ec).build();
                let proof = client().proof("GET", URL, &token).now(NOW).build();
                without_proof(&token).header(FIELD, proof)
            },
        ),
    ]
}

fn refused<const N: usize>(source: &'static str, changes: [(&str, Change); N]) -> Vec<Attack> {
    let row = |(name, change): (&str, Change)| {
        bad(
            format!("proof-{name}"),
            source,
            Reason::InvalidProof,
            move || proof(change),
        )
    };
    changes.into_iter().map(row).collect()
}

/// Changes a member of the key in the header.
fn changed(proof: TokenBuilder, member: &str, value: &str) -> TokenBuilder {
    let header: Value = serde_json::from_slice(&proof.header_json()).expect("JSON");
    let mut jwk = header["jwk"].clone();
    jwk[member] = value.into();
    proof.header("jwk", jwk)
}

/// Replaces text in the header.
fn respelled(proof: TokenBuilder, from: &str, to: &str) -> TokenBuilder {
    let header = String::from_utf8(proof.header_json()).expect("JSON");
    assert!(header.contains(from), "{header}");
    proof.raw_header(header.replacen(from, to, 1))
}

fn rsa(proof: TokenBuilder, bytes: usize) -> TokenBuilder {
    let n = URL_SAFE_NO_PAD.encode(vec![0xff; bytes]);
    let jwk = json!({"kty": "RSA", "e": "AQAB", "n": n});
    proof
        .header("alg", "RS256")
        .header("jwk", jwk)
        .signature(vec![1; bytes])
}
