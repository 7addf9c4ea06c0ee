use std::fmt;

use http::StatusCode;

/// Why a request was rejected. Stable, machine-readable, and the same for every framework.
///
/// The log shows its [`name`](Self::name) as `reason`. Callers see only [`error`](Self::error) and
/// [`description`](Self::description), which come from a closed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// No token, or a scheme other than Bearer (RFC 6750 section 3.1).
    MissingToken,
    /// The credentials are not exactly one bearer token (RFC 6750 section 2.1).
    MalformedCredentials,
    /// The request carries more than one token (RFC 6750 section 2).
    MultipleTokens,
    /// The token is longer than [the limit](crate::AuthorizerBuilder::max_token_bytes).
    TokenTooLarge,
    /// The token is not a compact JWS: it has a wrong number of parts, or non-canonical base64url
    /// (RFC 7515 section 5.2).
    MalformedToken,
    /// The token is opaque: not a JWT, so only its issuer can read it, and no issuer
    /// [introspects](crate::Issuer::introspect) it.
    OpaqueToken,
    /// The token is encrypted: a JWE (RFC 7516).
    EncryptedToken,
    /// The header is not a JSON object, repeats a name, or has a member of the wrong type.
    MalformedHeader,
    /// The header requires an unsupported extension (RFC 7515 section 4.1.11).
    UnsupportedExtension,
    /// `alg` is missing, `none`, unknown, or not accepted (RFC 8725 section 3.1).
    AlgorithmNotAllowed,
    /// `typ` names another kind of token (RFC 8725 section 3.11, RFC 9068 section 4).
    WrongTokenType,
    /// The payload is not a JSON object, repeats a name, or has a claim of the wrong type.
    MalformedClaims,
    /// `iss` is missing or not a configured issuer (RFC 9068 section 4).
    WrongIssuer,
    /// `aud` is missing or contains none of the configured audiences (RFC 9068 section 4).
    WrongAudience,
    /// The token's client is not listed in the configuration.
    WrongClient,
    /// A claim that identifies access tokens is missing or has another value.
    WrongClaim,
    /// `exp` has passed (RFC 7519 section 4.1.4).
    Expired,
    /// `nbf` is in the future (RFC 7519 section 4.1.5).
    NotYetValid,
    /// `iat` is in the future.
    IssuedInFuture,
    /// A required claim is missing.
    MissingClaim,
    /// The token is bound to its sender (`cnf`, RFC 7800) in a way that is not accepted, or was sent as a bearer
    /// token (RFC 9449 section 7.2).
    SenderConstrained,
    /// The token is not bound to a key, and was sent with the scheme DPoP, or must be bound (RFC 9449 section 7.1).
    UnboundToken,
    /// The DPoP proof is missing or invalid (RFC 9449 section 4.3).
    InvalidProof,
    /// The DPoP proof is by another key than the one that the token is bound to (RFC 9449 section 6).
    OtherProofKey,
    /// The request does not have the client certificate that the token is bound to (RFC 8705 section 3).
    WrongCertificate,
    /// The DPoP proof needs a current nonce of this server (RFC 9449 section 9).
    MissingNonce,
    /// The DPoP proof was used before (RFC 9449 section 11.1).
    ReplayedProof,
    /// The store of the proofs seen is full or unavailable.
    ReplayStoreUnavailable,
    /// The issuer says that the token is not active (RFC 7662 section 2.2).
    InactiveToken,
    /// The issuer does not say whether the token is active.
    IntrospectionUnavailable,
    /// The issuer does not publish a key with the token's `kid`.
    UnknownKey,
    /// The key with the token's `kid` may not be used with the token's algorithm.
    KeyNotForAlgorithm,
    /// The signature does not verify.
    InvalidSignature,
    /// More keys match the token than are tried for one, and none of those tried verified it.
    TooManyCandidateKeys,
    /// The claims can't be deserialized into the application's type.
    ClaimsMismatch,
    /// The token was revoked: see [`Revocations`](crate::Revocations).
    Revoked,
    /// The token is valid, but does not satisfy the policy (RFC 6750 section 3.1).
    InsufficientScope,
    /// The token is valid, but the policy requires a stronger or more recent authentication of the
    /// user (RFC 9470 section 3).
    InsufficientAuthentication,
    /// The issuer's keys are unavailable.
    KeysUnavailable,
    /// Whether the token was revoked is unknown: a feed of [`Revocations`](crate::Revocations) is out of
    /// step.
    RevocationsUnavailable,
    /// Not a rejection: the guard answers a CORS preflight instead of the handler.
    Preflight,
}

