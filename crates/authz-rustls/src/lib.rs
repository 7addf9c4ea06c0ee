#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
// For the library only: tests, examples and tools may panic.
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[cfg(feature = "axum")]
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
pub mod axum;
mod config;
#[cfg(any(feature = "axum", feature = "hyper"))]
mod connection;
mod error;
#[cfg(feature = "hyper")]
#[cfg_attr(docsrs, doc(cfg(feature = "hyper")))]
pub mod hyper;
mod listener;
#[cfg(feature = "poem")]
#[cfg_attr(docsrs, doc(cfg(feature = "poem")))]
pub mod poem;
mod verifier;

pub use authz_core::{ClientCertificate, PeerAddress};
pub use rustls;

#[cfg(any(feature = "axum", feature = "hyper"))]
pub use crate::connection::WithConnection;
pub use crate::{
    config::{ClientAuth, TlsConfig},
    error::{TlsError, TlsErrorKind},
    listener::{TlsListener, client_certificate},
    verifier::AnyClientCertificate,
};
