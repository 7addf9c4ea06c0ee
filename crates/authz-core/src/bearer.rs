//! The token out of the request (RFC 6750 section 2).
//!
//! The `Authorization` header is looked at unless another place was chosen instead; every other place
//! is opt-in. Tokens in two places at once are refused, whether or not they are the same.

use std::borrow::Cow;

use http::{
    HeaderMap, HeaderName, Uri,
    header::{AUTHORIZATION, COOKIE, InvalidHeaderName, SEC_WEBSOCKET_PROTOCOL},
};

use crate::{rejection::Reason, validation::ValidationError};

/// A place besides the `Authorization` header where a token may come from.
///
/// ```
/// use authz_core::{Authorizer, TokenSource};
///
/// let builder = Authorizer::builder().token_source(TokenSource::cookie("session"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSource(Place);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Cookie(String),
    Header(HeaderName),
    BearerHeader(HeaderName),
    Query(String),
    WebSocketProtocol(String),
    WebSocketProtocolPrefix(String),
}

/// Where the tokens of an API come from.
#[derive(Clone, Debug)]
pub(crate) struct Sources {
    /// The `Authorization` header counts.
    pub(crate) authorization: bool,
    pub(crate) others: Vec<TokenSource>,
}

/// Credentials that are no single token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadCredentials {
    reason: Reason,
    hint: Option<&'static str>,
}

impl TokenSource {
    /// The cookie `name`. One without a value counts as absent: that is what remains of a login that
    /// has ended.
    ///
    /// Browsers send cookies along with requests that other sites start: protect against
    /// cross-site request forgery, with `SameSite` at the least.
    #[must_use]
    pub fn cookie(name: impl Into<String>) -> Self {
        Self(Place::Cookie(name.into()))
    }

    /// The header `name`, which holds the token alone, without a scheme, as `Cf-Access-Jwt-Assertion`.
    /// An empty one counts as absent.
    ///
    /// # Errors
    ///
    /// When `name` is no header name.
    pub fn header(name: &str) -> Result<Self, InvalidHeaderName> {
        Ok(Self(Place::Header(HeaderName::try_from(name)?)))
    }

