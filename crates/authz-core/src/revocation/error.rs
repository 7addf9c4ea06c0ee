/// The list of revocations is full, so an entry was not added.
///
/// Existing entries are never dropped before their end. Raise
/// [`max_bytes`](super::RevocationsBuilder::max_bytes), or replace many entries by one about a subject, a
/// session or a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the list of revocations is full: it has {entries} entries, so raise `max_bytes`")]
#[non_exhaustive]
pub struct RevocationsFull {
    /// The number of entries.
    pub entries: usize,
}