impl Reason {
    /// Returns the name for the log, in snake case.
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
            Self::UnboundToken => "unbound_token",
            Self::InvalidProof => "invalid_dpop_proof",
            Self::OtherProofKey => "other_proof_key",
            Self::WrongCertificate => "wrong_certificate",
            Self::MissingNonce => "missing_dpop_nonce",
            Self::ReplayedProof => "replayed_dpop_proof",
            Self::ReplayStoreUnavailable => "replay_store_unavailable",
            Self::InactiveToken => "inactive_token",
            Self::IntrospectionUnavailable => "introspection_unavailable",
            Self::UnknownKey => "unknown_key",
            Self::KeyNotForAlgorithm => "key_not_for_algorithm",
            Self::InvalidSignature => "invalid_signature",
            Self::TooManyCandidateKeys => "too_many_candidate_keys",
            Self::ClaimsMismatch => "claims_mismatch",
            Self::Revoked => "revoked",
            Self::InsufficientScope => "insufficient_scope",
            Self::InsufficientAuthentication => "insufficient_user_authentication",
            Self::KeysUnavailable => "keys_unavailable",
            Self::RevocationsUnavailable => "revocations_unavailable",
            Self::Preflight => "preflight",
        }
    }

    /// Returns the outcome for metrics and spans.
    pub(crate) const fn outcome(self) -> &'static str {
        if self.is_unavailable() {
            "unavailable"
        } else {
            "refused"
        }
    }

    /// Returns `true` if the request can't be decided at the moment, which is not the caller's fault.
    pub(crate) const fn is_unavailable(self) -> bool {
        matches!(
            self,
            Self::KeysUnavailable
                | Self::ReplayStoreUnavailable
                | Self::RevocationsUnavailable
                | Self::IntrospectionUnavailable
        )
    }

    /// Returns the status of the response. An option of the authorizer may change it for
    /// [`InsufficientScope`](Self::InsufficientScope).
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::MalformedCredentials | Self::MultipleTokens => StatusCode::BAD_REQUEST,
            Self::InsufficientScope => StatusCode::FORBIDDEN,
            Self::KeysUnavailable
            | Self::ReplayStoreUnavailable
            | Self::RevocationsUnavailable
            | Self::IntrospectionUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Preflight => StatusCode::NO_CONTENT,
            _ => StatusCode::UNAUTHORIZED,
        }
    }

    /// Returns the error code of the challenge (RFC 6750 section 3.1, RFC 9449 section 7.1, RFC 9470 section 3), or
    /// `None` if the challenge has no code.
    #[must_use]
    pub const fn error(self) -> Option<&'static str> {
        match self {
            Self::MissingToken
            | Self::KeysUnavailable
            | Self::ReplayStoreUnavailable
            | Self::RevocationsUnavailable
            | Self::IntrospectionUnavailable
            | Self::Preflight => None,
            Self::InvalidProof | Self::ReplayedProof => Some("invalid_dpop_proof"),
            Self::MissingNonce => Some("use_dpop_nonce"),
            Self::MalformedCredentials | Self::MultipleTokens => Some("invalid_request"),
            Self::InsufficientScope => Some("insufficient_scope"),
            Self::InsufficientAuthentication => Some("insufficient_user_authentication"),
            _ => Some("invalid_token"),
        }
    }

    /// Returns the description for the caller. It never contains anything that the caller sent.
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
            Self::InactiveToken => "the access token is not active: it expired, or was revoked",
            Self::NotYetValid | Self::IssuedInFuture => "the access token is not valid yet",
            Self::MissingClaim => "the access token lacks a required claim",
            Self::SenderConstrained => {
                "the access token is bound to its sender and not accepted as a bearer token"
            }
            Self::UnboundToken => {
                "the access token is not bound to its sender, as this request requires"
            }
            Self::InvalidProof => "the DPoP proof is missing or not valid for this request",
            Self::OtherProofKey => "the access token is bound to another key than the proof's",
            Self::WrongCertificate => {
                "the access token is bound to a client certificate that this request does not have"
            }
            Self::MissingNonce => "the DPoP proof needs the nonce of the header DPoP-Nonce",
            Self::ReplayedProof => "the DPoP proof was used before",
            Self::UnknownKey
            | Self::KeyNotForAlgorithm
            | Self::InvalidSignature
            | Self::TooManyCandidateKeys => "the access token's signature can't be verified",
            Self::Revoked => "the access token was revoked",
            Self::InsufficientScope => "the access token does not grant what this request needs",
            Self::InsufficientAuthentication => {
                "this request needs a stronger or more recent authentication of the user"
            }
            Self::KeysUnavailable
            | Self::ReplayStoreUnavailable
            | Self::RevocationsUnavailable
            | Self::IntrospectionUnavailable => "access tokens can't be checked at the moment",
            Self::Preflight => "a CORS preflight is answered without a token",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
