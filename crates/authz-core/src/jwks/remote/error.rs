use std::{fmt, path::PathBuf, time::Duration};

use http::StatusCode;

use super::DiscoveryError;
use crate::{
    jwks::KeySetError,
    untrusted::{Bounded, ERROR_BYTES, Excerpt, debug_as_displayed},
};

/// Why a provider of remote keys can't be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteJwksError {
    /// Not a URL.
    #[error("{what} {} is not a URL: {source}", Excerpt(url))]
    InvalidUrl {
        /// `issuer` or `key set address`.
        what: &'static str,
        /// What was given.
        url: String,
        /// Why.
        source: url::ParseError,
    },
    /// Plain http, or another scheme: anybody between could put in keys of their own.
    #[error(
        "{what} {} does not use https: plain http is accepted for loopback hosts, and for hosts named with `RemoteJwksBuilder::dangerous_allow_http`",
        Excerpt(url)
    )]
    InsecureUrl {
        /// `issuer` or `key set address`.
        what: &'static str,
        /// What was given.
        url: String,
    },
    /// A setting that can't work.
    #[error("{0}")]
    InvalidSetting(&'static str),
    /// A duration that is zero or longer than a hundred years.
    #[error("{setting} is {value:?}: it must be more than zero and at most 100 years")]
    InvalidDuration {
        /// The setting: the name of the builder's method.
        setting: &'static str,
        /// What was given.
        value: Duration,
    },
    /// A name given to [`RemoteJwksBuilder::dangerous_allow_http`](super::RemoteJwksBuilder::dangerous_allow_http)
    /// that is not a host name.
    #[error(
        "{} is not a host name: give the host alone, without scheme, port and path",
        Excerpt(host)
    )]
    InvalidHost {
        /// What was given.
        host: String,
    },
    /// The file of certificate authorities can't be read.
    #[error("the file of certificate authorities {} can't be read: {source}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The certificate authorities can't be used.
    #[error("the certificate authorities can't be used: {0}")]
    InvalidCa(#[source] FetchError),
    /// The HTTP client could not be made.
    #[error("the HTTP client could not be made: {0}")]
    Client(#[source] FetchError),
    /// Neither the default client is compiled in nor another given.
    #[error(
        "there is no HTTP client: enable the feature `reqwest`, or give one with `RemoteJwksBuilder::fetcher`"
    )]
    NoFetcher,
}

/// Why newer keys could not be had.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The key set could not be fetched.
    #[error("the key set at {url} could not be fetched: {source}")]
    Fetch {
        /// Where.
        url: String,
        /// Why.
        source: FetchError,
    },
    /// What was fetched is no usable key set.
    #[error("the key set at {url} is not usable: {source}")]
    KeySet {
        /// Where.
        url: String,
        /// Why.
        source: KeySetError,
    },
    /// The issuer's metadata does not lead to a key set.
    #[error("the key set of issuer {} was not found: {source}; tried {}", Excerpt(issuer), tried.join(", "))]
    Discovery {
        /// The configured issuer.
        issuer: String,
        /// Why: the error of the first place, or of the place that ended the search.
        source: DiscoveryError,
        /// The addresses that were tried, in this order.
        tried: Vec<String>,
    },
    /// The server says that the keys are still the same (304), but they have lapsed meanwhile.
    #[error("the key server answered 304 Not Modified, but no keys are held any more")]
    NotModifiedWithoutKeys,
    /// The fetcher, or the log subscriber, panicked.
    #[error("the fetch ended with a panic, in the fetcher or in a log subscriber")]
    Panicked,
    /// Keys are missing, and no tokio runtime is running that could fetch them.
    #[error("keys can't be fetched here: no tokio runtime is running")]
    NoRuntime,
    /// No keys have been fetched yet, and no attempt has ended.
    #[error("no keys have been fetched yet")]
    NotFetchedYet,
    /// The task that fetched was stopped, as at the end of its runtime.
    #[error("the fetch was stopped before it ended")]
    Stopped,
    /// The keys could not be confirmed for longer than the outage window.
    #[error("the keys were last confirmed {} s ago, longer than the outage window allows", age.as_secs())]
    Lapsed {
        /// Time since they were confirmed.
        age: Duration,
    },
    /// A provider of the user's own failed.
    #[error("the keys are not available: {}", Bounded(.0, ERROR_BYTES))]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why an HTTP request for keys or metadata failed.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// No answer within the time limit.
    #[error("no complete answer within {} ms", limit.as_millis())]
    Timeout {
        /// The limit.
        limit: Duration,
    },
    /// A status that is no success.
    #[error("the server answered {status}")]
    Status {
        /// The status.
        status: StatusCode,
        /// How long the server asked to wait.
        retry_after: Option<Duration>,
    },
    /// A content coding that was not asked for.
    #[error("the answer is encoded ({}), though no content coding was asked for", Excerpt(.0))]
    ContentCoding(String),
    /// More bytes than the limit.
    #[error("the answer is longer than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// A redirect that is not followed: to another origin, or one too many.
    #[error("the answer is a redirect that is not followed: {}", Bounded(.0, ERROR_BYTES))]
    Redirect(String),
    /// The connection could not be made or broke.
    #[error("the request failed: {}", Bounded(.0, ERROR_BYTES))]
    Transport(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl KeysError {
    /// Whether the key set is not at its address any more.
    pub(super) fn is_gone(&self) -> bool {
        let Self::Fetch {
            source: FetchError::Status { status, .. },
            ..
        } = self
        else {
            return false;
        };
        matches!(*status, StatusCode::NOT_FOUND | StatusCode::GONE)
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Fetch {
                source: FetchError::Status { retry_after, .. },
                ..
            }
            | Self::Discovery {
                source:
                    DiscoveryError::Fetch {
                        source: FetchError::Status { retry_after, .. },
                        ..
                    },
                ..
            } => *retry_after,
            _ => None,
        }
    }
}

impl fmt::Debug for KeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_as_displayed("KeysError", self, f)
    }
}

impl fmt::Debug for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_as_displayed("FetchError", self, f)
    }
}
