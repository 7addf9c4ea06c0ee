//! Finds the token in the request (RFC 6750 section 2).
//!
//! The token comes from the `Authorization` header unless the application chooses other sources.
//! Two tokens in one request are rejected, even if they are equal.

mod authorization;
mod credentials;
mod missing;
mod source;

pub use self::source::TokenSource;
pub(crate) use self::{
    authorization::not_one_token,
    credentials::Credentials,
    missing::missing,
    source::{Sources, find},
};

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};

    use super::*;
    use crate::rejection::Reason;

    type Outcome = Result<Option<&'static str>, Reason>;
    const MALFORMED: Outcome = Err(Reason::MalformedCredentials);
    const SEVERAL: Outcome = Err(Reason::MultipleTokens);

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
            dpop: false,
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
            let found = find(&headers, &uri, &sources).map_err(|bad| bad.reason);
            let found = found.map(|it| text(it.map(|it| it.token)));
            assert_eq!(found, expected.map(|it| it.map(str::to_owned)));
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
        let mut all = Sources {
            authorization: true,
            dpop: false,
            others: Vec::new(),
        };
        // A source given twice, in code and in a settings file, is read once.
        for source in [sources, sources].concat() {
            all.add(source);
        }
        let sources = all;
        let found = find(headers, &uri, &sources).map_err(|bad| bad.reason);
        let found = found.map(|it| it.map(|it| it.token));
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

    fn text(token: Option<Cow<'_, [u8]>>) -> Option<String> {
        Some(String::from_utf8(token?.into_owned()).unwrap())
    }
}
