use std::{ops::Deref, time::Duration};

use super::list::Revocations;

/// A source of entries that many processes share, such as a store or an event stream.
///
/// It adds entries as [`Revocations`] does, to which it dereferences, and tells when it was last in step
/// with its source. If it is out of step for longer than its maximum staleness and the
/// [outage window](super::RevocationsBuilder::outage_window), requests get 503 with
/// [`Reason::RevocationsUnavailable`](crate::Reason::RevocationsUnavailable), because a token may have been
/// revoked since.
///
/// ```
/// # use std::time::{Duration, SystemTime};
/// # use authz_core::{Revocations, RevocationsFull};
/// # fn example(read: impl Fn() -> Option<Vec<(String, SystemTime)>>) -> Result<(), RevocationsFull> {
/// let revocations = Revocations::builder()
///     .outage_window(Duration::from_secs(10 * 60))
///     .build();
/// let feed = revocations.feed("deny list", Duration::from_secs(5));
/// // In a task, every second:
/// if let Some(entries) = read() {
///     for (token_id, until) in entries {
///         feed.deny_token("https://login.example/", &token_id, until)?;
///     }
///     feed.in_step();
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Feed {
    revocations: Revocations,
    index: usize,
}

impl Revocations {
    /// Registers a feed, or returns the feed of this name with another staleness.
    ///
    /// A feed is out of step until its first [`in_step`](Feed::in_step): with the default outage window,
    /// requests get 503 until then. It stays registered when its handles are dropped, so a task that dies
    /// does not go unnoticed.
    #[must_use]
    pub fn feed(&self, name: &str, max_staleness: Duration) -> Feed {
        let index = self.feeds().register(name, max_staleness);
        self.use_feeds();
        Feed {
            revocations: self.clone(),
            index,
        }
    }
}

impl Feed {
    /// Records that all entries of the source are in the list. Don't call it if an entry could not be added.
    ///
    /// The time counts from this call, so a revocation takes effect within the maximum staleness plus the
    /// time that one read of the source takes.
    pub fn in_step(&self) {
        self.revocations.feeds().in_step(self.index);
    }
}

impl Deref for Feed {
    type Target = Revocations;

    fn deref(&self) -> &Self::Target {
        &self.revocations
    }
}
