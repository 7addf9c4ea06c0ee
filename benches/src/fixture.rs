//! The token, the key and the authorizer that are measured.

use std::{
    fmt,
    future::Future,
    pin::pin,
    sync::OnceLock,
    task::{Context, Poll, Waker},
    time::Duration,
};

use authz_core::{
    Algorithm, Authorized, Authorizer, AuthorizerBuilder, Claims, Issuer, Policy, Rejection,
    RequestParts, async_trait,
    jwks::{FetchError, FetchRequest, Fetched, Fetcher, JwksProvider, RemoteJwks, SharedSecret},
};
use authz_testkit::{SigningKey, TokenBuilder};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header::AUTHORIZATION};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use tokio::runtime::Runtime;

/// The issuer of all tokens here.
pub const ISSUER: &str = "https://quickstarts.eu.auth0.com/";
/// The API that they are for.
pub const AUDIENCE: &str = "https://quickstarts.example/api";
/// A scope that they have.
pub const SCOPE: &str = "read:messages";

/// What an application reads of the claims.
#[derive(Clone, Debug, Deserialize)]
pub struct Caller {
    /// The organization.
    pub org_id: String,
    /// The client.
    pub azp: String,
}

/// A key, and a token that it signed.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The key.
    pub key: SigningKey,
    /// A good token.
    pub token: String,
}

impl Signed {
    /// A token as Auth0 gives it, about 900 bytes with an RSA signature of 2048 bits.
    #[must_use]
    pub fn new(algorithm: Algorithm) -> Self {
        let key = SigningKey::shared(algorithm).with_kid("qG8JfXmBzLhN4KxT0s1pV");
        let token = token(&key).build();
        Self { key, token }
    }

    /// An authorizer that fetches its keys, as most do: from memory, and once.
    #[must_use]
    pub fn authorizer<C>(&self, cache_bytes: usize) -> Authorizer<C>
    where
        C: DeserializeOwned + Send + Sync + 'static,
    {
        let issuer = issuer(self.key.algorithm());
        let issuer = match self.key.secret() {
            Some(secret) => issuer.keys(SharedSecret::hs256(secret).expect("a secret of 32 bytes")),
            None => issuer.keys(self.remote_keys()),
        };
        let builder = Authorizer::builder()
            .issuer(issuer)
            .cache_bytes(cache_bytes);
        started(builder.claims(), &self.token)
    }

    /// The key set that the issuer publishes, as a provider.
    #[must_use]
    pub fn remote_keys(&self) -> RemoteJwks {
        let jwks = json!({ "keys": [self.key.public_jwk()] });
        remote_keys(jwks.to_string())
    }
}

/// A good token of this key, to be made different in one way.
pub fn token(key: &SigningKey) -> TokenBuilder {
    TokenBuilder::new(key)
        .auth0_style()
        .issuer(ISSUER)
        .audience(json!([
            AUDIENCE,
            "https://quickstarts.eu.auth0.com/userinfo"
        ]))
        .subject("auth0|65f0c3a1b2d4e5f60718293a")
        .client_id("xZ3mJ8qLw1RtYb5NcVd7KfHs2GpQaE9u")
        .scope("openid profile email read:messages")
        .permissions(["read:messages", "write:messages"])
        .claim("org_id", "org_9ybsU1dN2dKfDkBi")
        .expires_in(24 * 60 * 60)
}

/// The issuer of tokens like these.
pub fn issuer(algorithm: Algorithm) -> Issuer {
    Issuer::new(ISSUER)
        .audience(AUDIENCE)
        .algorithms([algorithm])
}

/// A builder for tokens like these.
pub fn builder(algorithm: Algorithm, keys: impl JwksProvider) -> AuthorizerBuilder {
    Authorizer::builder().issuer(issuer(algorithm).keys(keys))
}

/// Builds the authorizer and lets it fetch its keys.
///
/// # Panics
///
/// When it does not accept `token`.
#[must_use]
pub fn started<C>(builder: AuthorizerBuilder<C>, token: &str) -> Authorizer<C>
where
    C: DeserializeOwned + Send + Sync + 'static,
{
    let _inside = runtime().enter();
    let authorizer = builder.build().expect("the settings are good");
    if let Err(rejection) = runtime().block_on(authorizer.verify(token)) {
        panic!("a good token is refused: {rejection:?}");
    }
    authorizer
}

/// Keys fetched from memory.
#[must_use]
pub fn remote_keys(jwks: String) -> RemoteJwks {
    let _inside = runtime().enter();
    RemoteJwks::at("https://quickstarts.eu.auth0.com/.well-known/jwks.json")
        .fetcher(Memory(jwks.into()))
        .max_keys(10_000)
        .default_lifetime(Duration::from_secs(24 * 60 * 60))
        .build()
        .expect("the address is good")
}

/// A request that carries `token`.
#[must_use]
pub fn request(token: &str) -> Request<()> {
    Request::get("https://quickstarts.example/api/private")
        .header("host", "quickstarts.example")
        .header("user-agent", "curl/8.14.1")
        .header("accept", "*/*")
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .body(())
        .expect("a token is a header value")
}

/// `authorize`, where nothing has to be waited for.
///
/// # Errors
///
/// What `authorize` answers.
///
/// # Panics
///
/// When it waits.
pub fn authorize<C>(
    authorizer: &Authorizer<C>,
    request: &Request<()>,
    policy: &Policy,
) -> Result<Authorized<C>, Rejection>
where
    C: DeserializeOwned + Send + Sync + 'static,
{
    at_once(authorizer.authorize(&RequestParts::from(request), policy))
}

/// What comes of `future` when it is asked once.
///
/// # Panics
///
/// When it waits for something.
pub fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits, though all that it needs is there"),
    }
}

/// The map that an application gets which names no type of its own.
pub type AnyClaims = Claims;

/// Where background work happens: one thread, idle while anything is measured.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime can be started")
    })
}

struct Memory(Bytes);

#[async_trait]
impl Fetcher for Memory {
    async fn get(&self, _: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        Ok(Fetched {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: self.0.clone(),
        })
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory")
    }
}
