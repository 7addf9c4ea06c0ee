use std::time::Duration;

/// The state of [`Revocations`](super::Revocations).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RevocationsStatus {
    /// The number of entries.
    pub entries: usize,
    /// The maximum number of entries.
    pub max_entries: usize,
    /// The memory of the entries, in bytes.
    pub bytes: usize,
    /// The feeds.
    pub feeds: Vec<FeedStatus>,
}

/// The state of a [`Feed`](super::Feed).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FeedStatus {
    /// The name.
    pub name: String,
    /// Time since the feed was last in step, or `None` if it has never been.
    pub age: Option<Duration>,
    /// The age from which the feed is out of step.
    pub max_staleness: Duration,
    /// Whether the feed is in step.
    pub in_step: bool,
}
