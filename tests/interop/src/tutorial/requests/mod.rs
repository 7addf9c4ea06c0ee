//! The requests that are sent to the tutorial's server and to ours.
//!
//! One line per request: how it is sent, what its token is, and what is expected. Adding a case is
//! adding a line. Where ours answers otherwise on purpose, the line names one of
//! [`differences`](super::differences).

mod claims;
mod endpoints;
mod row;
mod sending;
mod signatures;

pub(crate) use self::row::{Expected, Row};

/// Every request, in the order in which they are sent.
pub(crate) fn all() -> Vec<Row> {
    [
        endpoints::rows(),
        sending::rows(),
        claims::rows(),
        signatures::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{super::differences, Expected, all};

    #[test]
    fn every_request_has_a_name_of_its_own() {
        let rows = all();
        let names: BTreeSet<_> = rows.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), rows.len());
    }

    #[test]
    fn every_difference_is_known_and_used() {
        let used: BTreeSet<_> = all()
            .iter()
            .filter_map(|row| match row.expected {
                Expected::Differs(name) => Some(name),
                Expected::Same(_) => None,
            })
            .collect();
        let known: BTreeSet<_> = differences::ALL.iter().map(|known| known.name).collect();
        assert_eq!(used, known);
    }
}
