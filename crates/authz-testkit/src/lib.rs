#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod caller;
mod fault;
mod issuer;
mod key;
mod lock;
mod random;
mod server;
mod state;
mod token;

pub use authz_core::Algorithm;

pub use caller::{CallerBuilder, caller};
pub use fault::Fault;
pub use issuer::{DevIssuer, builder::DevIssuerBuilder, hold::Hold, port::StartError};
pub use key::{InvalidKey, SigningKey};
pub use state::counts::RequestCounts;
pub use token::{TokenBuilder, TokenStyle};