    /// The header `name`, which holds the scheme `Bearer` and the token, as `Authorization` does:
    /// `X-Forwarded-Authorization`, where a gateway needs `Authorization` for a token of its own.
    ///
    /// # Errors
    ///
    /// When `name` isn't a header name.
    pub fn bearer_header(name: &str) -> Result<Self, InvalidHeaderName> {
        Ok(Self(Place::BearerHeader(HeaderName::try_from(name)?)))
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

    /// The `Sec-WebSocket-Protocol` header: the entry that begins with `prefix`, without it. For
    /// clients that send one entry, as `new WebSocket(url, ["chat", "bearer." + token])` with the prefix
    /// `bearer.`. Answer with another protocol than the token.
    #[must_use]
    pub fn websocket_protocol_prefix(prefix: impl Into<String>) -> Self {
        Self(Place::WebSocketProtocolPrefix(prefix.into()))
    }

    pub(crate) const fn is_query(&self) -> bool {
        matches!(self.0, Place::Query(_))
    }

    const fn is_header(&self) -> bool {
        matches!(self.0, Place::Header(_) | Place::BearerHeader(_))
    }

    fn find<'a>(
        &self,
        headers: &'a HeaderMap,
        uri: &'a Uri,
        found: &mut Found<'a>,
    ) -> Result<(), BadCredentials> {
        match &self.0 {
            Place::Cookie(name) => {
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
                            found.add(Cow::Borrowed(value))?;
                        }
                    }
                }
            }
            Place::Header(name) => {
                for value in headers.get_all(name) {
                    let value = value.as_bytes().trim_ascii();
                    if !value.is_empty() {
                        found.add(Cow::Borrowed(value))?;
                    }
                }
            }
            Place::BearerHeader(name) => {
                if let Some(token) = bearer(headers, name)? {
                    found.add(Cow::Borrowed(token))?;
                }
            }
            Place::Query(name) => {
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
            Place::WebSocketProtocol(marker) => {
                let mut entries = protocols(headers);
                while let Some(entry) = entries.next() {
                    if entry == marker.as_bytes() {
                        let token = entries.next().ok_or(BadCredentials::EMPTY)?;
                        found.add(Cow::Borrowed(token))?;
                    }
                }
            }
            Place::WebSocketProtocolPrefix(prefix) => {
                for entry in protocols(headers) {
                    if let Some(token) = entry.strip_prefix(prefix.as_bytes()) {
                        found.add(Cow::Borrowed(token))?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Sources {
    /// A place that is named twice is one place: else each of its tokens would be two.
    pub(crate) fn add(&mut self, source: TokenSource) {
        if !self.others.contains(&source) {
            self.others.push(source);
        }
    }

    /// How clients may send tokens (RFC 9728 section 2).
    pub(crate) fn methods(&self) -> Vec<&'static str> {
        let header = self.authorization || self.others.iter().any(TokenSource::is_header);
        let query = self.others.iter().any(TokenSource::is_query);
        let methods = [header.then_some("header"), query.then_some("query")];
        methods.into_iter().flatten().collect()
    }
}

impl BadCredentials {
    const EMPTY: Self =
        Self::malformed("nothing stands where the token should be: the client has none");

    const fn malformed(hint: &'static str) -> Self {
        Self {
            reason: Reason::MalformedCredentials,
            hint: Some(hint),
        }
    }
}

impl From<BadCredentials> for ValidationError {
    fn from(bad: BadCredentials) -> Self {
        Self::new(bad.reason).hint(bad.hint)
    }
}

fn protocols(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let values = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    values
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
}

/// The request's token; `None` when there is none, or only credentials of another scheme.
pub(crate) fn token<'a>(
    headers: &'a HeaderMap,
    uri: &'a Uri,
    sources: &Sources,
) -> Result<Option<Cow<'a, [u8]>>, BadCredentials> {
    let mut found = Found(None);
    if sources.authorization
        && let Some(token) = bearer(headers, &AUTHORIZATION)?
    {
        found.add(Cow::Borrowed(token))?;
    }
    for source in &sources.others {
        source.find(headers, uri, &mut found)?;
    }
    Ok(found.0)
}

/// The refusal of a request in which [`token`] found none, with what the `Authorization` header holds
/// instead: its scheme at most, since all else may be a secret.
pub(crate) fn missing(headers: &HeaderMap, sources: &Sources) -> ValidationError {
    let value = headers.get(AUTHORIZATION).filter(|_| sources.authorization);
    let value = value.map_or(&[][..], |value| value.as_bytes().trim_ascii());
    if value.is_empty() {
        return ValidationError::new(Reason::MissingToken);
    }
    let (word, rest) = first_word(value);
    if rest.is_empty() {
        // A token of its own looks like a scheme of its own: neither is shown.
        let hint = match word.get(..6) {
            Some(start) if start.eq_ignore_ascii_case(b"Bearer") => {
                "what follows `Bearer` is not set off by a space: send `Authorization: Bearer TOKEN`"
            }
            _ => "the scheme is missing, or nothing follows it: send `Authorization: Bearer TOKEN`",
        };
        return ValidationError::other_credentials(Some(hint)).actual("(no scheme)");
    }
    let is_tchar = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let scheme = std::str::from_utf8(word).ok();
    let Some(scheme) =
        scheme.filter(|it| it.len() <= LONGEST_SCHEME && it.as_bytes().iter().all(is_tchar))
    else {
        let hint = "this is no scheme: send `Authorization: Bearer TOKEN`";
        return ValidationError::other_credentials(Some(hint)).actual("(not a scheme)");
    };
    let is = |name: &str| scheme.eq_ignore_ascii_case(name);
    let hint = if is("Token") || is("JWT") || is("OAuth") || is("OAuth2") || is("Access-Token") {
        "the client sends a token under another scheme: send `Authorization: Bearer TOKEN`"
    } else if is("DPoP") {
        "the token is bound to a key of its sender (DPoP), which is not supported yet: send an unbound one as `Authorization: Bearer TOKEN`"
    } else if is("Basic") {
        "a name and a password, which this API does not take: send an access token as `Authorization: Bearer TOKEN`"
    } else {
        "only the scheme Bearer is accepted: send `Authorization: Bearer TOKEN`"
    };
    ValidationError::other_credentials(Some(hint)).actual(format_args!("the scheme {scheme}"))
}

/// Characters of a scheme at most that is shown: the registered ones are shorter, and tokens longer.
const LONGEST_SCHEME: usize = 20;

struct Found<'a>(Option<Cow<'a, [u8]>>);

