//! Addresses of key sets and metadata: which are allowed, and how they are displayed.

use std::fmt;

use url::{Host, Url};

use crate::untrusted::shorten;

/// Hosts that may use plain http, in addition to loopback.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HttpHosts(Vec<String>);

/// An address as configured. `Debug` and `Display` redact what may be a secret.
#[derive(Clone)]
pub(crate) struct Address(pub(crate) String);

impl HttpHosts {
    pub(super) fn add(&mut self, host: String) {
        self.0.push(host);
    }

    /// Returns the first entry that is not a host name.
    pub(super) fn invalid(&self) -> Option<&str> {
        let names_itself = |host: &str| {
            !host.contains('*')
                && Url::parse(&format!("http://{host}/")).is_ok_and(|url| {
                    url.host_str()
                        .is_some_and(|it| it.eq_ignore_ascii_case(host))
                        && url.path() == "/"
                })
        };
        (self.0.iter().map(String::as_str)).find(|host| !names_itself(host))
    }

    /// Returns `true` if keys and metadata may be fetched from `url`: with https, or with http from
    /// loopback or one of these hosts.
    pub(super) fn allow(&self, url: &Url) -> bool {
        match url.scheme() {
            "https" => url.has_host(),
            "http" => is_loopback(url) || self.contains(url),
            _ => false,
        }
    }

    pub(super) fn contains(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        self.0.iter().any(|it| it.eq_ignore_ascii_case(host))
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Redacts `url` for logs and errors: user information, query values and the fragment may be
/// secrets. It accepts any string.
pub(crate) fn redact(url: &str) -> String {
    match Url::parse(url) {
        // The parser also finds user information after missing slashes or backslashes.
        Ok(parsed) if parsed.has_host() => {
            if parsed.username().is_empty() && parsed.password().is_none() {
                strike_out(url)
            } else {
                strike_out(parsed.as_str())
            }
        }
        // In a string that isn't a URL, the password may contain any character and ends at the last
        // `@`.
        _ => match url.rsplit_once('@') {
            Some((user, rest)) => {
                let scheme = user.split_once("://").map(|(scheme, _)| scheme);
                let scheme =
                    scheme.filter(|it| it.bytes().all(|byte| byte.is_ascii_alphanumeric()));
                match scheme {
                    Some(scheme) => strike_out(&format!("{scheme}://***@{rest}")),
                    None => strike_out(&format!("***@{rest}")),
                }
            }
            None => strike_out(url),
        },
    }
}

fn strike_out(url: &str) -> String {
    let (rest, fragment) = split_at_char(url, '#');
    let (rest, query) = split_at_char(rest, '?');
    let (scheme, rest) = match rest.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, rest),
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let mut shown = String::with_capacity(url.len());
    if let Some(scheme) = scheme {
        shown.push_str(scheme);
        shown.push_str("://");
    }
    match authority.rsplit_once('@') {
        Some((_, host)) => {
            shown.push_str("***@");
            shown.push_str(host);
        }
        None => shown.push_str(authority),
    }
    shown.push_str(path);
    for (index, pair) in query.into_iter().flat_map(|it| it.split('&')).enumerate() {
        shown.push(if index == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some((name, _)) => {
                shown.push_str(name);
                shown.push_str("=***");
            }
            // A parameter without a name may be a key.
            None if pair.is_empty() => {}
            None => shown.push_str("***"),
        }
    }
    if fragment.is_some() {
        shown.push_str("#***");
    }
    shorten(&shown).into_owned()
}

fn split_at_char(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redact(&self.0))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&redact(&self.0), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_is_struck_out() {
        for (url, shown) in [
            ("https://t.example/jwks", "https://t.example/jwks"),
            (
                "https://user:pw@t.example/jwks",
                "https://***@t.example/jwks",
            ),
            (
                "https://user@pw@t.example/jwks",
                "https://***@t.example/jwks",
            ),
            (
                "https://t.example/jwks?key=abc&v=1&abc",
                "https://t.example/jwks?key=***&v=***&***",
            ),
            ("https://t.example/jwks#abc", "https://t.example/jwks#***"),
            ("https://t.example?a=b/c@d", "https://t.example?a=***"),
            ("user:pw@host", "***@host"),
            (
                "https://user:p/w@t.example/jwks",
                "https://***@t.example/jwks",
            ),
            (
                "https://user:p?w@t.example/?a=b",
                "https://***@t.example/?a=***",
            ),
            (
                "https://user:p#w@t.example/jwks",
                "https://***@t.example/jwks",
            ),
            (
                "https:/user:pw@t.example/jwks",
                "https://***@t.example/jwks",
            ),
            ("https:user:pw@t.example/jwks", "https://***@t.example/jwks"),
            (
                r"https:\\user:pw@t.example\jwks",
                "https://***@t.example/jwks",
            ),
            ("https://t.example/a@b", "https://t.example/a@b"),
        ] {
            assert_eq!(redact(url), shown);
        }
    }

    #[test]
    fn plain_http_is_for_this_machine_and_for_hosts_that_were_named() {
        let mut hosts = HttpHosts::default();
        hosts.add("keycloak".to_owned());
        for (url, allowed) in [
            ("https://t.example/", true),
            ("http://127.0.0.1:3000/", true),
            ("http://127.8.8.8/", true),
            ("http://[::1]:3000/", true),
            ("http://localhost:3000/", true),
            ("http://keycloak:8080/realms/a", true),
            ("http://KEYCLOAK/", true),
            ("http://keycloak.evil.example/", false),
            ("http://evil.example/keycloak", false),
            ("http://keycloak@evil.example/", false),
            ("http://t.example/", false),
            ("http://127.0.0.1.evil.example/", false),
            ("http://localhost.evil.example/", false),
            ("http://10.0.0.1/", false),
            ("ftp://127.0.0.1/", false),
            ("ftp://keycloak/", false),
        ] {
            assert_eq!(hosts.allow(&Url::parse(url).unwrap()), allowed, "{url}");
        }
        assert_eq!(hosts.invalid(), None);
        for host in ["http://keycloak", "keycloak:8080", "a/b", "", "a@b", "*"] {
            let mut hosts = HttpHosts::default();
            hosts.add(host.to_owned());
            assert_eq!(hosts.invalid(), Some(host));
        }
    }
}
