use authz_core::Reason;
use authz_testkit::{Algorithm, SigningKey, TokenBuilder};

use crate::{
    App, Setup,
    case::{check_all, dev_user, get, invalid_token},
};

/// Tokens that are not good, each in one way.
pub async fn tokens<A: App>(app: impl Fn(&Setup) -> A) {
    check_all(app, |issuer| {
        let good = || issuer.token().scope("read:messages");
        let stranger = SigningKey::generate(Algorithm::RS256);
        let unpublished = SigningKey::generate(Algorithm::ES256);
        let confused = SigningKey::hmac(Algorithm::HS256, issuer.key().public_pem());
        let slashless = issuer.issuer().trim_end_matches('/').to_owned();
        let rows: Vec<(&str, Reason, String)> = vec![
            ("no JWT", Reason::OpaqueToken, "abc".to_owned()),
            (
                "no JWT but with a dot",
                Reason::MalformedToken,
                "a.b".to_owned(),
            ),
            (
                "encrypted",
                Reason::EncryptedToken,
                "e30.e30.e30.e30.e30".to_owned(),
            ),
            (
                "padded",
                Reason::MalformedToken,
                format!("{}==", good().build()),
            ),
            (
                "parts swapped",
                Reason::AlgorithmNotAllowed,
                swapped(&good().build()),
            ),
            row(
                "header no object",
                Reason::MalformedHeader,
                good().raw_header("[]"),
            ),
            row(
                "claims no object",
                Reason::MalformedClaims,
                good().raw_payload("null"),
            ),
            (
                "a claim twice",
                Reason::MalformedClaims,
                twice(good(), "\"scope\":\"admin\""),
            ),
            row(
                "unknown extension",
                Reason::UnsupportedExtension,
                good().header("crit", vec!["x"]),
            ),
            row(
                "alg none",
                Reason::AlgorithmNotAllowed,
                good().header("alg", "none"),
            ),
            row(
                "alg nOnE",
                Reason::AlgorithmNotAllowed,
                good().header("alg", "nOnE"),
            ),
            row(
                "alg none, unsigned",
                Reason::MalformedToken,
                good().header("alg", "none").signature([]),
            ),
            row(
                "disallowed algorithm",
                Reason::AlgorithmNotAllowed,
                good().key(&unpublished),
            ),
            row(
                "algorithm confusion",
                Reason::AlgorithmNotAllowed,
                good().key(&confused),
            ),
            row(
                "forged",
                Reason::InvalidSignature,
                good().signed_by(&stranger),
            ),
            row(
                "signature of zeros",
                Reason::InvalidSignature,
                good().signature([0; 256]),
            ),
            (
                "other claims",
                Reason::InvalidSignature,
                other_claims(good()),
            ),
            row("unknown key", Reason::UnknownKey, good().key(&stranger)),
            row("expired", Reason::Expired, good().expires_in(-3600)),
            row("never expires", Reason::MissingClaim, good().without("exp")),
            row(
                "not yet valid",
                Reason::NotYetValid,
                good().not_before_in(3600),
            ),
            row(
                "issued in the future",
                Reason::IssuedInFuture,
                good().issued_in(3600),
            ),
            row(
                "wrong issuer",
                Reason::WrongIssuer,
                good().issuer("https://evil.example/"),
            ),
            row("no issuer", Reason::WrongIssuer, good().without("iss")),
            row(
                "issuer without the slash",
                Reason::WrongIssuer,
                good().issuer(slashless),
            ),
            row(
                "wrong audience",
                Reason::WrongAudience,
                good().audience("https://other.example"),
            ),
            row("no audience", Reason::WrongAudience, good().without("aud")),
            row(
                "wrong type",
                Reason::WrongTokenType,
                good().typ(Some("dpop+jwt")),
            ),
            row(
                "bound to its sender",
                Reason::SenderConstrained,
                bound(good()),
            ),
            row(
                "too long",
                Reason::TokenTooLarge,
                good().claim("x", "x".repeat(16 * 1024)),
            ),
        ];
        let mut cases: Vec<_> = rows
            .into_iter()
            .map(|(name, reason, token)| {
                get("/messages")
                    .bearer(&token)
                    .refused(name, invalid_token(reason))
            })
            .collect();
        let served = dev_user(&["read:messages"]);
        cases.extend([
            // Within the leeway of a minute.
            get("/messages")
                .bearer(&good().expires_in(-30).build())
                .served("just expired", &*served),
            get("/messages")
                .bearer(&good().auth0_style().build())
                .served("Auth0's style", &*served),
            get("/messages")
                .bearer(
                    &good()
                        .audience(vec!["https://x.example", issuer.audience()])
                        .build(),
                )
                .served("several audiences", &*served),
        ]);
        cases
    })
    .await;
}

fn row(name: &str, reason: Reason, token: TokenBuilder) -> (&str, Reason, String) {
    (name, reason, token.build())
}

/// The claims before the header.
fn swapped(token: &str) -> String {
    let parts: Vec<_> = token.split('.').collect();
    format!("{}.{}.{}", parts[1], parts[0], parts[2])
}

fn twice(token: TokenBuilder, member: &str) -> String {
    let payload = String::from_utf8(token.payload_json()).unwrap();
    let payload = payload.replacen('{', &format!("{{{member},"), 1);
    token.raw_payload(payload).build()
}

/// The signature of one token under the claims of another.
fn other_claims(token: TokenBuilder) -> String {
    let admin = token.clone().subject("admin").build();
    let own = token.build();
    let (signed, _) = admin.rsplit_once('.').unwrap();
    let (_, signature) = own.rsplit_once('.').unwrap();
    format!("{signed}.{signature}")
}

fn bound(token: TokenBuilder) -> TokenBuilder {
    token.claim(
        "cnf",
        serde_json::json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}),
    )
}
