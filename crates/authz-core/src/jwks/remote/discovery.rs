use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::jwks::fetch_error::FetchError;
use crate::{
    jwks::{
        address::{HttpHosts, redact},
        endpoints::IssuerEndpoints,
        error::KeysError,
    },
    untrusted::{Bounded, ERROR_BYTES, Excerpt, shorten},
};

/// What is looked for in an issuer's metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sought {
    KeySet,
    Introspection,
}

/// Why an issuer's metadata does not lead to the address that is looked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum DiscoveryError {
    #[error("the metadata at {url} could not be fetched: {error}")]
    Fetch { url: String, error: FetchError },
    #[error(
        "the metadata at {url} is not a JSON object with \"issuer\" and {:?}: {problem}",
        sought.member()
    )]
    Malformed {
        url: String,
        sought: Sought,
        problem: String,
    },
    /// RFC 8414 section 3.3.
    #[error(
        "the metadata at {url} names issuer {}, not the configured issuer {}; the two must be equal{}",
        Excerpt(found),
        Excerpt(configured),
        slash_hint(configured, found)
    )]
    WrongIssuer {
        url: String,
        configured: String,
        found: String,
    },
    #[error(
        "the metadata at {url} has the {} {}, which is not an https URL",
        sought.address(),
        Excerpt(address)
    )]
    InvalidAddress {
        url: String,
        sought: Sought,
        address: String,
    },
    #[error("no address for the metadata is known")]
    NoPlace,
}

/// What an issuer's metadata names.
#[derive(Debug)]
pub(super) struct Discovered {
    /// The address that is looked for.
    pub(super) address: Url,
    pub(super) endpoints: Option<IssuerEndpoints>,
}

/// Requires only `issuer` and the address that is looked for, because Kubernetes sends few others.
#[derive(Debug, Deserialize)]
struct Metadata {
    issuer: String,
    /// Invalid endpoints must not prevent that the address is found.
    #[serde(default)]
    authorization_endpoint: Value,
    #[serde(default)]
    token_endpoint: Value,
}

#[derive(Debug, Deserialize)]
struct KeySetAddress {
    jwks_uri: String,
}

#[derive(Debug, Deserialize)]
struct IntrospectionAddress {
    introspection_endpoint: String,
}

impl Sought {
    const fn member(self) -> &'static str {
        match self {
            Self::KeySet => "jwks_uri",
            Self::Introspection => "introspection_endpoint",
        }
    }

    pub(super) const fn address(self) -> &'static str {
        match self {
            Self::KeySet => "key set address",
            Self::Introspection => "introspection endpoint",
        }
    }

    const fn noun(self) -> &'static str {
        match self {
            Self::KeySet => "key set",
            Self::Introspection => "introspection endpoint",
        }
    }

    /// Returns a metadata document, and the address in it.
    fn read(self, document: &[u8]) -> Result<(Metadata, String), serde_json::Error> {
        let metadata = serde_json::from_slice(document)?;
        let address = match self {
            Self::KeySet => serde_json::from_slice::<KeySetAddress>(document)?.jwks_uri,
            Self::Introspection => {
                serde_json::from_slice::<IntrospectionAddress>(document)?.introspection_endpoint
            }
        };
        Ok((metadata, address))
    }
}

/// Returns the possible addresses of an issuer's metadata, in the order to try. OpenID Connect
/// Discovery 1.0 section 4 appends the well-known path, RFC 8414 section 3 inserts it, and some
/// servers insert OpenID's.
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

