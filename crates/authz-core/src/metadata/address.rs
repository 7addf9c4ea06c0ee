use url::{Host, Position, Url};

use crate::issuer::{BuildError, BuildErrorKind};

/// The address of a resource's metadata (RFC 9728 section 3.1).
#[derive(Clone, Debug)]
pub(crate) struct MetadataAddress {
    pub(crate) url: String,
    pub(super) path: String,
    /// The resource identifier, as configured and as issuers may normalize it.
    pub(crate) audiences: Vec<String>,
}

impl MetadataAddress {
    pub(super) const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

    pub(crate) fn of(resource: &str) -> Result<Self, BuildError> {
        Self::parse(resource).ok_or_else(|| {
            BuildError::new(
                BuildErrorKind::InvalidResource,
                format!(
                    "the resource identifier {resource:?} is not an absolute https URL without fragment and user (RFC 9728 section 1.2): give the address that clients use, as with `.resource(\"https://api.example\")`; plain http is for loopback addresses only"
                ),
            )
        })
    }

    fn parse(resource: &str) -> Option<Self> {
        let url = secure_url(resource)?;
        let is_user_told = !url.username().is_empty() || url.password().is_some();
        if url.fragment().is_some() || is_user_told {
            return None;
        }
        // Keeps the configured spelling: clients compare the address, without the inserted part,
        // with `resource` (RFC 9728 section 3.3).
        let authority = resource.find("://")? + 3;
        let after = resource.get(authority..)?.find(['/', '?']);
        let origin = after.map_or(resource, |it| resource.split_at(authority + it).0);
        let normal_origin = &url[..Position::BeforePath];
        // A challenge may contain only ASCII.
        let origin = if origin.is_ascii() {
            origin
        } else {
            normal_origin
        };
        // Removes only a slash right after the host (RFC 9728 section 3.1).
        let (own, query) = match (url.path(), &url[Position::AfterPath..]) {
            ("/", query) => ("", query),
            it => it,
        };
        let path = format!("{}{own}", Self::WELL_KNOWN);
        // Equivalent spellings (RFC 3986 sections 6.2.2.1 and 6.2.3).
        let mut audiences = vec![resource.to_owned(), format!("{normal_origin}{own}{query}")];
        if own.is_empty() {
            audiences.push(format!("{normal_origin}/{query}"));
        }
        audiences.sort_by_key(|it| it != resource);
        audiences.dedup();
        Some(Self {
            url: format!("{origin}{path}{query}"),
            path,
            audiences,
        })
    }
}

/// Parses an absolute URL that uses https, or http on a loopback address.
pub(super) fn secure_url(text: &str) -> Option<Url> {
    // The URL parser would drop or replace these characters.
    if text.contains(|it: char| it.is_whitespace() || it.is_control() || it == '\\') {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let loopback = match url.host()? {
        Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let is_secure = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    is_secure.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_part_goes_between_host_and_path() {
        for (resource, url) in [
            (
                "https://a.example",
                "https://a.example/.well-known/oauth-protected-resource",
            ),
            (
                "https://a.example/",
                "https://a.example/.well-known/oauth-protected-resource",
            ),
            (
                "HTTPS://A.Example/v1/",
                "HTTPS://A.Example/.well-known/oauth-protected-resource/v1/",
            ),
            (
                "https://a.example:443/V1?q=/",
                "https://a.example:443/.well-known/oauth-protected-resource/V1?q=/",
            ),
            (
                "https://a.example?q",
                "https://a.example/.well-known/oauth-protected-resource?q",
            ),
            (
                "https://é.example/é",
                "https://xn--9ca.example/.well-known/oauth-protected-resource/%C3%A9",
            ),
        ] {
            let address = MetadataAddress::of(resource).unwrap();
            assert_eq!(address.url, url);
            assert!(
                url.trim_end_matches("?q")
                    .trim_end_matches("?q=/")
                    .ends_with(&address.path),
                "{url}"
            );
        }
    }

    #[test]
    fn the_same_resource_may_be_written_otherwise() {
        for (resource, audiences) in [
            (
                "https://a.example",
                &["https://a.example", "https://a.example/"][..],
            ),
            (
                "https://a.example/",
                &["https://a.example/", "https://a.example"],
            ),
            ("https://a.example/v1", &["https://a.example/v1"]),
            ("https://a.example/v1/", &["https://a.example/v1/"]),
            (
                "HTTPS://A.example:443/V1",
                &["HTTPS://A.example:443/V1", "https://a.example/V1"],
            ),
            (
                "HTTPS://a.example",
                &[
                    "HTTPS://a.example",
                    "https://a.example",
                    "https://a.example/",
                ],
            ),
        ] {
            assert_eq!(MetadataAddress::of(resource).unwrap().audiences, audiences);
        }
    }
}
