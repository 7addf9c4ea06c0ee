//! The usual causes of a refusal, told to the operator. They decide nothing.

use crate::rejection::Reason;

/// An ID token stands where an access token is wanted.
pub(crate) const ID_TOKEN: &str = "an ID token was sent in place of an access token, or a token of another kind: send the access token";

/// Bytes of an `iss` that may be meant for a configured one; nobody's issuer is longer.
const LONGEST_ISSUER: usize = 512;

/// Why `iss` may be none of the configured issuers, and which of them is meant. Takes no memory.
pub(crate) fn issuer<'i>(
    iss: &str,
    mut configured: impl Iterator<Item = &'i str> + Clone,
) -> (Option<&'i str>, Option<&'static str>) {
    if iss.len() > LONGEST_ISSUER {
        return (configured.next(), None);
    }
    if let Some((near, hint)) =
        (configured.clone()).find_map(|it| Some((it, same_but_for(it, iss)?)))
    {
        return (Some(near), Some(hint));
    }
    let is_v1 = |iss: &str| host(iss) == "sts.windows.net";
    let is_v2 = |iss: &str| host(iss) == "login.microsoftonline.com";
    if let Some(entra) = configured.clone().find(|it| is_v1(it) || is_v2(it)) {
        if is_v1(iss) && is_v2(entra) {
            let hint = "a v1 token of Entra ID where v2 is configured: set requestedAccessTokenVersion to 2 in the API's manifest, or configure https://sts.windows.net/TENANT/";
            return (Some(entra), Some(hint));
        }
        if is_v2(iss) && is_v1(entra) {
            let hint = "a v2 token of Entra ID where v1 is configured: configure https://login.microsoftonline.com/TENANT/v2.0";
            return (Some(entra), Some(hint));
        }
    }
    if !host(iss).is_empty()
        && let Some(near) = configured.clone().find(|it| host(it) == host(iss))
    {
        let hint = "a token of another tenant or realm of the same server";
        return (Some(near), Some(hint));
    }
    if let Some(domain) = domain(iss)
        && let Some(near) = configured
            .clone()
            .find(|it| self::domain(it) == Some(domain))
    {
        let hint = "a token of another tenant or environment of the same provider";
        return (Some(near), Some(hint));
    }
    (configured.next(), None)
}

/// What the only difference between the two issuers is.
fn same_but_for(configured: &str, iss: &str) -> Option<&'static str> {
    let (a, b) = (Parts::of(configured), Parts::of(iss));
    if !a.host.eq_ignore_ascii_case(b.host) || !a.path.eq_ignore_ascii_case(b.path) {
        return None;
    }
    let default = |it: &Parts<'_>| {
        let scheme = it.scheme.unwrap_or("https");
        match it.port {
            None => true,
            Some("443") => scheme.eq_ignore_ascii_case("https"),
            Some("80") => scheme.eq_ignore_ascii_case("http"),
            Some(_) => false,
        }
    };
    let ports = a.port != b.port;
    if ports && !(default(&a) && default(&b)) {
        return None;
    }
    let same = |a: Option<&str>, b: Option<&str>| match (a, b) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        (a, b) => a.is_none() == b.is_none(),
    };
    Some(
        match (a.slash != b.slash, !same(a.scheme, b.scheme), ports) {
            (true, false, false) => {
                "only a slash at the end is different: issuers are compared to the letter, so configure the issuer exactly as its tokens have it"
            }
            (false, true, false) => {
                "only http or https is different: issuers are compared to the letter; a proxy in front of the issuer may hide from it that it is reached by https"
            }
            (false, false, true) => {
                "only the default port is different, which one of them writes out (:443 or :80): issuers are compared to the letter, so configure the issuer exactly as its tokens have it"
            }
            (false, false, false) => {
                "only upper and lower case are different: issuers are compared to the letter, so configure the issuer exactly as its tokens have it"
            }
            _ => {
                "issuers are compared to the letter: a slash at the end, http or https, a default port, upper and lower case count"
            }
        },
    )
}

