//! Sources of verification keys (RFC 7517).
//!
//! A [`JwksProvider`] has two methods to find keys, so that a request with a known key never waits:
//! [`lookup`](JwksProvider::lookup) searches the keys that are known now.
//! [`refresh`](JwksProvider::refresh) waits for newer keys if the key is missing.
//!
//! | provider | for |
//! |---|---|
//! | [`RemoteJwks`] | an issuer's key set over HTTP, found by discovery or at a given address |
//! | [`StaticKeys`] | keys that are configured at start: a JWK Set, PEM |
//! | [`SharedSecret`] | HS256, HS384 or HS512, which you also add to [`Issuer::algorithms`](crate::Issuer::algorithms) |
//!
//! For any other source (certificates by `kid`, a database, a hardware module), implement the
//! trait.

mod address;
mod candidates;
mod combined;
mod endpoints;
mod error;
mod fetch_error;
mod fixed;
mod jwk;
mod key_set;
mod key_set_error;
mod provider;
mod remote;

#[cfg(feature = "status-list")]
pub(crate) use address::is_loopback;
#[cfg(feature = "reqwest")]
pub use remote::ReqwestFetcher;
#[cfg(feature = "ssf")]
pub(crate) use remote::{Backoff, Schedule};
pub(crate) use {
    address::{Address, redact},
    combined::CombinedKeys,
    jwk::Jwk,
    remote::{RemoteEndpoint, UnknownKids},
};
pub use {
    candidates::KeyCandidates,
    endpoints::IssuerEndpoints,
    error::{KeysError, KeysErrorKind},
    fetch_error::{FetchError, FetchErrorKind},
    fixed::{SharedSecret, StaticKeys},
    key_set::{KeySet, ParsedKeySet},
    key_set_error::{KeySetError, KeySetErrorKind, SkippedKey},
    provider::{JwksProvider, KeyLookup, KeyStatus, MissingKeys, RefreshReason, UnknownKey},
    remote::{
        FetchRequest, Fetched, Fetcher, PostRequest, RefreshMode, RemoteJwks, RemoteJwksBuilder,
        RemoteJwksError, RemoteJwksErrorKind,
    },
};
