use serde::Serialize;
use url::{Host, Url};

use crate::issuer::{BuildError, BuildErrorKind};

/// The metadata of a protected resource (RFC 9728 section 2), to be served as JSON at
/// [`path`](Self::path).
///
/// ```
/// # use authz_core::{Algorithm, Authorizer, Issuer, jwks::SharedSecret};
/// let issuer = Issuer::new("https://login.example/").audience("https://api.example/v1");
/// # let issuer = issuer.keys(SharedSecret::hs256([7; 32]).unwrap()).algorithms([Algorithm::HS256]);
/// let authorizer = Authorizer::builder()
///     .issuer(issuer)
///     .resource("https://api.example/v1")
///     .build()?;
/// let metadata = authorizer.resource_metadata().unwrap();
/// assert_eq!(metadata.path(), "/.well-known/oauth-protected-resource/v1");
/// assert_eq!(
///     serde_json::to_string(&metadata).unwrap(),
///     r#"{"resource":"https://api.example/v1","authorization_servers":["https://login.example/"],"bearer_methods_supported":["header"]}"#,
/// );
/// # Ok::<(), authz_core::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ResourceMetadata {
    /// The resource identifier.
    pub resource: String,
    /// The issuers whose tokens are accepted.
    pub authorization_servers: Vec<String>,
    /// The scopes that clients may ask for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    /// How a token may be sent: in the header unless only other places count, and in the query where that was opted into.
    pub bearer_methods_supported: Vec<&'static str>,
    #[serde(skip)]
    pub(crate) path: String,
}

impl ResourceMetadata {
    /// Where the document belongs: the well-known path, followed by the resource's own (RFC 9728
    /// section 3.1).
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// The address and the path of the metadata of `resource`.
pub(crate) fn place(resource: &str) -> Result<(String, String), BuildError> {
    let invalid = || {
        BuildError::new(
            BuildErrorKind::InvalidResource,
            format!(
                "the resource identifier {resource:?} is not an absolute https URL without fragment and user (RFC 9728 section 1.2): give the address that clients use, as with `.resource(\"https://api.example\")`; plain http is for loopback addresses only"
            ),
        )
    };
    let mut url = Url::parse(resource).map_err(|_| invalid())?;
    let is_user_told = !url.username().is_empty() || url.password().is_some();
    if !is_secure(&url) || url.fragment().is_some() || is_user_told {
        return Err(invalid());
    }
    // Only the slash behind the host is removed (RFC 9728 section 3.1).
    let own = match url.path() {
        "/" => "",
        own => own,
    };
    let path = format!("/.well-known/oauth-protected-resource{own}");
    url.set_path(&path);
    Ok((url.into(), path))
}

/// Https, or http on this machine.
fn is_secure(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return false,
    };
    match url.scheme() {
        "https" => true,
        "http" => loopback,
        _ => false,
    }
}
