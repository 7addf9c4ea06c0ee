//! The configuration: environment variables, all read before anything starts, and the files that
//! they name.

mod bound;
mod environment;
mod value;

use std::{env, ffi::OsString, net::SocketAddr};

use authz_core::{Algorithm, ClientAuthentication, Introspection, Issuer, rules::Rules};
use authz_testkit::TokenBuilder;
use http::HeaderValue;
use tracing_subscriber::EnvFilter;

use self::{bound::Bound, environment::Environment};

#[derive(Debug)]
pub(crate) struct Config {
    /// With the first of its audiences. Without one, the server starts a development issuer.
    pub(crate) issuer: Option<(Issuer, String)>,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) introspection: Option<Introspection>,
    pub(crate) address: SocketAddr,
    pub(crate) resource: Option<String>,
    pub(crate) rules: Option<Rules>,
    pub(crate) bound: Bound,
    pub(crate) cors_origins: Vec<HeaderValue>,
    pub(crate) log: EnvFilter,
    /// Where the API's decisions are shown to its developer.
    pub(crate) inspector_port: Option<u16>,
    pub(crate) metrics_port: Option<u16>,
    /// Variables without effect, to be logged.
    pub(crate) warnings: Vec<String>,
}

/// An error says which variable is wrong, and what to do.
impl Config {
    pub(crate) fn from_env() -> Result<Self, String> {
        let text = |(variable, value): (OsString, _)| Some((variable.into_string().ok()?, value));
        Self::read(Environment::new(env::vars_os().filter_map(text)))
    }

    fn read(mut environment: Environment) -> Result<Self, String> {
        let algorithms = environment.list("AUTHZ_ALGORITHMS", value::algorithm)?;
        let host = environment.take("HOST", value::host)?;
        let port = environment.take("PORT", value::port)?;
        let origins = environment.list("AUTHZ_CORS_ORIGINS", value::origin)?;
        let log = environment.take("RUST_LOG", value::log_filter)?;
        Ok(Self {
            issuer: environment.issuer()?,
            algorithms: algorithms.unwrap_or_else(|| vec![Algorithm::RS256]),
            introspection: environment.introspection()?,
            address: (host.unwrap_or(value::LOCALHOST), port.unwrap_or(3010)).into(),
            resource: environment.take("AUTHZ_RESOURCE", value::resource)?,
            rules: environment.take("AUTHZ_RULES", value::rules)?,
            bound: Bound::read(&mut environment)?,
            cors_origins: origins.unwrap_or_default(),
            log: log.unwrap_or_else(|| EnvFilter::new("info")),
            inspector_port: environment.take("AUTHZ_INSPECTOR_PORT", value::port)?,
            metrics_port: environment.take("AUTHZ_METRICS_PORT", value::fixed_port)?,
            warnings: environment.into_warnings(),
        })
    }
}

