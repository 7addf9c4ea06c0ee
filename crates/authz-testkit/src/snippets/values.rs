use std::fmt;

/// The values that a program contains.
///
/// `Debug` leaves out the token and the client secret.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Values<'a> {
    /// The address of the API operation to call with `GET`.
    pub url: &'a str,
    /// The access token to send.
    pub token: &'a str,
    /// The issuer's token endpoint (RFC 6749 section 3.2).
    pub token_url: &'a str,
    /// The client's identifier.
    pub client_id: &'a str,
    /// The client's secret.
    pub client_secret: &'a str,
    /// The API to request a token for. If empty, the program does not send `audience`.
    pub audience: &'a str,
    /// The scopes to request, separated by spaces. If empty, the program does not send `scope`.
    pub scope: &'a str,
}

impl Values<'_> {
    /// Returns the value that a template calls `name`.
    pub(super) fn named(&self, name: &str) -> Option<&str> {
        Some(match name {
            "url" => self.url,
            "token" => self.token,
            "token_url" => self.token_url,
            "client_id" => self.client_id,
            "client_secret" => self.client_secret,
            "audience" => self.audience,
            "scope" => self.scope,
            _ => return None,
        })
    }
}

impl fmt::Debug for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values")
            .field("url", &self.url)
            .field("token_url", &self.token_url)
            .field("client_id", &self.client_id)
            .field("audience", &self.audience)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