/// Why what stands where a token should be is none: clients send the text of a variable that is not
/// set.
pub(crate) fn no_token(token: &[u8]) -> Option<&'static str> {
    const EMPTY: [&[u8]; 6] = [b"null", b"undefined", b"none", b"nil", b"nan", b"false"];
    if EMPTY.iter().any(|it| token.eq_ignore_ascii_case(it)) {
        return Some(
            "the client has no token: it sent the text of an empty variable (`null`, `undefined`) in its place",
        );
    }
    if matches!(token.first(), Some(b'"' | b'\'')) {
        return Some("the token is in quotation marks: send it without");
    }
    None
}

/// Why a token may be meant for somebody else.
pub(crate) fn audience(audience: &str, client: Option<&str>) -> Option<&'static str> {
    if client == Some(audience) {
        return Some(
            "the audience is the client itself: an ID token was sent in place of an access token, or the token was requested without this API's audience",
        );
    }
    let known = [
        (
            "account",
            "Keycloak puts `account` there until an audience mapper adds this API: add one to the client or a client scope",
        ),
        (
            "(no aud)",
            "no audience was asked for: request the token for this API (`audience`, `resource`, or an audience mapper); an issuer that never sends one, as Cognito, needs `clients_instead_of_audience`",
        ),
        (
            "00000003-0000-0000-c000-000000000000",
            "a token for Microsoft Graph: request one for this API (scope api://CLIENT_ID/.default)",
        ),
        (
            "https://graph.microsoft.com",
            "a token for Microsoft Graph: request one for this API (scope api://CLIENT_ID/.default)",
        ),
    ];
    let userinfo = audience.ends_with("/userinfo").then_some(
        "a token for the issuer's own userinfo endpoint: request it with this API's `audience`",
    );
    known
        .iter()
        .find_map(|(known, hint)| (*known == audience).then_some(*hint))
        .or(userinfo)
}

/// Why a time may not fit: the clocks, when it is off by little.
pub(crate) const fn time(seconds_off: u64) -> Option<&'static str> {
    const MUCH: u64 = 10 * 60;
    if seconds_off <= MUCH {
        return Some(
            "off by minutes only: compare this machine's clock with the issuer's; `actual` less the time in `expected` is the difference",
        );
    }
    None
}

/// Why a signature may not be the key's.
pub(crate) const fn signature(has_nonce: bool) -> Option<&'static str> {
    if has_nonce {
        return Some(
            "the header has `nonce`: Microsoft issued this token for one of its own APIs, as Graph, and nobody else can verify it; request one for this API",
        );
    }
    None
}

/// What to look at for a reason that has one usual cause.
pub(crate) const fn reason(reason: Reason) -> Option<&'static str> {
    match reason {
        Reason::UnknownKey => Some(
            "the issuer publishes no key with this kid: a token of another environment, one signed with a key withdrawn since, or a custom signing key that the key set's address does not show",
        ),
        Reason::TooManyCandidateKeys => Some(
            "the token does not say which key signed it, and more keys fit than are tried: raise `Issuer::key_candidates`, or have the issuer send `kid`",
        ),
        Reason::AlgorithmNotAllowed => Some(
            "accept further algorithms with `.algorithms([..])`, or change what the issuer signs this API's tokens with",
        ),
        _ => None,
    }
}

/// What an issuer is made of, if it is a URL.
struct Parts<'u> {
    scheme: Option<&'u str>,
    host: &'u str,
    port: Option<&'u str>,
    /// Without slashes at the end.
    path: &'u str,
    slash: bool,
}

impl<'u> Parts<'u> {
    fn of(url: &'u str) -> Self {
        let (scheme, rest) = match url.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, url),
        };
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = match host.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|it| it.is_ascii_digit()) => (host, Some(port)),
            _ => (host, None),
        };
        Self {
            scheme,
            host,
            port,
            path: path.trim_end_matches('/'),
            slash: path.ends_with('/'),
        }
    }
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default()
}

/// The host name without its first label, where something is left that is more than a public suffix.
fn domain(url: &str) -> Option<&str> {
    let (_, domain) = host(url).split_once('.')?;
    domain.contains('.').then_some(domain)
}
