//! The table, part by part.

mod credentials;
mod extractors;
mod forgotten;
mod keys;
mod metadata;
mod methods;
mod misfits;
mod policies;
mod rules;
mod settings;
mod sources;
mod tenants;
mod tokens;

pub use self::{
    credentials::{credentials, optional},
    extractors::extractors,
    forgotten::forgotten,
    keys::{keys, outage},
    metadata::metadata,
    methods::methods,
    misfits::misfits,
    policies::policies,
    rules::rules,
    settings::{references, settings},
    sources::{instead_of_authorization, sources},
    tenants::tenants,
    tokens::tokens,
};