impl<'a> Found<'a> {
    fn add(&mut self, token: Cow<'a, [u8]>) -> Result<(), BadCredentials> {
        if token.is_empty() {
            return Err(BadCredentials::EMPTY);
        }
        match self.0.replace(token) {
            None => Ok(()),
            Some(_) => Err(BadCredentials {
                reason: Reason::MultipleTokens,
                hint: Some(
                    "two places hold a token, or one of them does twice: two parts of the client disagree about who it is",
                ),
            }),
        }
    }
}

/// The token of the header `name`, which has the form of `Authorization`.
fn bearer<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a [u8]>, BadCredentials> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(BadCredentials::malformed(
            "the header stands there twice: look at what proxies add to the request",
        ));
    }
    credentials(value.as_bytes())
}

/// The word before the first space or tab, and the rest with these.
fn first_word(value: &[u8]) -> (&[u8], &[u8]) {
    value.split_at(memchr::memchr2(b' ', b'\t', value).unwrap_or(value.len()))
}

/// `"Bearer" 1*SP b64token` (RFC 6750 section 2.1), the scheme in any case (RFC 9110 section 11.1).
fn credentials(value: &[u8]) -> Result<Option<&[u8]>, BadCredentials> {
    let value = value.trim_ascii();
    let (scheme, mut token) = match value.split_at_checked(6) {
        // What nearly every client sends.
        Some((scheme, token @ [b' ' | b'\t', ..])) => (scheme, token),
        _ => first_word(value),
    };
    if !scheme.eq_ignore_ascii_case(b"Bearer") {
        return Ok(None);
    }
    while let [b' ', rest @ ..] = token {
        token = rest;
    }
    if token.is_empty() {
        return Err(BadCredentials::EMPTY);
    }
    Ok(Some(token))
}

