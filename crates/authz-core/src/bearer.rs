//! The token out of the request (RFC 6750 section 2).
//!
//! The `Authorization` header is always looked at; every other place is opt-in. Tokens in two
//! places at once are refused, whether or not they are the same.

use std::borrow::Cow;

use http::{
    HeaderMap, HeaderName, Uri,
    header::{AUTHORIZATION, COOKIE, InvalidHeaderName, SEC_WEBSOCKET_PROTOCOL},
};

use crate::rejection::Reason;

/// A place besides the `Authorization` header where a token may come from.
///
/// ```
/// use authz_core::{Authorizer, TokenSource};
///
/// let builder = Authorizer::builder().also_accept(TokenSource::cookie("session"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSource(Place);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Cookie(String),
    Header(HeaderName),
    Query(String),
    WebSocketProtocol(String),
}

impl TokenSource {
    /// The cookie `name`.
    ///
    /// Browsers send cookies along with requests that other sites start: protect against
    /// cross-site request forgery, with `SameSite` at the least.
    #[must_use]
    pub fn cookie(name: impl Into<String>) -> Self {
        Self(Place::Cookie(name.into()))
    }

    /// The header `name`, which holds the token alone, without a scheme.
    ///
    /// # Errors
    ///
    /// When `name` is no header name.
    pub fn header(name: &str) -> Result<Self, InvalidHeaderName> {
        Ok(Self(Place::Header(HeaderName::try_from(name)?)))
    }

    /// The parameter `name` of the query: `access_token` in RFC 6750 section 2.3.
    ///
    /// URLs end up in logs, histories and `Referer` headers, and OAuth 2.1 does away with this:
    /// only where nothing else will do.
    #[must_use]
    pub fn query(name: impl Into<String>) -> Self {
        Self(Place::Query(name.into()))
    }

    /// The `Sec-WebSocket-Protocol` header: the entry after `marker`. A browser can set no other
    /// header for a WebSocket: `new WebSocket(url, ["access_token", token])` goes with the marker
    /// `access_token`. Answer with another protocol than the token.
    #[must_use]
    pub fn websocket_protocol(marker: impl Into<String>) -> Self {
        Self(Place::WebSocketProtocol(marker.into()))
    }

    pub(crate) const fn is_query(&self) -> bool {
        matches!(self.0, Place::Query(_))
    }

