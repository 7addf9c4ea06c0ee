//! The API's documentation: what the servers share of `/openapi.json` and of the page at `/docs/`. Both are public.

use std::{collections::HashMap, sync::Arc, time::Duration};

use authz_core::{Authorizer, openapi::IssuerScheme};
use http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE};
use utoipa_swagger_ui::{Config, oauth, serve};

use crate::{READ, WRITE, not_found};

/// Swagger UI and the issuer where it logs users in.
#[derive(Clone, Debug)]
pub struct Docs {
    authorizer: Authorizer,
    page: Arc<Config<'static>>,
}

impl Docs {
    /// How long a request for the document waits for the issuer's metadata.
    const MAX_WAIT: Duration = Duration::from_secs(2);

    pub(crate) fn new(authorizer: Authorizer, audience: String) -> Self {
        let login = oauth::Config::new()
            .client_id("docs")
            .use_pkce_with_authorization_code_grant(true)
            // Auth0 chooses the API by it. Other issuers ignore it (RFC 6749 section 3.1).
            .additional_query_string_params(HashMap::from([("audience".to_owned(), audience)]));
        let page = Arc::new(Config::with_oauth_config(["/openapi.json"], login));
        Self { authorizer, page }
    }

    /// Returns the security scheme for the document. Without the issuer's endpoints, the document names the
    /// issuer's own, where Swagger UI looks for them.
    pub async fn scheme(&self) -> IssuerScheme {
        // The endpoints come with the keys. If the issuer doesn't answer, there is still a document.
        let _ = tokio::time::timeout(Self::MAX_WAIT, self.authorizer.ready()).await;
        let issuers = self.authorizer.key_status();
        let issuer = issuers.first().expect("the configuration has an issuer");
        IssuerScheme::from_status(issuer)
            .scope(READ, "Read messages")
            .scope(WRITE, "Write messages")
    }

    /// Returns the response for a path below `/docs/`.
    #[must_use]
    pub fn file(&self, path: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
        let Ok(Some(file)) = serve(path, Arc::clone(&self.page)) else {
            let (status, fields, body) = not_found();
            return (status, fields, body.into_bytes());
        };
        let content_type = HeaderValue::try_from(file.content_type).ok();
        let fields = HeaderMap::from_iter(content_type.map(|it| (CONTENT_TYPE, it)));
        (StatusCode::OK, fields, file.bytes.into_owned())
    }
}
