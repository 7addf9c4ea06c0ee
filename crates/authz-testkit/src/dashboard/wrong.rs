//! Tokens that are wrong on purpose.

use authz_core::Reason;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{key::SigningKey, random, token::TokenBuilder};

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Wrong {
    Expired,
    NotYetValid,
    OtherAudience,
    OtherIssuer,
    Forged,
    AlgNone,
    WithdrawnKey,
    Bound,
    Opaque,
    TooLarge,
}

impl Wrong {
    const ALL: [(Self, &str); 10] = [
        (Self::Expired, "expired"),
        (Self::NotYetValid, "not_yet_valid"),
        (Self::OtherAudience, "other_audience"),
        (Self::OtherIssuer, "other_issuer"),
        (Self::Forged, "forged"),
        (Self::AlgNone, "alg_none"),
        (Self::WithdrawnKey, "withdrawn_key"),
        (Self::Bound, "bound"),
        (Self::Opaque, "opaque"),
        (Self::TooLarge, "too_large"),
    ];

    /// Signs the token with this mistake.
    pub(super) fn build(self, token: TokenBuilder, key: &SigningKey) -> String {
        let other_key = || SigningKey::unused(key.algorithm());
        let token = match self {
            Self::Expired => token.issued_in(-7200).expires_in(-3600),
            Self::NotYetValid => token.not_before_in(3600).expires_in(7200),
            Self::OtherAudience => token.audience("https://another.example/api"),
            Self::OtherIssuer => token.issuer("https://another.example/"),
            Self::Forged => token.signed_by(&other_key()),
            Self::AlgNone => token.header("alg", "none").signature([]),
            Self::WithdrawnKey => token.key(&other_key()),
            Self::Bound => token.claim("cnf", json!({ "jkt": random::identifier() })),
            Self::Opaque => return random::identifier(),
            Self::TooLarge => token.claim("padding", "x".repeat(16 * 1024)),
        };
        token.build()
    }

    /// Describes the mistake and the answer to expect.
    pub(super) fn describe(self, key: Option<&SigningKey>) -> Value {
        let (title, what, reason) = match self {
            Self::Expired => (
                "Expired",
                "It expired an hour ago: exp is in the past.",
                Reason::Expired,
            ),
            Self::NotYetValid => (
                "Not yet valid",
                "It is valid in an hour: nbf is in the future.",
                Reason::NotYetValid,
            ),
            Self::OtherAudience => (
                "For another API",
                "Its aud is https://another.example/api, not this API.",
                Reason::WrongAudience,
            ),
            Self::OtherIssuer => (
                "From another issuer",
                "Its iss is https://another.example/, which the API does not trust.",
                Reason::WrongIssuer,
            ),
            Self::Forged => (
                "Forged",
                "It names the issuer's key, but another key signed it.",
                Reason::InvalidSignature,
            ),
            Self::AlgNone => (
                "Not signed",
                "Its alg is none and its signature is empty (RFC 7519 section 6).",
                Reason::MalformedToken,
            ),
            Self::WithdrawnKey => (
                "Signed by a withdrawn key",
                "The key that signed it is not in the issuer's key set.",
                Reason::UnknownKey,
            ),
            Self::Bound => (
                "Bound to a key",
                "It is bound to its sender's key (cnf, RFC 7800), so a bearer cannot use it.",
                Reason::SenderConstrained,
            ),
            Self::Opaque => (
                "Opaque",
                "It is a random text that only its issuer can read.",
                Reason::OpaqueToken,
            ),
            Self::TooLarge => (
                "Too large",
                "It has more than 16 KiB, the limit before a token is read.",
                Reason::TokenTooLarge,
            ),
        };
        // A shared secret has no key set in which a key could be missing.
        let is_secret = key.is_some_and(|key| key.secret().is_some());
        let reason = match reason {
            Reason::UnknownKey if is_secret => Reason::InvalidSignature,
            reason => reason,
        };
        let name = Self::ALL.iter().find(|(wrong, _)| *wrong == self);
        json!({
            "name": name.map(|(_, name)| name),
            "title": title,
            "what": what,
            "status": reason.status().as_u16(),
            "reason": reason.name(),
        })
    }
}

/// Returns all of them, in the order to show.
pub(super) fn list() -> Value {
    let all = Wrong::ALL.iter().map(|(wrong, _)| wrong.describe(None));
    all.collect()
}