/// Why a token that does not decode is not one token: something is not set off by spaces, or there is
/// more than one thing. Found where it costs nothing: no token with a space in it decodes.
pub(crate) fn not_one_token(token: &[u8]) -> Option<ValidationError> {
    if std::str::from_utf8(token).is_err() {
        return Some(ValidationError::new(Reason::MalformedToken));
    }
    memchr::memchr2(b' ', b'\t', token)?;
    let (word, _) = first_word(token);
    let hint = if word.eq_ignore_ascii_case(b"Bearer") {
        "the scheme stands there twice (`Bearer Bearer`): the client adds it to a text that has it already"
    } else if token.eq_ignore_ascii_case(b"[object Object]") {
        "the client sent an object as a text in place of the token (`[object Object]`)"
    } else {
        "more than one thing follows `Bearer`, or a tab stands before it"
    };
    Some(BadCredentials::malformed(hint).into())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    type Outcome = Result<Option<&'static str>, Reason>;
    const MALFORMED: Outcome = Err(Reason::MalformedCredentials);
    const SEVERAL: Outcome = Err(Reason::MultipleTokens);

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
        let (uri, sources) = (Uri::default(), sources(&[]));
        let found = token(&headers, &uri, &sources);
        assert_eq!(found.unwrap().as_deref(), Some(&b"\xff"[..]));
    }

    #[test]
    fn reads_other_places_only_when_asked() {
        let all = [
            TokenSource::cookie("session"),
            TokenSource::header("x-token").unwrap(),
            TokenSource::query("access_token"),
            TokenSource::websocket_protocol("bearer"),
            TokenSource::bearer_header("x-bearer").unwrap(),
            TokenSource::websocket_protocol_prefix("token."),
        ];
        for (headers, uri, expected) in [
            (
                &[("cookie", "a=b; session=abc; c=d")][..],
                "/",
                Ok(Some("abc")),
            ),
            (&[("cookie", "session=\"abc\"")], "/", Ok(Some("abc"))),
            (&[("cookie", "xsession=abc")], "/", Ok(None)),
            (&[("cookie", "session=")], "/", Ok(None)),
            (&[("cookie", "session=\"\"")], "/", Ok(None)),
            (&[("cookie", "session=; session=a")], "/", Ok(Some("a"))),
            (&[("cookie", "session=a; session=b")], "/", SEVERAL),
            (&[("x-token", "abc")], "/", Ok(Some("abc"))),
            (&[("x-token", "")], "/", Ok(None)),
            (&[("x-bearer", "bearer  abc")], "/", Ok(Some("abc"))),
            (&[("x-bearer", "abc")], "/", Ok(None)),
            (&[("x-bearer", "Basic abc")], "/", Ok(None)),
            (&[("x-bearer", "Bearer")], "/", MALFORMED),
            (
                &[("x-bearer", "Bearer a"), ("x-bearer", "Basic a")],
                "/",
                MALFORMED,
            ),
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
                &[("sec-websocket-protocol", "chat, token.abc")],
                "/",
                Ok(Some("abc")),
            ),
            (&[("sec-websocket-protocol", "token.")], "/", MALFORMED),
            (&[("sec-websocket-protocol", "Token.abc")], "/", Ok(None)),
            (
                &[("sec-websocket-protocol", "token.a, bearer, b")],
                "/",
                SEVERAL,
            ),
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

    #[test]
    fn another_place_instead_leaves_the_authorization_header_alone() {
        let sources = Sources {
            authorization: false,
            others: vec![TokenSource::bearer_header("x-forwarded-authorization").unwrap()],
        };
        for (authorization, forwarded, expected) in [
            ("Bearer gateway", Some("Bearer abc"), Ok(Some("abc"))),
            ("Bearer gateway", None, Ok(None)),
            ("Bearer", Some("Bearer abc"), Ok(Some("abc"))),
        ] {
            let mut headers = HeaderMap::new();
            headers.append(AUTHORIZATION, HeaderValue::from_static(authorization));
            headers.append(AUTHORIZATION, HeaderValue::from_static(authorization));
            if let Some(value) = forwarded {
                headers.insert("x-forwarded-authorization", HeaderValue::from_static(value));
            }
            let uri = "/".parse().unwrap();
            let found = token(&headers, &uri, &sources).map_err(|bad| bad.reason);
            assert_eq!(found.map(text), expected.map(|it| it.map(str::to_owned)));
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
        let found = token(headers, &uri, &self::sources(sources)).map_err(|bad| bad.reason);
        let found = found.and_then(|token| match token.as_deref().and_then(not_one_token) {
            Some(error) => Err(error.reason),
            None => Ok(token),
        });
        assert_eq!(
            found.map(text),
            expected.map(|it| it.map(str::to_owned)),
            "{case:?} {headers:?}"
        );
    }

    fn sources(others: &[TokenSource]) -> Sources {
        let mut all = Sources {
            authorization: true,
            others: Vec::new(),
        };
        // Named twice, as by a default and by a file of settings: still one place.
        for source in [others, others].concat() {
            all.add(source);
        }
        all
    }

    fn text(token: Option<Cow<'_, [u8]>>) -> Option<String> {
        Some(String::from_utf8(token?.into_owned()).unwrap())
    }
}
