use authz_core::Algorithm;

use super::{
    DevIssuer,
    port::{self, StartError},
};
#[cfg(feature = "dashboard")]
use crate::dashboard::{self, settings::Dashboard};
use crate::{
    key::SigningKey,
    state::{Identity, State, keys::Keys},
    token::TokenStyle,
};

/// Settings for a [`DevIssuer`]. Made by [`DevIssuer::builder`].
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
    #[cfg(feature = "dashboard")]
    dashboard: Option<Dashboard>,
}

impl DevIssuer {
    /// Starts an issuer with one RS256 key on a free port.
    ///
    /// # Panics
    ///
    /// If no port of `127.0.0.1` is free. [`DevIssuerBuilder::start`] returns the error instead.
    pub async fn start() -> Self {
        Self::builder()
            .start()
            .await
            .expect("127.0.0.1 has a free port")
    }

    /// Returns a builder for an issuer with other keys, port, path, audience or token style.
    pub fn builder() -> DevIssuerBuilder {
        DevIssuerBuilder::default()
    }
}

impl DevIssuerBuilder {
    /// Listens on this port of `127.0.0.1`. Default: a free port.
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Generates one key for this algorithm. Default: RS256. HMAC keys are not published.
    pub fn algorithm(self, algorithm: Algorithm) -> Self {
        self.algorithms([algorithm])
    }

    /// Generates and publishes one key per algorithm. The first one signs.
    pub fn algorithms(self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        Self {
            algorithms: algorithms.into_iter().collect(),
            ..self
        }
    }

    /// Publishes this key before the generated ones. The first key added signs. No key is generated
    /// unless [`algorithm`](Self::algorithm) or [`algorithms`](Self::algorithms) is called, too.
    pub fn key(mut self, key: SigningKey) -> Self {
        self.keys.push(key);
        self
    }

    /// Sets the audience of tokens. Default: `https://quickstart.example/api`.
    pub fn audience(self, audience: impl Into<String>) -> Self {
        Self {
            audience: audience.into(),
            ..self
        }
    }

    /// Sets the path of the issuer's identifier. Default: `/`. Use `/realms/demo` for an issuer like
    /// Keycloak, and the empty string for an identifier without a trailing slash.
    ///
    /// Discovery is served at the address that OpenID Connect Discovery builds and at the one that
    /// RFC 8414 section 3.1 builds. Every other address is answered with 404.
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

    /// Sets the lifetime of tokens, in seconds. Default: 3600. With a negative number, tokens are
    /// issued expired.
    pub fn token_lifetime(self, seconds: i64) -> Self {
        Self {
            token_lifetime: seconds,
            ..self
        }
    }

    /// Sets the format of tokens. Default: [`TokenStyle::Rfc9068`].
    pub fn token_style(self, style: TokenStyle) -> Self {
        Self { style, ..self }
    }

    /// Serves a dashboard at the issuer's address, with a test lab for tokens. It needs an issuer
    /// without a path of its own.
    #[cfg(feature = "dashboard")]
    #[cfg_attr(docsrs, doc(cfg(feature = "dashboard")))]
    pub fn dashboard(self, dashboard: Dashboard) -> Self {
        Self {
            dashboard: Some(dashboard),
            ..self
        }
    }

    /// Starts the issuer on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// [`StartError::Listen`] if the issuer cannot listen on the port.
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
        #[cfg_attr(
            not(feature = "dashboard"),
            expect(unused_mut, reason = "nothing is added")
        )]
        let mut state = State::new(identity, Keys::new(current, keys.collect()));
        #[cfg(feature = "dashboard")]
        if let Some(dashboard) = self.dashboard {
            dashboard::publish_keys(&state, &dashboard);
            state.dashboard = Some(dashboard);
        }
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
            #[cfg(feature = "dashboard")]
            dashboard: None,
        }
    }
}
