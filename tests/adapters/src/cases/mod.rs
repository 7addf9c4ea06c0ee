//! The table, part by part.

mod credentials;
mod extractors;
mod keys;
mod methods;
mod policies;
mod settings;
mod sources;
mod tokens;

pub use self::{
    credentials::{credentials, optional},
    extractors::extractors,
    keys::{keys, outage},
    methods::methods,
    policies::policies,
    settings::settings,
    sources::sources,
    tokens::tokens,
};
