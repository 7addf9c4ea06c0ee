//! The configuration: environment variables alone, all read before anything is started, and the file
//! that one of them may name.

mod error;
mod value;

use std::{
    cell::RefCell,
    env,
    ffi::OsString,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use authz_core::{Algorithm, rules::Rules};
use http::HeaderValue;
use tracing_subscriber::EnvFilter;

pub use self::error::{ConfigError, Mistake};

/// What the environment says.
#[derive(Debug)]
#[non_exhaustive]
pub struct Config {
    /// The issuer of the tokens to accept. Without one, the server brings a development issuer.
    pub issuer: Option<TrustedIssuer>,
    /// The accepted algorithms.
    pub algorithms: Vec<Algorithm>,
    /// Where to listen; port 0 is any free one.
    pub address: SocketAddr,
    /// This API's resource identifier (RFC 9728 section 1.2).
    pub resource: Option<String>,
    /// Who may do what, in place of the policies in the server's code.
    pub rules: Option<Rules>,
    /// The origins whose pages may call this API, as browsers spell them.
    pub cors_origins: Vec<HeaderValue>,
    /// What is logged.
    pub log: EnvFilter,
    /// What the operator should hear of, though it stops nothing.
    pub warnings: Vec<Ignored>,
    /// Variables that are set, have names like these, and mean nothing: likely misspelt.
    pub unknown: Vec<String>,
}

/// An issuer that runs elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrustedIssuer {
    /// The issuer, exactly as in the token's `iss`.
    pub issuer: String,
    /// The identifiers of this API, of which a token has to name one.
    pub audiences: Vec<String>,
    /// Where the keys are, in place of discovery.
    pub jwks_uri: Option<String>,
    /// Where the issuer's metadata are, in place of the address that is made from the issuer.
    pub discovery_url: Option<String>,
    /// Hosts that keys and metadata may be fetched from by plain http, besides this machine.
    pub http_hosts: Vec<String>,
    /// PEM file of certificate authorities trusted for the issuer, besides the system's.
    pub ca_file: Option<PathBuf>,
}

/// A variable without effect, because another says something else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable}={value} is ignored: {instead}={used} comes first")]
pub struct Ignored {
    variable: &'static str,
    value: String,
    instead: &'static str,
    used: String,
}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    ///
    /// The first variable that is wrong.
    pub fn from_env() -> Result<Self, ConfigError> {
        let known = RefCell::new(Vec::new());
        let mut config = Self::from_lookup(|variable| {
            known.borrow_mut().push(variable.to_owned());
            env::var_os(variable)
        })?;
        let known = known.into_inner();
        config.unknown = env::vars_os()
            .filter(|(_, value)| !value.is_empty())
            .filter_map(|(variable, _)| variable.into_string().ok())
            .filter(|it| it.starts_with("AUTHZ_") && !known.contains(it))
            .collect();
        Ok(config)
    }

    /// Reads the variables that `lookup` gives.
    ///
    /// # Errors
    ///
    /// The first variable that is wrong.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, ConfigError> {
        let environment = Environment { lookup };
        let mut warnings = Vec::new();
        let issuer = environment.issuer(&mut warnings)?;
        let algorithms = match environment.get("AUTHZ_ALGORITHMS")? {
            Some(setting) => value::algorithms(&setting)?,
            None => vec![Algorithm::RS256],
        };
        let host = match environment.get("HOST")? {
            Some(setting) => value::host(&setting)?,
            None => IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        let port = match environment.get("PORT")? {
            Some(setting) => value::port(&setting)?,
            None => DEFAULT_PORT,
        };
        let resource = match environment.get("AUTHZ_RESOURCE")? {
            Some(setting) => Some(value::resource(setting)?),
            None => None,
        };
        let rules = match environment.get("AUTHZ_RULES")? {
            Some(setting) => Some(value::rules(&setting)?),
            None => None,
        };
        let cors_origins = match environment.get("AUTHZ_CORS_ORIGINS")? {
            Some(setting) => value::origins(&setting)?,
            None => Vec::new(),
        };
        let log = match environment.get("RUST_LOG")? {
            Some(setting) => value::log_filter(&setting)?,
            None => EnvFilter::new("info"),
        };
        Ok(Self {
            issuer,
            algorithms,
            address: SocketAddr::new(host, port),
            resource,
            rules,
            cors_origins,
            log,
            warnings,
            unknown: Vec::new(),
        })
    }
}

