use std::sync::Arc;

use super::authorize::codes::Codes;
use crate::{random, registry::Registry};

/// A web page for a [`DevIssuer`](crate::DevIssuer): APIs, roles, users and clients, a test lab for
/// tokens, calls of a running API, and faults of the key server.
///
/// The page is at the issuer's address. Pages of other origins can neither read nor change anything:
/// requests must have the issuer's own `Host`, and changes a token that only the page contains.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use authz_testkit::{Dashboard, DevIssuer, Registry};
///
/// let issuer = DevIssuer::builder()
///     .dashboard(Dashboard::new(Registry::in_memory()))
///     .start()
///     .await?;
/// let page = reqwest::get(issuer.issuer()).await?;
/// assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Dashboard {
    pub(crate) registry: Arc<Registry>,
    pub(crate) api_url: String,
    pub(crate) inspector_port: u16,
    pub(super) token: Arc<str>,
    pub(crate) codes: Arc<Codes>,
}

impl Dashboard {
    /// Creates a dashboard for this registry.
    #[must_use]
    pub fn new(registry: Registry) -> Self {
        Self {
            registry: Arc::new(registry),
            api_url: "http://127.0.0.1:3010".to_owned(),
            inspector_port: 3012,
            token: random::identifier().into(),
            codes: Arc::default(),
        }
    }

    /// Sets the address of the API that the page calls. Default: `http://127.0.0.1:3010`.
    #[must_use]
    pub fn api_url(self, url: impl Into<String>) -> Self {
        Self {
            api_url: url.into(),
            ..self
        }
    }

    /// Sets the port of the API's [`Inspector`](crate::Inspector). Default: 3012.
    #[must_use]
    pub fn inspector_port(self, port: u16) -> Self {
        Self {
            inspector_port: port,
            ..self
        }
    }
}
