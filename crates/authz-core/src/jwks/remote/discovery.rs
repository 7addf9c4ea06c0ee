use serde::Deserialize;
use url::Url;

use super::FetchError;

/// Why an issuer's metadata does not lead to a key set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    /// No metadata document could be fetched.
    #[error("the metadata at {url} could not be fetched: {source}")]
    Fetch {
        /// The address tried last.
        url: String,
        /// Why.
        source: FetchError,
    },
    /// Not a JSON object with `issuer` and `jwks_uri`.
    #[error(
        "the metadata at {url} is not a JSON object with \"issuer\" and \"jwks_uri\": {source}"
    )]
    Malformed {
        /// Where.
        url: String,
        /// Why.
        source: serde_json::Error,
    },
    /// The document speaks for another issuer (RFC 8414 section 3.3).
    #[error(
        "the metadata at {url} is of issuer {found:?}, not of the configured {configured:?}; they have to be equal to the letter{}",
        slash_hint(configured, found)
    )]
    WrongIssuer {
        /// Where.
        url: String,
        /// The configured issuer.
        configured: String,
        /// The document's issuer.
        found: String,
    },
    /// `jwks_uri` is not a URL, or not https.
    #[error(
        "the metadata at {url} names the key set address {jwks_uri:?}, which is not an https URL"
    )]
    InvalidJwksUri {
        /// Where.
        url: String,
        /// What it says.
        jwks_uri: String,
    },
}

/// Only these two members are needed: Kubernetes serves hardly more.
#[derive(Debug, Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

/// Where an issuer's metadata can be, in the order to try: OpenID Connect Discovery 1.0 section 4
/// appends its path, RFC 8414 section 3 inserts it, and some servers insert OpenID's.
pub(super) fn metadata_urls(issuer: &Url) -> Vec<Url> {
    let path = issuer.path().trim_end_matches('/');
    let mut paths = vec![format!("{path}/.well-known/openid-configuration")];
    paths.push(format!("/.well-known/oauth-authorization-server{path}"));
    if !path.is_empty() {
        paths.push(format!("/.well-known/openid-configuration{path}"));
    }
    paths
        .into_iter()
        .map(|path| {
            let mut url = issuer.clone();
            url.set_path(&path);
            url.set_query(None);
            url.set_fragment(None);
            url
        })
        .collect()
}

/// The key set address in a metadata document, which has to be the configured issuer's own.
pub(super) fn jwks_uri(url: &Url, issuer: &str, document: &[u8]) -> Result<Url, DiscoveryError> {
    let metadata: Metadata =
        serde_json::from_slice(document).map_err(|source| DiscoveryError::Malformed {
            url: url.to_string(),
            source,
        })?;
    if metadata.issuer != issuer {
        return Err(DiscoveryError::WrongIssuer {
            url: url.to_string(),
            configured: issuer.to_owned(),
            found: metadata.issuer.chars().take(256).collect(),
        });
    }
    // A document that came by https can't lead to plain http, this machine's own services included
    // (CVE-2026-41413): loopback is for issuers that are there themselves.
    let no_step_down = |uri: &Url| uri.scheme() == "https" || url.scheme() == "http";
    Url::parse(&metadata.jwks_uri)
        .ok()
        .filter(|uri| is_secure(uri) && no_step_down(uri))
        .ok_or_else(|| DiscoveryError::InvalidJwksUri {
            url: url.to_string(),
            jwks_uri: metadata.jwks_uri.chars().take(256).collect(),
        })
}

/// https, or http to this machine.
pub(super) fn is_secure(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    }
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn slash_hint(configured: &str, found: &str) -> &'static str {
    if configured.trim_end_matches('/') == found.trim_end_matches('/') {
        ": only the slash at the end differs"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_every_place_of_the_metadata() {
        let urls = |issuer: &str| -> Vec<String> {
            metadata_urls(&Url::parse(issuer).unwrap())
                .into_iter()
                .map(String::from)
                .collect()
        };
        for issuer in ["https://t.example", "https://t.example/"] {
            assert_eq!(
                urls(issuer),
                [
                    "https://t.example/.well-known/openid-configuration",
                    "https://t.example/.well-known/oauth-authorization-server",
                ]
            );
        }
        assert_eq!(
            urls("https://t.example/realms/a"),
            [
                "https://t.example/realms/a/.well-known/openid-configuration",
                "https://t.example/.well-known/oauth-authorization-server/realms/a",
                "https://t.example/.well-known/openid-configuration/realms/a",
            ]
        );
    }

    #[test]
    fn takes_only_its_own_issuers_metadata() {
        let url = Url::parse("https://t.example/.well-known/openid-configuration").unwrap();
        let check = |document: &str| jwks_uri(&url, "https://t.example/", document.as_bytes());
        let good = r#"{"issuer":"https://t.example/","jwks_uri":"https://keys.example/set","x":1}"#;
        assert_eq!(check(good).unwrap().as_str(), "https://keys.example/set");
        for (document, message) in [
            (
                r#"{"issuer":"https://t.example","jwks_uri":"https://t.example/k"}"#,
                "only the slash at the end differs",
            ),
            (
                r#"{"issuer":"https://evil.example/","jwks_uri":"https://t.example/k"}"#,
                "not of the configured",
            ),
            (
                r#"{"issuer":"https://t.example/"}"#,
                "missing field `jwks_uri`",
            ),
            (
                r#"{"issuer":"https://t.example/","jwks_uri":"http://t.example/k"}"#,
                "not an https URL",
            ),
            (
                r#"{"issuer":"https://t.example/","jwks_uri":"file:///etc/keys"}"#,
                "not an https URL",
            ),
            (
                r#"{"issuer":"https://t.example/","jwks_uri":"http://127.0.0.1:8500/k"}"#,
                "not an https URL",
            ),
            ("<html>", "not a JSON object"),
        ] {
            let error = check(document).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn loopback_is_this_machine_alone() {
        for (url, secure) in [
            ("https://t.example/", true),
            ("http://127.0.0.1:3000/", true),
            ("http://127.8.8.8/", true),
            ("http://[::1]:3000/", true),
            ("http://localhost:3000/", true),
            ("http://t.example/", false),
            ("http://127.0.0.1.evil.example/", false),
            ("http://localhost.evil.example/", false),
            ("http://10.0.0.1/", false),
            ("ftp://127.0.0.1/", false),
        ] {
            assert_eq!(is_secure(&Url::parse(url).unwrap()), secure, "{url}");
        }
    }
}