/// Where an example server listens unless told otherwise.
const DEFAULT_PORT: u16 = 3010;

/// A variable that is set, and to what.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Setting {
    variable: &'static str,
    value: String,
}

struct Environment<F> {
    lookup: F,
}

impl<F: Fn(&str) -> Option<OsString>> Environment<F> {
    /// The variable without white space around its value. One that is set to nothing is not set:
    /// that is what compose files make of a variable nobody gave them.
    fn get(&self, variable: &'static str) -> Result<Option<Setting>, ConfigError> {
        let Some(value) = (self.lookup)(variable) else {
            return Ok(None);
        };
        let value = value.into_string().map_err(|value| ConfigError::Invalid {
            variable,
            value: value.to_string_lossy().into_owned(),
            mistake: Mistake::NotText,
        })?;
        let value = value.trim();
        Ok((!value.is_empty()).then(|| Setting {
            variable,
            value: value.to_owned(),
        }))
    }

    fn issuer(&self, warnings: &mut Vec<Ignored>) -> Result<Option<TrustedIssuer>, ConfigError> {
        let issuer = self.get("AUTHZ_ISSUER")?;
        let domain = self.get("AUTH0_DOMAIN")?;
        let audience = self.get("AUTHZ_AUDIENCE")?;
        let short_audience = self.get("AUTH0_AUDIENCE")?;
        let jwks_uri = self.get("AUTHZ_JWKS_URI")?;
        let discovery_url = self.get("AUTHZ_DISCOVERY_URL")?;
        let http_hosts = self.get("AUTHZ_ALLOW_HTTP")?;
        let ca_file = self.get("AUTHZ_CA_FILE")?;

        if let (Some(used), Some(ignored)) = (&issuer, &domain)
            && used.value != value::auth0_issuer(&ignored.value)
        {
            warnings.push(Ignored::new(ignored, used));
        }
        if let (Some(used), Some(ignored)) = (&audience, &short_audience)
            && used.value != ignored.value
        {
            warnings.push(Ignored::new(ignored, used));
        }

        if let (Some(keys), Some(metadata)) = (&jwks_uri, &discovery_url) {
            return Err(metadata.mistake(Mistake::KeysGiven(keys.variable)));
        }
        // Half a configuration is a mistake, and not a wish for the development issuer.
        let half = [&audience, &short_audience, &jwks_uri, &discovery_url];
        let half = half.into_iter().chain([&http_hosts, &ca_file]);
        let half = half.flatten().map(|setting| setting.variable).next();
        let hosts = match &http_hosts {
            Some(setting) => value::http_hosts(setting)?,
            None => Vec::new(),
        };
        let ca_file = ca_file.as_ref().map(value::ca_file).transpose()?;
        let elsewhere = jwks_uri.is_some() || discovery_url.is_some();
        let (named_by, issuer) = match (issuer, domain) {
            // Nothing is fetched from it then: it is compared with `iss`, and may be any text.
            (Some(setting), _) if elsewhere => (setting.variable, setting.value),
            (Some(setting), _) => (setting.variable, value::key_server(setting, &hosts)?),
            (None, Some(setting)) => (setting.variable, value::domain(&setting)?),
            (None, None) => {
                return match half {
                    Some(set) => Err(ConfigError::MissingIssuer { set }),
                    None => Ok(None),
                };
            }
        };
        let Some(audience) = audience.or(short_audience) else {
            return Err(ConfigError::MissingAudience { set: named_by });
        };
        let fetched_from = |setting| value::key_server(setting, &hosts);
        let jwks_uri = jwks_uri.map(fetched_from).transpose()?;
        let discovery_url = discovery_url.map(fetched_from).transpose()?;
        Ok(Some(TrustedIssuer {
            issuer,
            audiences: value::audiences(&audience)?,
            jwks_uri,
            discovery_url,
            http_hosts: hosts,
            ca_file,
        }))
    }
}

impl Ignored {
    fn new(ignored: &Setting, used: &Setting) -> Self {
        Self {
            variable: ignored.variable,
            value: ignored.value.clone(),
            instead: used.variable,
            used: used.value.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
