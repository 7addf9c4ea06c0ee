use authz_core::Algorithm;

use super::{
    DevIssuer,
    port::{self, StartError},
};
use crate::{
    key::SigningKey,
    state::{Identity, State, keys::Keys},
    token::TokenStyle,
};

/// Settings of a [`DevIssuer`] that is not started yet.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), authz_testkit::StartError> {
/// use authz_testkit::{Algorithm, DevIssuer, TokenStyle};
///
/// let issuer = DevIssuer::builder()
///     .algorithms([Algorithm::ES256, Algorithm::RS256])
///     .issuer_path("/realms/demo")
///     .audience("https://api.example")
///     .token_style(TokenStyle::Auth0)
///     .start()
///     .await?;
/// assert!(issuer.issuer().ends_with("/realms/demo"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "an issuer runs only after `start`"]
pub struct DevIssuerBuilder {
    port: u16,
    path: String,
    audience: String,
    keys: Vec<SigningKey>,
    algorithms: Vec<Algorithm>,
    token_lifetime: i64,
    style: TokenStyle,
}

impl DevIssuer {
    /// Starts an issuer with one RS256 key on a free port.
    ///
    /// # Panics
    ///
    /// If no port of `127.0.0.1` can be had. [`builder`](Self::builder) gives the error instead.
    pub async fn start() -> Self {
        Self::builder()
            .start()
            .await
            .expect("there is a free port on 127.0.0.1")
    }

    /// An issuer with other keys, port, path, audience or style of token.
    pub fn builder() -> DevIssuerBuilder {
        DevIssuerBuilder::default()
    }
}

impl DevIssuerBuilder {
    /// Listens on this port of `127.0.0.1` instead of a free one.
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Generates one key of this algorithm; RS256 unless asked. An HMAC key is not published.
    pub fn algorithm(self, algorithm: Algorithm) -> Self {
        self.algorithms([algorithm])
    }

    /// Generates and publishes a key for each of these algorithms. The first one signs.
    pub fn algorithms(self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        Self {
            algorithms: algorithms.into_iter().collect(),
            ..self
        }
    }

    /// Publishes this key, ahead of the generated ones: the first key given signs. Without a call
    /// of `algorithm` or `algorithms`, none is generated.
    pub fn key(mut self, key: SigningKey) -> Self {
        self.keys.push(key);
        self
    }

    /// The default audience of tokens, instead of `https://quickstart.example/api`.
    pub fn audience(self, audience: impl Into<String>) -> Self {
        Self {
            audience: audience.into(),
            ..self
        }
    }

    /// What follows the port in the issuer's identifier, `/` unless asked: `/realms/demo` as
    /// Keycloak, the empty string for an identifier without a slash at the end.
    ///
    /// With a path, discovery is served where OpenID Connect appends it and where RFC 8414 section
    /// 3.1 inserts it, and nowhere else: a client that gets the address wrong finds nothing.
    pub fn issuer_path(self, path: impl Into<String>) -> Self {
        let path = path.into();
        let slash = if path.is_empty() || path.starts_with('/') {
            ""
        } else {
            "/"
        };
        Self {
            path: format!("{slash}{path}"),
            ..self
        }
    }

    /// How long tokens last unless asked, in seconds: 3600 by default, negative for tokens that
    /// have expired when they are made.
    pub fn token_lifetime(self, seconds: i64) -> Self {
        Self {
            token_lifetime: seconds,
            ..self
        }
    }

    /// The shape of tokens, [`TokenStyle::Rfc9068`] by default.
    pub fn token_style(self, style: TokenStyle) -> Self {
        Self { style, ..self }
    }

    /// Starts to serve, on the tokio runtime that this is called in.
    ///
    /// # Errors
    ///
    /// [`StartError::Listen`] if the port cannot be had.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn start(self) -> Result<DevIssuer, StartError> {
        let listener = port::listen(self.port)?;
        let port = listener
            .local_addr()
            .map_err(|source| StartError::Listen {
                port: self.port,
                source,
            })?
            .port();

        let algorithms = match (self.keys.is_empty(), self.algorithms.is_empty()) {
            (true, true) => vec![Algorithm::RS256],
            _ => self.algorithms,
        };
        let generated = algorithms.into_iter().map(SigningKey::unused);
        let mut keys = self.keys.into_iter().chain(generated);
        let current = keys
            .next()
            .expect("a key was given, or an algorithm, or RS256 was added");

        let identity = Identity {
            issuer: format!("http://127.0.0.1:{port}{}", self.path),
            audience: self.audience,
            token_lifetime: self.token_lifetime,
            style: self.style,
        };
        let state = State::new(identity, Keys::new(current, keys.collect()));
        Ok(DevIssuer::serve(state, listener, port))
    }
}

impl Default for DevIssuerBuilder {
    fn default() -> Self {
        Self {
            port: 0,
            path: "/".to_owned(),
            audience: "https://quickstart.example/api".to_owned(),
            keys: Vec::new(),
            algorithms: Vec::new(),
            token_lifetime: 3600,
            style: TokenStyle::default(),
        }
    }
}
