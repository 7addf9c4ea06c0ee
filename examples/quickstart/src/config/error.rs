use std::io;

use authz_core::{Algorithm, rules::RulesError};

/// Why the environment is no configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Something is said about the tokens, but not who issues them.
    #[error(
        "AUTHZ_ISSUER is not set, though {set} is: give the issuer exactly as in the tokens' \
         \"iss\", as with AUTHZ_ISSUER=https://tenant.eu.auth0.com/ (or AUTH0_DOMAIN), or unset \
         {set} to try the server with its own development issuer"
    )]
    MissingIssuer {
        /// The variable that is set.
        set: &'static str,
    },
    /// The issuer is there, but not for which API its tokens have to be.
    #[error(
        "AUTHZ_AUDIENCE is not set, though {set} is: give the identifier of this API, as with \
         AUTHZ_AUDIENCE=https://quickstart.example/api (or AUTH0_AUDIENCE); without it, tokens \
         meant for other APIs would be accepted"
    )]
    MissingAudience {
        /// The variable that is set.
        set: &'static str,
    },
    /// A variable's value is no good.
    #[error("{variable}={value:?} {mistake}")]
    Invalid {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it.
        #[source]
        mistake: Mistake,
    },
}

/// What is wrong with a value, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Mistake {
    /// Not UTF-8.
    #[error("is not text in UTF-8")]
    NotText,
    /// Not a URL.
    #[error("is not an absolute URL ({0}): it begins with https:// and a host name")]
    NotUrl(#[source] url::ParseError),
    /// Keys over plain http: whoever is on the way could replace them.
    #[error(
        "does not begin with https://; plain http is for this machine's own addresses and the \
         hosts of AUTHZ_ALLOW_HTTP only"
    )]
    Insecure,
    /// Metadata lead to keys whose address is given already.
    #[error("would never be used, because {0} says where the keys are: unset one of the two")]
    KeysGiven(&'static str),
    /// Not the name of a host.
    #[error(
        "names {0:?}, which is not a host: leave out the scheme, the port and the path, as in keycloak"
    )]
    NotHttpHost(String),
    /// No certificate in the file.
    #[error("has no certificate in it: give a PEM file with -----BEGIN CERTIFICATE-----")]
    NoCertificate,
    /// Every page of the web, or an open part of an origin.
    #[error(
        "allows origins that nobody listed: list them one by one, separated by commas, as in \
         https://app.example"
    )]
    AnyOrigin,
    /// Not an origin.
    #[error(
        "names {0:?}, which is not an origin: give scheme, host and port as browsers send them, \
         without a path or a slash at the end, as in https://app.example"
    )]
    NotOrigin(String),
    /// The domain has more or less than a host in it.
    #[error("is not a domain: leave out https:// and the path, as in tenant.eu.auth0.com")]
    NotDomain,
    /// Nothing between two commas.
    #[error("has an empty part: separate several values by single commas")]
    EmptyPart,
    /// No such algorithm.
    #[error(
        "names {0:?}: use one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA"
    )]
    UnknownAlgorithm(String),
    /// HS256, HS384 or HS512.
    #[error(
        "names {0}, whose tokens are checked with a secret that is shared with the issuer: this \
         server has no setting for one and takes public keys only; let the issuer sign with RS256 \
         or ES256"
    )]
    SharedSecret(Algorithm),
    /// Not a port.
    #[error("is not a port: give a number from 0 to 65535, where 0 is any free one")]
    NotPort,
    /// Not an address.
    #[error("is not an IP address: give one as in 127.0.0.1, 0.0.0.0 or ::1, or localhost")]
    NotHost,
    /// Not a resource identifier.
    #[error(
        "is not an absolute https URL without fragment, which a resource identifier is (RFC 9728 \
         section 1.2), as in https://api.example; plain http is for this machine's own addresses only"
    )]
    NotResource,
    /// No such file, or nobody lets us read it.
    #[error("cannot be read ({0}): a relative path begins where the server is started")]
    Unreadable(#[source] io::Error),
    /// Not a table of rules.
    #[error("is no table of rules: {0}")]
    NotRules(#[source] RulesError),
    /// Not a filter.
    #[error("is not a log filter ({0}): give a level, as in info or debug, or target=level")]
    NotLogFilter(#[source] tracing_subscriber::filter::ParseError),
}