    fn find<'a>(
        &self,
        headers: &'a HeaderMap,
        uri: &'a Uri,
        found: &mut Found<'a>,
    ) -> Result<(), Reason> {
        match &self.0 {
            Place::Cookie(name) => {
                let cookies = headers.get_all(COOKIE).iter();
                for cookie in cookies.flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
                {
                    let Some(at) = cookie.iter().position(|byte| *byte == b'=') else {
                        continue;
                    };
                    if cookie[..at].trim_ascii() == name.as_bytes() {
                        let value = cookie[at + 1..].trim_ascii();
                        let quoted = value
                            .strip_prefix(b"\"")
                            .and_then(|it| it.strip_suffix(b"\""));
                        found.add(text(quoted.unwrap_or(value))?)?;
                    }
                }
            }
            Place::Header(name) => {
                for value in headers.get_all(name) {
                    found.add(text(value.as_bytes().trim_ascii())?)?;
                }
            }
            Place::Query(name) => {
                let query = uri.query().unwrap_or_default().as_bytes();
                for (key, value) in url::form_urlencoded::parse(query) {
                    if key == *name {
                        found.add(value)?;
                    }
                }
            }
            Place::WebSocketProtocol(marker) => {
                let mut entries = headers
                    .get_all(SEC_WEBSOCKET_PROTOCOL)
                    .iter()
                    .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
                    .map(<[u8]>::trim_ascii);
                while let Some(entry) = entries.next() {
                    if entry == marker.as_bytes() {
                        let token = entries.next().ok_or(Reason::MalformedCredentials)?;
                        found.add(text(token)?)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// What may be the request's token, found with as little work as possible: it has not been looked
/// into, and means something only as the key of a token that was read before by [`token`].
pub(crate) fn glance(headers: &HeaderMap) -> Option<&[u8]> {
    let mut authorization = headers.get_all(AUTHORIZATION).iter();
    let value = authorization.next()?.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    let alone = authorization.next().is_none();
    (alone && scheme.eq_ignore_ascii_case(b"Bearer ")).then_some(token)
}

/// The request's token; `None` when there is none, or only credentials of another scheme.
pub(crate) fn token<'a>(
    headers: &'a HeaderMap,
    uri: &'a Uri,
    sources: &[TokenSource],
) -> Result<Option<Cow<'a, str>>, Reason> {
    let mut found = Found(None);
    let mut authorization = headers.get_all(AUTHORIZATION).iter();
    if let Some(value) = authorization.next() {
        if authorization.next().is_some() {
            return Err(Reason::MalformedCredentials);
        }
        if let Some(token) = credentials(value.as_bytes())? {
            found.add(Cow::Borrowed(token))?;
        }
    }
    for source in sources {
        source.find(headers, uri, &mut found)?;
    }
    Ok(found.0)
}

struct Found<'a>(Option<Cow<'a, str>>);

impl<'a> Found<'a> {
    fn add(&mut self, token: Cow<'a, str>) -> Result<(), Reason> {
        if token.is_empty() {
            return Err(Reason::MalformedCredentials);
        }
        match self.0.replace(token) {
            None => Ok(()),
            Some(_) => Err(Reason::SeveralTokens),
        }
    }
}

/// `"Bearer" 1*SP b64token` (RFC 6750 section 2.1), the scheme in any case (RFC 9110 section 11.1).
fn credentials(value: &[u8]) -> Result<Option<&str>, Reason> {
    let value = value.trim_ascii();
    let scheme_len = value
        .iter()
        .position(|byte| matches!(byte, b' ' | b'\t'))
        .unwrap_or(value.len());
    let (scheme, rest) = value.split_at(scheme_len);
    if !scheme.eq_ignore_ascii_case(b"Bearer") {
        return Ok(None);
    }
    let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
    let token = &rest[spaces..];
    // Nothing, something not set off by spaces, or more than one thing.
    if token.is_empty() || memchr::memchr2(b' ', b'\t', token).is_some() {
        return Err(Reason::MalformedCredentials);
    }
    std::str::from_utf8(token)
        .map(Some)
        .map_err(|_| Reason::MalformedToken)
}

fn text(bytes: &[u8]) -> Result<Cow<'_, str>, Reason> {
    std::str::from_utf8(bytes)
        .map(Cow::Borrowed)
        .map_err(|_| Reason::MalformedToken)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    type Outcome = Result<Option<&'static str>, Reason>;
    const MALFORMED: Outcome = Err(Reason::MalformedCredentials);
    const SEVERAL: Outcome = Err(Reason::SeveralTokens);

    #[test]
    fn reads_the_authorization_header() {
        for (values, expected) in [
            (&[][..], Ok(None)),
            (&["Bearer abc"], Ok(Some("abc"))),
            (&["bearer abc"], Ok(Some("abc"))),
            (&["BEARER abc"], Ok(Some("abc"))),
            (&["Bearer    abc"], Ok(Some("abc"))),
            (&["Bearer abc  "], Ok(Some("abc"))),
            (&["Basic dXNlcjpwYXNz"], Ok(None)),
            (&["Bearerabc"], Ok(None)),
            (&["Bearer2 abc"], Ok(None)),
            (&["abc"], Ok(None)),
            (&[""], Ok(None)),
            (&["Bearer"], MALFORMED),
            (&["Bearer "], MALFORMED),
            (&["Bearer a b"], MALFORMED),
            (&["Bearer a, Bearer b"], MALFORMED),
            (&["Bearer\tabc"], MALFORMED),
            (&["Bearer \tabc"], MALFORMED),
            (&["Bearer abc\tdef"], MALFORMED),
            (&["Bearer abc", "Bearer abc"], MALFORMED),
            (&["Basic dXNlcjpwYXNz", "Bearer abc"], MALFORMED),
            (&["Bearer \u{e9}\u{20ac}"], Ok(Some("\u{e9}\u{20ac}"))),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(
                    AUTHORIZATION,
                    HeaderValue::from_bytes(value.as_bytes()).unwrap(),
                );
            }
            check(&headers, "/", &[], expected, values);
        }
        let mut headers = HeaderMap::new();
        headers.insert(
            AUTHORIZATION,
            HeaderValue::from_bytes(b"Bearer \xff").unwrap(),
        );
        check(
            &headers,
            "/",
            &[],
            Err(Reason::MalformedToken),
            &["not UTF-8"],
        );
    }

    #[test]
    fn reads_other_places_only_when_asked() {
        let all = [
            TokenSource::cookie("session"),
            TokenSource::header("x-token").unwrap(),
            TokenSource::query("access_token"),
            TokenSource::websocket_protocol("bearer"),
        ];
        for (headers, uri, expected) in [
            (
                &[("cookie", "a=b; session=abc; c=d")][..],
                "/",
                Ok(Some("abc")),
            ),
            (&[("cookie", "session=\"abc\"")], "/", Ok(Some("abc"))),
            (&[("cookie", "xsession=abc")], "/", Ok(None)),
            (&[("cookie", "session=")], "/", MALFORMED),
            (&[("cookie", "session=a; session=b")], "/", SEVERAL),
            (&[("x-token", "abc")], "/", Ok(Some("abc"))),
            (&[("x-token", "a"), ("x-token", "a")], "/", SEVERAL),
            (&[], "/?access_token=abc", Ok(Some("abc"))),
            (&[], "/?x=1&access%5Ftoken=a%2Eb", Ok(Some("a.b"))),
            (&[], "/?access_token=", MALFORMED),
            (&[], "/?access_token=a&access_token=a", SEVERAL),
            (
                &[("sec-websocket-protocol", "chat, bearer, abc")],
                "/",
                Ok(Some("abc")),
            ),
            (
                &[("sec-websocket-protocol", "chat, bearer")],
                "/",
                MALFORMED,
            ),
            (&[("sec-websocket-protocol", "chat")], "/", Ok(None)),
            (
                &[("authorization", "Bearer abc"), ("cookie", "session=abc")],
                "/",
                SEVERAL,
            ),
            (
                &[("authorization", "Bearer abc")],
                "/?access_token=abc",
                SEVERAL,
            ),
            (
                &[("authorization", "Basic abc"), ("cookie", "session=abc")],
                "/",
                Ok(Some("abc")),
            ),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(*name, HeaderValue::from_static(value));
            }
            check(&map, uri, &all, expected, &[uri]);
            if !map.contains_key(AUTHORIZATION) {
                check(&map, uri, &[], Ok(None), &[uri]);
            }
        }
    }

    fn check(
        headers: &HeaderMap,
        uri: &str,
        sources: &[TokenSource],
        expected: Outcome,
        case: &[&str],
    ) {
        let uri = uri.parse().unwrap();
        let found = token(headers, &uri, sources);
        assert_eq!(
            found.as_ref().map(Option::as_deref),
            expected.as_ref().map(|it| *it),
            "{case:?} {headers:?}"
        );
    }
}
