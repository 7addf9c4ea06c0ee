use std::{error::Error, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use serde_json::json;
use url::form_urlencoded::byte_serialize;

/// How this API authenticates to an issuer that it asks about tokens (RFC 7662 section 2.1).
///
/// `Debug` does not print secrets.
#[derive(Clone)]
pub struct ClientAuthentication {
    client: String,
    method: ClientMethod,
}

#[derive(Clone)]
enum ClientMethod {
    Basic { secret: String },
    PrivateKeyJwt { signer: Arc<dyn AssertionSigner> },
    MutualTls,
}

/// Signs the assertions of [`ClientAuthentication::private_key_jwt`]. Every function from the claims to a
/// token implements it.
#[async_trait]
pub trait AssertionSigner: Send + Sync + 'static {
    /// Returns a compact JWS whose payload is `claims`, a JSON object. The header and the key are the
    /// implementation's.
    ///
    /// # Errors
    ///
    /// Returns why the assertion can't be signed now. It is logged, and requests get 503.
    async fn sign(&self, claims: &str) -> Result<String, Box<dyn Error + Send + Sync>>;
}

#[async_trait]
impl<F> AssertionSigner for F
where
    F: Fn(&str) -> Result<String, Box<dyn Error + Send + Sync>> + Send + Sync + 'static,
{
    async fn sign(&self, claims: &str) -> Result<String, Box<dyn Error + Send + Sync>> {
        self(claims)
    }
}

impl ClientAuthentication {
    /// Authenticates with an identifier and a secret in the header `Authorization`, both encoded as
    /// RFC 6749 section 2.3.1 requires.
    pub fn client_secret_basic(client: impl Into<String>, secret: impl Into<String>) -> Self {
        let secret = secret.into();
        Self::new(client, ClientMethod::Basic { secret })
    }

    /// Authenticates with a signed assertion (RFC 7523 section 2.2). `iss` and `sub` are the client, `aud` is
    /// the issuer, and each assertion has its own `jti` and expires after a minute.
    ///
    /// ```
    /// use authz_core::ClientAuthentication;
    ///
    /// # fn sign_with_our_key(_: &str) -> String { String::new() }
    /// let client = ClientAuthentication::private_key_jwt("messages-api", |claims: &str| {
    ///     Ok(sign_with_our_key(claims))
    /// });
    /// ```
    pub fn private_key_jwt(client: impl Into<String>, signer: impl AssertionSigner) -> Self {
        let signer = Arc::new(signer);
        Self::new(client, ClientMethod::PrivateKeyJwt { signer })
    }

    /// Authenticates with the certificate of the HTTP client (RFC 8705 section 2), which you set as
    /// [`fetcher`](crate::jwks::RemoteJwksBuilder::fetcher) in [`Issuer::key_settings`](crate::Issuer::key_settings).
    pub fn mutual_tls(client: impl Into<String>) -> Self {
        Self::new(client, ClientMethod::MutualTls)
    }

    fn new(client: impl Into<String>, method: ClientMethod) -> Self {
        let client = client.into();
        Self { client, method }
    }

    pub(super) fn client(&self) -> &str {
        &self.client
    }

    /// Returns `true` if the credentials are parameters of a form.
    #[cfg(feature = "ssf")]
    pub(crate) const fn needs_form(&self) -> bool {
        matches!(self.method, ClientMethod::PrivateKeyJwt { .. })
    }

