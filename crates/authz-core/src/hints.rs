//! Names the likely cause of a rejection, for the operator's log. Hints never affect a decision.

use crate::rejection::Reason;

/// The token looks like an ID token.
pub(crate) const ID_TOKEN: &str =
    "an ID token or another kind of token was sent: send the access token";

/// Longest `iss` that is compared with the configured issuers, in bytes. Real issuers are shorter.
const LONGEST_ISSUER: usize = 512;

/// Returns the configured issuer that `iss` is closest to, and a hint about the difference. Does
/// not allocate.
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
            let hint = "an Entra ID v1 token, but v2 is configured: set requestedAccessTokenVersion to 2 in the API's manifest, or configure https://sts.windows.net/TENANT/";
            return (Some(entra), Some(hint));
        }
        if is_v2(iss) && is_v1(entra) {
            let hint = "an Entra ID v2 token, but v1 is configured: configure https://login.microsoftonline.com/TENANT/v2.0";
            return (Some(entra), Some(hint));
        }
    }
    if !host(iss).is_empty()
        && let Some(near) = configured.clone().find(|it| host(it) == host(iss))
    {
        let hint = "the token is from another tenant or realm of the same server";
        return (Some(near), Some(hint));
    }
    if let Some(domain) = domain(iss)
        && let Some(near) = configured
            .clone()
            .find(|it| self::domain(it) == Some(domain))
    {
        let hint = "the token is from another tenant or environment of the same provider";
        return (Some(near), Some(hint));
    }
    (configured.next(), None)
}

/// Returns a hint if the two issuers differ only in slash, scheme, default port or letter case.
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
                "only the trailing slash differs: issuers are compared exactly, so copy the token's `iss` into the configuration"
            }
            (false, true, false) => {
                "only the scheme differs: issuers are compared exactly; an issuer behind a proxy may not know that clients use https"
            }
            (false, false, true) => {
                "only the default port differs (:443 or :80): issuers are compared exactly, so copy the token's `iss` into the configuration"
            }
            (false, false, false) => {
                "only the letter case differs: issuers are compared exactly, so copy the token's `iss` into the configuration"
            }
            _ => {
                "issuers are compared exactly: check the trailing slash, the scheme, the default port and the letter case"
            }
        },
    )
}

/// Returns a hint if the text is not a token but the text of an unset variable or a quoted token.
pub(crate) fn no_token(token: &[u8]) -> Option<&'static str> {
    const EMPTY: [&[u8]; 6] = [b"null", b"undefined", b"none", b"nil", b"nan", b"false"];
    if EMPTY.iter().any(|it| token.eq_ignore_ascii_case(it)) {
        return Some(
            "the client has no token: it sent the text of an unset variable (`null`, `undefined`)",
        );
    }
    if matches!(token.first(), Some(b'"' | b'\'')) {
        return Some("the token is in quotation marks: remove them");
    }
    None
}

/// Returns a hint about a wrong audience.
pub(crate) fn audience(audience: &str, client: Option<&str>) -> Option<&'static str> {
    if client == Some(audience) {
        return Some(
            "the audience is the client itself: an ID token was sent, or the token was requested without this API's audience",
        );
    }
    let known = [
        (
            "account",
            "Keycloak sends `account` without an audience mapper: add a mapper for this API to the client or a client scope",
        ),
        (
            "(no aud)",
            "the token was requested without an audience: request it for this API (`audience`, `resource` or an audience mapper); for an issuer that never sends `aud`, such as Cognito, configure `clients_instead_of_audience`",
        ),
        (
            "00000003-0000-0000-c000-000000000000",
            "the token is for Microsoft Graph: request one for this API (scope api://CLIENT_ID/.default)",
        ),
        (
            "https://graph.microsoft.com",
            "the token is for Microsoft Graph: request one for this API (scope api://CLIENT_ID/.default)",
        ),
    ];
    let userinfo = audience.ends_with("/userinfo").then_some(
        "the token is for the issuer's userinfo endpoint: request it with this API's `audience`",
    );
    known
        .iter()
        .find_map(|(known, hint)| (*known == audience).then_some(*hint))
        .or(userinfo)
}

/// Returns a hint about clock skew if a time is off by 10 minutes or less.
pub(crate) const fn time(seconds_off: u64) -> Option<&'static str> {
    const MUCH: u64 = 10 * 60;
    if seconds_off <= MUCH {
        return Some(
            "off by at most 10 minutes: compare this machine's clock with the issuer's; the difference is `actual` minus the time in `expected`",
        );
    }
    None
}

/// Returns a hint about a signature that does not verify.
pub(crate) const fn signature(has_nonce: bool) -> Option<&'static str> {
    if has_nonce {
        return Some(
            "the header has `nonce`: Microsoft issued this token for one of its own APIs, such as Graph, and only that API can verify it; request a token for this API",
        );
    }
    None
}

/// Returns a hint for a reason that has one usual cause.
pub(crate) const fn reason(reason: Reason) -> Option<&'static str> {
    match reason {
        Reason::UnknownKey => Some(
            "the issuer does not publish a key with this kid: the token is from another environment, its key was withdrawn, or the issuer signs with a custom key that is missing from the key set",
        ),
        Reason::TooManyCandidateKeys => Some(
            "the token has no kid, and more keys match than are tried: raise `Issuer::key_candidates`, or let the issuer send `kid`",
        ),
        Reason::RevocationsUnavailable => Some(
            "a feed of the list of revocations is out of step: see the warnings of target `authz::revocation` and `Revocations::status`",
        ),
        Reason::AlgorithmNotAllowed => Some(
            "add the algorithm with `.algorithms([..])`, or change the algorithm that the issuer uses for this API",
        ),
        _ => None,
    }
}

/// The parts of an issuer that is a URL.
struct Parts<'u> {
    scheme: Option<&'u str>,
    host: &'u str,
    port: Option<&'u str>,
    /// Without trailing slashes.
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

/// Returns the host name without its first label, or `None` if only one label remains.
fn domain(url: &str) -> Option<&str> {
    let (_, domain) = host(url).split_once('.')?;
    domain.contains('.').then_some(domain)
}