impl Environment {
    fn issuer(&mut self) -> Result<Option<(Issuer, String)>, String> {
        let http_hosts = self.list("AUTHZ_ALLOW_HTTP", value::http_host)?;
        let fetched_from = |text: &str| value::fetched_from(text, http_hosts.as_deref());
        let jwks_uri = self.take("AUTHZ_JWKS_URI", fetched_from)?;
        let metadata_url = self.take("AUTHZ_DISCOVERY_URL", |url| match jwks_uri {
            Some(_) => Err("has no effect with AUTHZ_JWKS_URI: unset one of them"),
            None => fetched_from(url),
        })?;
        let ca_file = self.take("AUTHZ_CA_FILE", value::ca_file)?;
        let issuer = self.take("AUTHZ_ISSUER", |text| match (&jwks_uri, &metadata_url) {
            (None, None) => fetched_from(text),
            _ => Ok(text.to_owned()),
        })?;
        let short = self.take("AUTH0_DOMAIN", value::auth0_issuer)?;
        let issuer = self.either(("AUTHZ_ISSUER", issuer), ("AUTH0_DOMAIN", short));
        let long = self.list("AUTHZ_AUDIENCE", |text| Ok(text.to_owned()))?;
        let short = self.list("AUTH0_AUDIENCE", |text| Ok(text.to_owned()))?;
        let audiences = self.either(("AUTHZ_AUDIENCE", long), ("AUTH0_AUDIENCE", short));
        let Some((named_by, issuer)) = issuer else {
            // Half a configuration is a mistake, not a request for the development issuer.
            let half = [
                audiences.map(|(variable, _)| variable),
                jwks_uri.map(|_| "AUTHZ_JWKS_URI"),
                metadata_url.map(|_| "AUTHZ_DISCOVERY_URL"),
                http_hosts.map(|_| "AUTHZ_ALLOW_HTTP"),
                ca_file.map(|_| "AUTHZ_CA_FILE"),
            ];
            let Some(set) = half.into_iter().flatten().next() else {
                return Ok(None);
            };
            return Err(format!(
                "AUTHZ_ISSUER is not set, though {set} is: give the issuer exactly as in the \
                 tokens' \"iss\", as with AUTHZ_ISSUER=https://tenant.eu.auth0.com/ (or \
                 AUTH0_DOMAIN), or unset {set} to try the server with its own development issuer"
            ));
        };
        let Some((_, audiences)) = audiences else {
            return Err(format!(
                "AUTHZ_AUDIENCE is not set, though {named_by} is: give the identifier of this API, \
                 as with AUTHZ_AUDIENCE=https://quickstart.example/api (or AUTH0_AUDIENCE); without \
                 it, tokens meant for other APIs would be accepted"
            ));
        };
        let audience = audiences.first().cloned().unwrap_or_default();
        let issuer = (audiences.into_iter()).fold(Issuer::new(issuer), Issuer::audience);
        let issuer = (jwks_uri.into_iter()).fold(issuer, Issuer::jwks_uri);
        let issuer = issuer.key_settings(move |keys| {
            let keys = (metadata_url.iter()).fold(keys, |keys, url| keys.metadata_url(url));
            let keys = (ca_file.iter()).fold(keys, |keys, path| keys.ca_file(path));
            keys.dangerous_allow_http(http_hosts.iter().flatten())
        });
        Ok(Some((issuer, audience)))
    }

    fn introspection(&mut self) -> Result<Option<Introspection>, String> {
        type Introspect = fn(ClientAuthentication) -> Introspection;
        const TOKENS: [(&str, Option<Introspect>); 4] = [
            ("off", None),
            ("opaque", Some(Introspection::opaque)),
            ("always", Some(Introspection::always)),
            ("fallback", Some(Introspection::fallback)),
        ];
        let tokens = self.take("AUTHZ_INTROSPECTION", value::one_of(&TOKENS))?;
        let Some(introspect) = tokens.flatten() else {
            for it in [
                "INTROSPECTION_SIGNED",
                "CLIENT_ID",
                "CLIENT_SECRET",
                "CLIENT_KEY",
            ] {
                let set = self.secret(&format!("AUTHZ_{it}"))?;
                let warning = format!("AUTHZ_{it} has no effect: AUTHZ_INTROSPECTION is off");
                self.warnings.extend(set.map(|_| warning));
            }
            return Ok(None);
        };
        let required = value::one_of(&value::REQUIRED);
        let signed = self.take("AUTHZ_INTROSPECTION_SIGNED", required)?;
        let client = self.take("AUTHZ_CLIENT_ID", |id| Ok::<_, &str>(id.to_owned()))?;
        let secret = self.secret("AUTHZ_CLIENT_SECRET")?;
        let key = self.take("AUTHZ_CLIENT_KEY", value::signing_key)?;
        let missing = "is not set, though AUTHZ_INTROSPECTION is: give the client by which this API asks the issuer about tokens";
        let client = client.ok_or_else(|| format!("AUTHZ_CLIENT_ID {missing}"))?;
        let client = match (secret, key) {
            (Some(secret), None) => ClientAuthentication::client_secret_basic(client, secret),
            (None, Some(key)) => ClientAuthentication::private_key_jwt(client, move |it: &str| {
                let assertion = TokenBuilder::new(&key).typ(Some("JWT")).kid(None);
                Ok(assertion.raw_payload(it).build())
            }),
            (None, None) => return Err(format!("AUTHZ_CLIENT_SECRET {missing}")),
            _ => return Err("AUTHZ_CLIENT_SECRET and AUTHZ_CLIENT_KEY: unset one of them".into()),
        };
        let introspection = introspect(client);
        Ok(Some(match signed {
            Some(true) => introspection.signed(),
            _ => introspection,
        }))
    }
}

#[cfg(test)]
mod tests;