    pub(crate) fn problem(&self) -> Option<&'static str> {
        match &self.method {
            _ if self.client.is_empty() => Some("the client's identifier is empty"),
            ClientMethod::Basic { secret } if secret.is_empty() => {
                Some("the client's secret is empty")
            }
            _ => None,
        }
    }

    /// Returns the header fields and the parameters that authenticate a request to `issuer`.
    pub(crate) async fn authenticate(
        &self,
        issuer: &str,
        now: Duration,
    ) -> Result<ClientCredentials, Box<dyn Error + Send + Sync>> {
        let mut credentials = ClientCredentials::default();
        match &self.method {
            ClientMethod::Basic { secret } => {
                let [client, secret] = [&self.client, secret].map(encode);
                let basic = STANDARD.encode(format!("{client}:{secret}"));
                let mut value = HeaderValue::try_from(format!("Basic {basic}"))?;
                value.set_sensitive(true);
                credentials.headers.insert(AUTHORIZATION, value);
            }
            ClientMethod::PrivateKeyJwt { signer } => {
                let seconds = now.as_secs();
                let claims = json!({
                    "iss": self.client, "sub": self.client, "aud": issuer,
                    "iat": seconds, "exp": seconds.saturating_add(60),
                    "jti": format!("{:032x}", fastrand::u128(..)),
                });
                let assertion = signer.sign(&claims.to_string()).await?;
                credentials.form = format!(
                    "&client_id={}&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={}",
                    encode(&self.client),
                    encode(&assertion),
                );
            }
            ClientMethod::MutualTls => {
                credentials.form = format!("&client_id={}", encode(&self.client));
            }
        }
        Ok(credentials)
    }
}

/// What authenticates one request.
#[derive(Default)]
pub(crate) struct ClientCredentials {
    pub(crate) headers: HeaderMap,
    /// Further parameters of the form, encoded.
    pub(super) form: String,
}

/// Encodes a value as in `application/x-www-form-urlencoded`.
pub(super) fn encode(value: &(impl AsRef<[u8]> + ?Sized)) -> String {
    byte_serialize(value.as_ref()).collect()
}

impl fmt::Debug for ClientAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = match &self.method {
            ClientMethod::Basic { .. } => "client_secret_basic",
            ClientMethod::PrivateKeyJwt { .. } => "private_key_jwt",
            ClientMethod::MutualTls => "mutual_tls",
        };
        f.debug_struct("ClientAuthentication")
            .field("client", &self.client)
            .field("method", &method)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_secret_is_encoded_twice_and_never_shown() {
        let client = ClientAuthentication::client_secret_basic("an api:1", "p&ss w\u{f6}rd+%");
        let credentials = client.authenticate("https://i.example", Duration::ZERO);
        let credentials = credentials.await.unwrap();
        let basic = credentials.headers[AUTHORIZATION].to_str().unwrap();
        let text = STANDARD
            .decode(basic.strip_prefix("Basic ").unwrap())
            .unwrap();
        assert_eq!(text, b"an+api%3A1:p%26ss+w%C3%B6rd%2B%25");
        assert_eq!(credentials.form, "");
        let shown = format!("{client:?} {:?}", credentials.headers);
        assert!(
            !shown.contains("p&ss") && !shown.contains("Basic"),
            "{shown}"
        );
    }

    #[tokio::test]
    async fn an_assertion_names_client_and_issuer_and_is_made_once() {
        let client = ClientAuthentication::private_key_jwt("api", |claims: &str| {
            Ok(format!("signed {claims}"))
        });
        let form = async || {
            let now = Duration::from_secs(1_000);
            let credentials = client.authenticate("https://i.example", now).await.unwrap();
            assert!(credentials.headers.is_empty());
            let form: Vec<_> = url::form_urlencoded::parse(credentials.form.as_bytes())
                .into_owned()
                .collect();
            assert_eq!(form[0], ("client_id".to_owned(), "api".to_owned()));
            let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
            assert_eq!(
                form[1],
                ("client_assertion_type".to_owned(), kind.to_owned())
            );
            form[2].1.clone()
        };
        let (first, second) = (form().await, form().await);
        assert_ne!(first, second, "each has its own jti");
        let claims = first.strip_prefix("signed ").unwrap();
        let claims: serde_json::Value = serde_json::from_str(claims).unwrap();
        let name = |name: &str| claims[name].clone();
        assert_eq!([name("iss"), name("sub")], ["api", "api"]);
        assert_eq!(name("aud"), "https://i.example");
        assert_eq!([name("iat"), name("exp")], [1_000, 1_060]);
        assert_eq!(name("jti").as_str().unwrap().len(), 32);
    }

    #[tokio::test]
    async fn a_certificate_needs_the_clients_name_alone() {
        let client = ClientAuthentication::mutual_tls("an api");
        let credentials = client.authenticate("i", Duration::ZERO).await.unwrap();
        assert!(credentials.headers.is_empty());
        assert_eq!(credentials.form, "&client_id=an+api");
    }
}
