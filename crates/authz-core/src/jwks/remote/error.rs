use std::time::Duration;

use http::StatusCode;

use super::DiscoveryError;
use crate::jwks::KeySetError;

/// Why a provider of remote keys can't be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteJwksError {
    /// Not a URL.
    #[error("{what} {url:?} is not a URL: {source}")]
    InvalidUrl {
        /// `issuer` or `key set address`.
        what: &'static str,
        /// What was given.
        url: String,
        /// Why.
        source: url::ParseError,
    },
    /// Plain http, or another scheme: anybody between could put in keys of their own.
    #[error("{what} {url:?} does not use https: plain http is accepted for loopback hosts only")]
    InsecureUrl {
        /// `issuer` or `key set address`.
        what: &'static str,
        /// What was given.
        url: String,
    },
    /// A setting that can't work.
    #[error("{0}")]
    InvalidSetting(&'static str),
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
#[derive(Debug, thiserror::Error)]
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
    #[error("the key set of issuer {issuer:?} was not found: {source}")]
    Discovery {
        /// The configured issuer.
        issuer: String,
        /// Why.
        source: DiscoveryError,
    },
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
    #[error("the keys are not available: {0}")]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why an HTTP request for keys or metadata failed.
#[derive(Debug, thiserror::Error)]
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
    /// More bytes than the limit.
    #[error("the answer is longer than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// A redirect that is not followed: to another origin, or one too many.
    #[error("the answer is a redirect that is not followed: {0}")]
    Redirect(String),
    /// The connection could not be made or broke.
    #[error("the request failed: {0}")]
    Transport(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl KeysError {
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
