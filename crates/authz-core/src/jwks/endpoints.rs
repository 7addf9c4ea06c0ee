/// The endpoints where clients get tokens, as the issuer's metadata names them (RFC 8414 section 2).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IssuerEndpoints {
    /// The authorization endpoint (RFC 6749 section 3.1).
    pub authorization_endpoint: String,
    /// The token endpoint (RFC 6749 section 3.2).
    pub token_endpoint: String,
}

impl IssuerEndpoints {
    /// Creates the pair, for your own [`JwksProvider`](super::JwksProvider).
    #[must_use]
    pub fn new(
        authorization_endpoint: impl Into<String>,
        token_endpoint: impl Into<String>,
    ) -> Self {
        Self {
            authorization_endpoint: authorization_endpoint.into(),
            token_endpoint: token_endpoint.into(),
        }
    }
}
