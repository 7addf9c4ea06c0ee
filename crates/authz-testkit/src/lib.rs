#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod fault;
mod issuer;
mod key;
mod lock;
mod random;
mod server;
mod token;

pub use authz_core::Algorithm;

pub use fault::Fault;
pub use issuer::{DevIssuer, DevIssuerBuilder, Hold, RequestCounts, StartError};
pub use key::{InvalidKey, SigningKey};
pub use token::{TokenBuilder, TokenStyle};
