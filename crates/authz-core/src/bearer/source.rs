use std::borrow::Cow;

use http::{
    HeaderMap, HeaderName, Uri,
    header::{AUTHORIZATION, COOKIE, InvalidHeaderName, SEC_WEBSOCKET_PROTOCOL},
};

use super::{
    authorization::credentials,
    credentials::{BadCredentials, Credentials, SingleToken},
};
use crate::rejection::Scheme;

/// A place in the request, other than the `Authorization` header, that may carry the token.
///
/// ```
/// use authz_core::{Authorizer, TokenSource};
///
/// let builder = Authorizer::builder().token_source(TokenSource::cookie("session"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSource(TokenPlace);

#[derive(Clone, Debug, PartialEq, Eq)]
enum TokenPlace {
    Cookie(String),
    Header(HeaderName),
    BearerHeader(HeaderName),
    Query(String),
    WebSocketProtocol(String),
    WebSocketProtocolPrefix(String),
}

/// All places that an authorizer takes tokens from.
#[derive(Clone, Debug)]
pub(crate) struct Sources {
    /// Reads the `Authorization` header.
    pub(crate) authorization: bool,
    /// Reads the scheme DPoP in it, too.
    pub(crate) dpop: bool,
    pub(crate) others: Vec<TokenSource>,
}

/// Returns the request's token, or `None` if it carries none or only credentials of another scheme.
pub(crate) fn find<'a>(
    headers: &'a HeaderMap,
    uri: &'a Uri,
    sources: &Sources,
) -> Result<Option<Credentials<'a>>, BadCredentials> {
    let authorization = match sources.authorization {
        true => credentials(headers, &AUTHORIZATION, sources.dpop)?,
        false => None,
    };
    let used = authorization.map_or(Scheme::Bearer, |(scheme, _)| scheme);
    if sources.others.is_empty() {
        return Ok(authorization.map(|(scheme, token)| Credentials {
            token: Cow::Borrowed(token),
            scheme,
        }));
    }
    let mut found = SingleToken::default();
    if let Some((_, token)) = authorization {
        found.add(token)?;
    }
    for source in &sources.others {
        source.find(headers, uri, &mut found)?;
    }
    Ok(found.0.map(|token| Credentials {
        token,
        scheme: used,
    }))
}

impl TokenSource {
    /// Takes the token from the cookie `name`. An empty cookie counts as absent, because a logout may
    /// leave one behind.
    ///
    /// Browsers attach cookies to requests that other sites start. Protect the API against cross-site
    /// request forgery, at least with `SameSite`.
    #[must_use]
    pub fn cookie(name: impl Into<String>) -> Self {
        Self(TokenPlace::Cookie(name.into()))
    }

    /// Takes the token from the header `name`, which has no scheme, such as `Cf-Access-Jwt-Assertion`.
    /// An empty header counts as absent.
    ///
    /// # Errors
    ///
    /// Returns an error if `name` is not a valid header name.
    pub fn header(name: &str) -> Result<Self, InvalidHeaderName> {
        Ok(Self(TokenPlace::Header(HeaderName::try_from(name)?)))
    }

    /// Takes the token from the header `name`, which has the form of `Authorization`: the scheme
    /// `Bearer` and the token. An example is `X-Forwarded-Authorization`, behind a gateway that needs
    /// `Authorization` for its own token.
    ///
    /// # Errors
    ///
    /// Returns an error if `name` is not a valid header name.
    pub fn bearer_header(name: &str) -> Result<Self, InvalidHeaderName> {
        Ok(Self(TokenPlace::BearerHeader(HeaderName::try_from(name)?)))
    }

    /// Takes the token from the query parameter `name`. RFC 6750 section 2.3 calls it `access_token`.
    ///
    /// Avoid it where you can: URLs end up in logs, histories and `Referer` headers, and OAuth 2.1
    /// removes this method.
    #[must_use]
    pub fn query(name: impl Into<String>) -> Self {
        Self(TokenPlace::Query(name.into()))
    }

