//! The questions, in the order of the report.

mod backends;
mod cold;
mod curves;
mod dpop;
mod introspection;
mod policy;
mod refusals;
#[cfg(all(feature = "store", unix))]
mod replay;
mod revocation;
#[cfg(feature = "routes")]
pub mod routes;
mod stages;
mod threads;
mod tokens;
mod warm;

use crate::Group;

/// Every group there is.
#[must_use]
pub fn all() -> Vec<Group> {
    [
        cold::groups(),
        warm::groups(),
        #[cfg(feature = "routes")]
        routes::groups(),
        stages::groups(),
        policy::groups(),
        refusals::groups(),
        revocation::groups(),
        dpop::groups(),
        #[cfg(all(feature = "store", unix))]
        replay::groups(),
        introspection::groups(),
        threads::groups(),
        curves::groups(),
        backends::groups(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Those that a name on the command line asks for: it begins the group's name, or goes on after it.
#[must_use]
pub fn named(filter: Option<&str>) -> Vec<Group> {
    let wanted = |group: &Group| {
        filter.is_none_or(|filter| group.id.starts_with(filter) || filter.starts_with(&group.id))
    };
    all().into_iter().filter(wanted).collect()
}
