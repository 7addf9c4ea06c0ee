//! The table, part by part.

mod credentials;
mod extractors;
mod forgotten;
mod keys;
mod methods;
mod policies;
mod settings;
mod sources;
mod tokens;

pub use self::{
    credentials::{credentials, optional},
    extractors::extractors,
    forgotten::forgotten,
    keys::{keys, outage},
    methods::methods,
    policies::policies,
    settings::settings,
    sources::sources,
    tokens::tokens,
};
