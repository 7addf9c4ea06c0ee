use std::fmt;

use http::StatusCode;

/// Why a request was refused: stable, machine-readable, and the same on every framework.
///
/// Its [`name`](Self::name) stands in the log as `reason`. Callers see only what
/// [`error`](Self::error) and [`description`](Self::description) say, which is a closed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// No token, or another scheme than Bearer (RFC 6750 section 3.1).
    MissingToken,
    /// Credentials that are no single bearer token (RFC 6750 section 2.1).
    MalformedCredentials,
    /// Tokens in two places at once (RFC 6750 section 2).
    MultipleTokens,
    /// The token is longer than the limit.
    TokenTooLarge,
    /// Not a compact JWS: wrong number of parts, or not canonical base64url (RFC 7515 section 5.2).
    MalformedToken,
    /// Not a JWT at all: a token that only its issuer can read.
    OpaqueToken,
    /// A JWE (RFC 7516): encrypted for somebody.
    EncryptedToken,
    /// The header is no JSON object, has a name twice, or a member of the wrong type.
    MalformedHeader,
    /// The header asks for an extension that is not understood (RFC 7515 section 4.1.11).
    UnsupportedExtension,
    /// `alg` is missing, `none`, unknown, or not among the accepted ones (RFC 8725 section 3.1).
    AlgorithmNotAllowed,
    /// `typ` is that of another kind of token (RFC 8725 section 3.11, RFC 9068 section 4).
    WrongTokenType,
    /// The payload is no JSON object, has a name twice, or a claim of the wrong type.
    MalformedClaims,
    /// `iss` is missing or none of the configured issuers (RFC 9068 section 4).
    WrongIssuer,
    /// `aud` is missing or contains none of the configured audiences (RFC 9068 section 4).
    WrongAudience,
    /// The token was issued to a client that is not listed.
    WrongClient,
    /// A required claim has another value.
    WrongClaim,
    /// `exp` is over (RFC 7519 section 4.1.4).
    Expired,
    /// `nbf` is not reached (RFC 7519 section 4.1.5).
    NotYetValid,
    /// `iat` lies in the future.
    IssuedInFuture,
    /// A claim that has to be there is not.
    MissingClaim,
    /// The token is bound to a key of its sender (`cnf`, RFC 7800) and can't be used as a bearer token.
    SenderConstrained,
    /// No key of the issuer has the token's `kid`.
    UnknownKey,
    /// The token's key may not be used with the token's algorithm.
    KeyNotForAlgorithm,
    /// The signature is not the key's.
    InvalidSignature,
    /// More keys could have signed the token than are tried for one, and none of those tried did.
    TooManyCandidateKeys,
    /// The verified claims do not fit the type that the application asks for.
    ClaimsMismatch,
    /// The token is good but does not satisfy the policy (RFC 6750 section 3.1).
    InsufficientScope,
    /// The token is good, but the user's authentication is too weak or too long ago for the policy
    /// (RFC 9470 section 3).
    InsufficientAuthentication,
    /// The issuer's keys can't be had at the moment.
    KeysUnavailable,
    /// Not a refusal: a CORS preflight, which the guard answers in place of the handler.
    Preflight,
}

impl Reason {
    /// The name that stands in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MissingToken => "missing_token",
            Self::MalformedCredentials => "malformed_credentials",
            Self::MultipleTokens => "multiple_tokens",
            Self::TokenTooLarge => "token_too_large",
            Self::MalformedToken => "malformed_token",
            Self::OpaqueToken => "opaque_token",
            Self::EncryptedToken => "encrypted_token",
            Self::MalformedHeader => "malformed_header",
            Self::UnsupportedExtension => "unsupported_extension",
            Self::AlgorithmNotAllowed => "algorithm_not_allowed",
            Self::WrongTokenType => "wrong_token_type",
            Self::MalformedClaims => "malformed_claims",
            Self::WrongIssuer => "wrong_issuer",
            Self::WrongAudience => "wrong_audience",
            Self::WrongClient => "wrong_client",
            Self::WrongClaim => "wrong_claim",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::IssuedInFuture => "issued_in_future",
            Self::MissingClaim => "missing_claim",
            Self::SenderConstrained => "sender_constrained",
            Self::UnknownKey => "unknown_key",
            Self::KeyNotForAlgorithm => "key_not_for_algorithm",
            Self::InvalidSignature => "invalid_signature",
            Self::TooManyCandidateKeys => "too_many_candidate_keys",
            Self::ClaimsMismatch => "claims_mismatch",
            Self::InsufficientScope => "insufficient_scope",
            Self::InsufficientAuthentication => "insufficient_user_authentication",
            Self::KeysUnavailable => "keys_unavailable",
            Self::Preflight => "preflight",
        }
    }

    /// The status of the answer, unless an option changes that of an unmet policy.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::MalformedCredentials | Self::MultipleTokens => StatusCode::BAD_REQUEST,
            Self::InsufficientScope => StatusCode::FORBIDDEN,
            Self::KeysUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Preflight => StatusCode::NO_CONTENT,
            _ => StatusCode::UNAUTHORIZED,
        }
    }

    /// The error code of the challenge (RFC 6750 section 3.1, RFC 9470 section 3); `None` where it carries none.
    #[must_use]
    pub const fn error(self) -> Option<&'static str> {
        match self {
            Self::MissingToken | Self::KeysUnavailable | Self::Preflight => None,
            Self::MalformedCredentials | Self::MultipleTokens => Some("invalid_request"),
            Self::InsufficientScope => Some("insufficient_scope"),
            Self::InsufficientAuthentication => Some("insufficient_user_authentication"),
            _ => Some("invalid_token"),
        }
    }

    /// What the caller is told. Never contains anything that the caller sent.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::MissingToken => "an access token is required",
            Self::MalformedCredentials => {
                "the Authorization header has to be one bearer token: Bearer <token>"
            }
            Self::MultipleTokens => "the request carries more than one access token",
            Self::TokenTooLarge => "the access token is too long",
            Self::MalformedToken
            | Self::OpaqueToken
            | Self::MalformedHeader
            | Self::MalformedClaims
            | Self::ClaimsMismatch => "the access token is malformed",
            Self::EncryptedToken => "encrypted access tokens are not supported",
            Self::UnsupportedExtension => "the access token uses an unsupported extension",
            Self::AlgorithmNotAllowed => "the access token's signature algorithm is not accepted",
            Self::WrongTokenType | Self::WrongClaim => "the token is not an access token",
            Self::WrongIssuer => "the access token's issuer is not accepted",
            Self::WrongAudience | Self::WrongClient => "the access token is not meant for this API",
            Self::Expired => "the access token expired",
            Self::NotYetValid | Self::IssuedInFuture => "the access token is not valid yet",
            Self::MissingClaim => "the access token lacks a required claim",
            Self::SenderConstrained => {
                "the access token is bound to its sender and not accepted as a bearer token"
            }
            Self::UnknownKey
            | Self::KeyNotForAlgorithm
            | Self::InvalidSignature
            | Self::TooManyCandidateKeys => "the access token's signature can't be verified",
            Self::InsufficientScope => "the access token does not grant what this request needs",
            Self::InsufficientAuthentication => {
                "this request needs a stronger or more recent authentication of the user"
            }
            Self::KeysUnavailable => "access tokens can't be checked at the moment",
            Self::Preflight => "a CORS preflight is answered without a token",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