/// Reads a metadata document, which must name the configured issuer.
pub(super) fn read(
    sought: Sought,
    url: &Url,
    issuer: &str,
    document: &[u8],
    http_hosts: &HttpHosts,
) -> Result<Discovered, DiscoveryError> {
    let (metadata, address) =
        (sought.read(document)).map_err(|error| DiscoveryError::Malformed {
            url: redact(url.as_str()),
            sought,
            problem: Bounded(error, ERROR_BYTES).to_string(),
        })?;
    if metadata.issuer != issuer {
        return Err(DiscoveryError::WrongIssuer {
            url: redact(url.as_str()),
            configured: shorten(&redact(issuer)).into_owned(),
            found: shorten(&redact(&metadata.issuer)).into_owned(),
        });
    }
    // Metadata from https must not lead to plain http, not even to loopback (CVE-2026-41413).
    let no_step_down =
        |uri: &Url| uri.scheme() == "https" || url.scheme() == "http" || http_hosts.contains(uri);
    let allowed = |uri: &str| {
        let uri = Url::parse(uri).ok();
        uri.filter(|uri| http_hosts.allow(uri) && no_step_down(uri))
    };
    let address = allowed(&address).ok_or_else(|| DiscoveryError::InvalidAddress {
        url: redact(url.as_str()),
        sought,
        address: shorten(&redact(&address)).into_owned(),
    })?;
    // Browsers follow the endpoints, so they get no `javascript:` and no plain http.
    let endpoint = |value: &Value| allowed(value.as_str()?).map(String::from);
    let endpoints = endpoint(&metadata.authorization_endpoint)
        .zip(endpoint(&metadata.token_endpoint))
        .map(|(authorization, token)| IssuerEndpoints::new(authorization, token));
    Ok(Discovered { address, endpoints })
}

impl DiscoveryError {
    /// Returns `true` if no further address should be tried.
    pub(super) fn ends_the_round(&self) -> bool {
        // Unusable metadata ends the search, and so does a server that is overloaded.
        matches!(self, Self::WrongIssuer { .. } | Self::InvalidAddress { .. })
            || self
                .status()
                .is_some_and(|status| matches!(status, 429 | 503))
    }

    /// Returns `true` if the address has no metadata.
    pub(super) fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    fn status(&self) -> Option<u16> {
        match self {
            Self::Fetch { error, .. } => error.status().map(|it| it.as_u16()),
            _ => None,
        }
    }

    pub(super) fn into_keys_error(
        self,
        sought: Sought,
        issuer: &str,
        tried: &[String],
    ) -> KeysError {
        let issuer = redact(issuer);
        let message = format!(
            "the {} of issuer {} was not found: {self}; tried {}",
            sought.noun(),
            Excerpt(&issuer),
            tried.join(", ")
        );
        match self {
            Self::Fetch { error, .. } => KeysError::discovery(message, Some(error)),
            _ => KeysError::discovery(message, None),
        }
    }
}

fn slash_hint(configured: &str, found: &str) -> &'static str {
    if configured.trim_end_matches('/') == found.trim_end_matches('/') {
        ": only the trailing slash differs"
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
        let hosts = HttpHosts::default();
        let check = |document: &str| {
            let document = document.as_bytes();
            read(Sought::KeySet, &url, "https://t.example/", document, &hosts)
        };
        let good = r#"{"issuer":"https://t.example/","jwks_uri":"https://keys.example/set","x":1}"#;
        let discovered = check(good).unwrap();
        assert_eq!(discovered.address.as_str(), "https://keys.example/set");
        assert_eq!(discovered.endpoints, None);
        for (document, message) in [
            (
                r#"{"issuer":"https://t.example","jwks_uri":"https://t.example/k"}"#,
                "only the trailing slash differs",
            ),
            (
                r#"{"issuer":"https://evil.example/","jwks_uri":"https://t.example/k"}"#,
                "not the configured issuer",
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
    fn endpoints_are_for_browsers_and_optional() {
        let url = Url::parse("https://t.example/.well-known/openid-configuration").unwrap();
        let mut hosts = HttpHosts::default();
        hosts.add("keycloak".to_owned());
        for (authorization, token, expected) in [
            (r#""https://t.example/a""#, r#""https://t.example/t""#, true),
            (r#""http://keycloak/a""#, r#""https://t.example/t""#, true),
            (r#""http://t.example/a""#, r#""https://t.example/t""#, false),
            (r#""http://127.0.0.1/a""#, r#""https://t.example/t""#, false),
            (
                r#""javascript:alert(1)""#,
                r#""https://t.example/t""#,
                false,
            ),
            (r#""https://t.example/a""#, "null", false),
            ("7", r#""https://t.example/t""#, false),
        ] {
            let document = format!(
                r#"{{"issuer":"https://t.example/","jwks_uri":"https://t.example/k",
                    "authorization_endpoint":{authorization},"token_endpoint":{token}}}"#
            );
            let bytes = document.as_bytes();
            let discovered = read(Sought::KeySet, &url, "https://t.example/", bytes, &hosts);
            let endpoints = discovered.unwrap().endpoints;
            assert_eq!(endpoints.is_some(), expected, "{document}");
        }
    }
}
