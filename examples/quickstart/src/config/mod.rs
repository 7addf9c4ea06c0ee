//! The configuration: environment variables alone, all read before anything is started, and the file
//! that one of them may name.

mod error;
mod value;

use std::{
    env,
    ffi::OsString,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use authz_core::{Algorithm, rules::Rules};
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
    /// What is logged.
    pub log: EnvFilter,
    /// What the operator should hear of, though it stops nothing.
    pub warnings: Vec<Ignored>,
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
        Self::from_lookup(|variable| env::var_os(variable))
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
            log,
            warnings,
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

        let (named_by, issuer) = match (issuer, domain) {
            // Nothing is fetched from it then: it is compared with `iss`, and may be any text.
            (Some(setting), _) if jwks_uri.is_some() => (setting.variable, setting.value),
            (Some(setting), _) => (setting.variable, value::issuer(setting)?),
            (None, Some(setting)) => (setting.variable, value::domain(&setting)?),
            (None, None) => {
                // Half a configuration is a mistake, and not a wish for the development issuer.
                let half = audience.or(short_audience).or(jwks_uri);
                return match half {
                    Some(half) => Err(ConfigError::MissingIssuer { set: half.variable }),
                    None => Ok(None),
                };
            }
        };
        let Some(audience) = audience.or(short_audience) else {
            return Err(ConfigError::MissingAudience { set: named_by });
        };
        let jwks_uri = jwks_uri.map(value::jwks_uri).transpose()?;
        Ok(Some(TrustedIssuer {
            issuer,
            audiences: value::audiences(&audience)?,
            jwks_uri,
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
