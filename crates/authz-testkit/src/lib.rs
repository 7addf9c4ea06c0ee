#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod caller;
#[cfg(feature = "dashboard")]
mod client;
#[cfg(feature = "dashboard")]
mod dashboard;
mod dpop;
mod fault;
#[cfg(feature = "dashboard")]
mod inspector;
mod issuer;
mod key;
mod lock;
mod poll_endpoint;
mod random;
#[cfg(feature = "dashboard")]
mod registry;
mod server;
#[cfg(feature = "dashboard")]
pub mod snippets;
mod state;
mod token;
mod transmitter;

pub use authz_core::Algorithm;

pub use caller::{CallerBuilder, caller};
#[cfg(feature = "dashboard")]
pub use dashboard::settings::Dashboard;
pub use fault::Fault;
#[cfg(feature = "dashboard")]
pub use inspector::Inspector;
pub use issuer::{DevIssuer, builder::DevIssuerBuilder, hold::Hold, port::StartError};
pub use key::{InvalidKey, SigningKey};
pub use poll_endpoint::PollEndpoint;
#[cfg(feature = "dashboard")]
pub use registry::{Registry, RegistryError};
pub use state::counts::RequestCounts;
pub use token::{TokenBuilder, TokenStyle};
pub use transmitter::Transmitter;
