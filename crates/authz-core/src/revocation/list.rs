use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::{
    error::RevocationsFull,
    fingerprint::{Fingerprinter, Fingerprints, RevokedBy},
    staleness::Feeds,
    status::RevocationsStatus,
    table::{EntryBudget, RevocationEntry, Table},
};
use crate::clock::{Clock, since_1970};

/// A list of revoked tokens, in memory. Clones share it.
///
/// An authorizer asks it on every request, before the policy: see
/// [`AuthorizerBuilder::revocations`](crate::AuthorizerBuilder::revocations). Revoked tokens get 401
/// `invalid_token` with [`Reason::Revoked`](crate::Reason::Revoked).
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use authz_core::{Authorizer, Issuer, Revocations};
///
/// let revocations = Revocations::new();
/// let builder = Authorizer::builder().revocations(revocations.clone());
///
/// // The user has logged out everywhere. The issuer's tokens live for an hour at most.
/// let now = SystemTime::now();
/// let until = now + Duration::from_secs(60 * 60 + 60);
/// revocations.deny_subject("https://login.example/", "auth0|123", now, until)?;
/// # Ok::<(), authz_core::RevocationsFull>(())
/// ```
///
/// # Entries
///
/// An entry is about the tokens of one issuer: one token (`jti`), or all tokens of a subject (`sub`), of a
/// session (`sid`) or of a client (`client_id`, or else `azp`) that were issued before a time. A token
/// without `iat` counts as issued before any time, because it can't show that it is newer. `iat` has whole
/// seconds, so a token issued within the second of `issued_before` is revoked too.
///
/// `until` is the end of the entry: after the longest lifetime of the tokens that it is about, with the
/// allowed clock skew. An entry that has ended has no effect.
///
/// Calls are idempotent and may arrive in any order: of two entries about the same name, the later
/// `issued_before` and the later `until` count.
///
/// # Cost
///
/// A list that was never used costs a request one atomic load. Otherwise a request reads at most one shard
/// for each of the four kinds of entries, without an allocation. An entry takes at most 76 bytes, whatever
/// the length of its name: the list stores hashes with random keys (SipHash, 128 bits).
#[derive(Clone)]
pub struct Revocations(Arc<RevocationList>);

struct RevocationList {
    /// Set with the first entry or feed.
    is_used: AtomicBool,
    fingerprinter: Fingerprinter,
    tables: [Table; RevokedBy::ALL.len()],
    budget: EntryBudget,
    /// When the whole list was swept, in seconds since 1970.
    swept_at: AtomicU64,
    feeds: Feeds,
    clock: Arc<dyn Clock>,
}

/// The standing of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RevocationStanding {
    Good,
    /// The claim that an entry or a status list is about.
    Revoked(&'static str),
    /// A feed or a status list is out of step for too long.
    Unknown {
        retry_after: Duration,
    },
    /// The token's status list must be fetched first.
    #[cfg(feature = "status-list")]
    NeedsList,
}

/// The `Retry-After` while a feed is out of step.
const RETRY_AFTER: Duration = Duration::from_secs(5);

impl Revocations {
    /// Returns the number of entries. It includes entries that have ended and are not removed yet: a shard
    /// is swept at most once a minute, when it gets a new entry.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.budget.used.load(Ordering::SeqCst)
    }

    /// Returns `true` if the list has no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes the entries that have ended, and returns the status for operators.
    #[must_use]
    pub fn status(&self) -> RevocationsStatus {
        let now = self.now();
        for table in &self.0.tables {
            table.sweep(now, &self.0.budget);
        }
        RevocationsStatus {
            entries: self.len(),
            max_entries: self.0.budget.max,
            bytes: self.0.tables.iter().map(Table::bytes).sum(),
            feeds: self.0.feeds.status(),
        }
    }

    pub(super) fn deny(
        &self,
        kind: RevokedBy,
        issuer: &str,
        name: &str,
        entry: RevocationEntry,
    ) -> Result<(), RevocationsFull> {
        let list = &*self.0;
        let now = self.now();
        if entry.until <= now {
            return Ok(());
        }
        list.is_used.store(true, Ordering::SeqCst);
        let key = list.fingerprinter.of(kind, issuer, name);
        let insert = || self.table(kind).insert(key, entry, now, &list.budget);
        if insert() {
            return Ok(());
        }
        // At most once per second: entries end by whole seconds.
        if list.swept_at.swap(now, Ordering::SeqCst) != now {
            for table in &list.tables {
                table.sweep(now, &list.budget);
            }
            if insert() {
                return Ok(());
            }
        }
        Err(RevocationsFull {
            entries: list.budget.max,
        })
    }

    pub(super) fn allow(&self, kind: RevokedBy, issuer: &str, name: &str) -> bool {
        let key = self.0.fingerprinter.of(kind, issuer, name);
        self.table(kind).remove(key, &self.0.budget)
    }

    pub(super) fn feeds(&self) -> &Feeds {
        &self.0.feeds
    }

    /// Makes requests ask the list.
    pub(super) fn use_feeds(&self) {
        self.0.is_used.store(true, Ordering::SeqCst);
    }

    fn now(&self) -> u64 {
        since_1970(self.0.clock.now()).as_secs()
    }

    #[expect(clippy::indexing_slicing, reason = "there is a table for each kind")]
    fn table(&self, kind: RevokedBy) -> &Table {
        &self.0.tables[kind as usize]
    }
}

impl Revocations {
    pub(super) fn with(max_entries: usize, outage_window: Duration, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(RevocationList {
            is_used: AtomicBool::new(false),
            fingerprinter: Fingerprinter::default(),
            tables: RevokedBy::ALL.map(|_| Table::new()),
            budget: EntryBudget {
                used: AtomicUsize::new(0),
                max: max_entries,
            },
            swept_at: AtomicU64::new(0),
            feeds: Feeds::new(outage_window),
            clock,
        }))
    }

    /// Returns the names of a token that entries may be about. `names` are those of [`RevokedBy::ALL`].
    pub(crate) fn fingerprints(&self, issuer: &str, names: [Option<&str>; 4]) -> Fingerprints {
        let mut kinds = RevokedBy::ALL.into_iter();
        Fingerprints(names.map(|name| {
            let kind = kinds.next()?;
            Some(self.0.fingerprinter.of(kind, issuer, name?))
        }))
    }

    /// Returns the standing of a token at `now`, in seconds since 1970. It runs on every request.
    pub(crate) fn standing(
        &self,
        token: &Fingerprints,
        issued_at: Option<u64>,
        now: impl FnOnce() -> u64,
    ) -> RevocationStanding {
        if !self.0.is_used.load(Ordering::SeqCst) {
            return RevocationStanding::Good;
        }
        let now = now();
        let kinds = RevokedBy::ALL.into_iter().zip(&self.0.tables).zip(&token.0);
        for ((kind, table), name) in kinds {
            let Some(entry) = name.and_then(|name| table.find(name, now)) else {
                continue;
            };
            // A token without `iat` can't show that it is newer.
            if issued_at.is_none_or(|at| at < entry.issued_before) {
                return RevocationStanding::Revoked(kind.claim());
            }
        }
        match self.0.feeds.are_usable() {
            true => RevocationStanding::Good,
            false => RevocationStanding::Unknown {
                retry_after: RETRY_AFTER,
            },
        }
    }
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations")
            .field("entries", &self.len())
            .finish_non_exhaustive()
    }
}