    /// Takes the token from the `Sec-WebSocket-Protocol` header: the entry after `marker`.
    ///
    /// Browsers can't set another header for a WebSocket. The marker of
    /// `new WebSocket(url, ["access_token", token])` is `access_token`. The server must not select the
    /// token as the protocol.
    #[must_use]
    pub fn websocket_protocol(marker: impl Into<String>) -> Self {
        Self(TokenPlace::WebSocketProtocol(marker.into()))
    }

    /// Takes the token from the `Sec-WebSocket-Protocol` header: the entry that begins with `prefix`,
    /// without the prefix.
    ///
    /// The prefix of `new WebSocket(url, ["chat", "bearer." + token])` is `bearer.`. The server must
    /// not select the token as the protocol.
    #[must_use]
    pub fn websocket_protocol_prefix(prefix: impl Into<String>) -> Self {
        Self(TokenPlace::WebSocketProtocolPrefix(prefix.into()))
    }

    pub(crate) const fn is_query(&self) -> bool {
        matches!(self.0, TokenPlace::Query(_))
    }

    const fn is_header(&self) -> bool {
        matches!(self.0, TokenPlace::Header(_) | TokenPlace::BearerHeader(_))
    }

    /// Adds every token at this place to `found`.
    fn find<'a>(
        &self,
        headers: &'a HeaderMap,
        uri: &'a Uri,
        found: &mut SingleToken<'a>,
    ) -> Result<(), BadCredentials> {
        match &self.0 {
            TokenPlace::Cookie(name) => {
                let cookies = headers.get_all(COOKIE).iter();
                for cookie in cookies.flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
                {
                    let mut sides = cookie.splitn(2, |byte| *byte == b'=');
                    let (Some(left), Some(value)) = (sides.next(), sides.next()) else {
                        continue;
                    };
                    if left.trim_ascii() == name.as_bytes() {
                        let value = value.trim_ascii();
                        let quoted = value
                            .strip_prefix(b"\"")
                            .and_then(|it| it.strip_suffix(b"\""));
                        let value = quoted.unwrap_or(value);
                        if !value.is_empty() {
                            found.add(value)?;
                        }
                    }
                }
            }
            TokenPlace::Header(name) => {
                for value in headers.get_all(name) {
                    let value = value.as_bytes().trim_ascii();
                    if !value.is_empty() {
                        found.add(value)?;
                    }
                }
            }
            TokenPlace::BearerHeader(name) => {
                if let Some((_, token)) = credentials(headers, name, false)? {
                    found.add(token)?;
                }
            }
            TokenPlace::Query(name) => {
                let query = uri.query().unwrap_or_default().as_bytes();
                for (key, value) in url::form_urlencoded::parse(query) {
                    if key == *name {
                        found.add(match value {
                            Cow::Borrowed(value) => Cow::Borrowed(value.as_bytes()),
                            Cow::Owned(value) => Cow::Owned(value.into_bytes()),
                        })?;
                    }
                }
            }
            TokenPlace::WebSocketProtocol(marker) => {
                let mut entries = protocols(headers);
                while let Some(entry) = entries.next() {
                    if entry == marker.as_bytes() {
                        let token = entries.next().ok_or(BadCredentials::EMPTY)?;
                        found.add(token)?;
                    }
                }
            }
            TokenPlace::WebSocketProtocolPrefix(prefix) => {
                for entry in protocols(headers) {
                    if let Some(token) = entry.strip_prefix(prefix.as_bytes()) {
                        found.add(token)?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Sources {
    /// Adds a source. A source given twice is read once, or each of its tokens would count as two.
    pub(crate) fn add(&mut self, source: TokenSource) {
        if !self.others.contains(&source) {
            self.others.push(source);
        }
    }

    /// Returns the `bearer_methods_supported` of the resource metadata (RFC 9728 section 2).
    pub(crate) fn methods(&self) -> Vec<&'static str> {
        let header = self.authorization || self.others.iter().any(TokenSource::is_header);
        let query = self.others.iter().any(TokenSource::is_query);
        let methods = [header.then_some("header"), query.then_some("query")];
        methods.into_iter().flatten().collect()
    }
}

/// Returns the entries of `Sec-WebSocket-Protocol`.
fn protocols(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let values = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    values
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
}
