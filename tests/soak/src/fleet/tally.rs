use std::{
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use blackbox::http::Response;

/// What the clients saw.
#[derive(Debug, Default)]
pub(super) struct Tally {
    accepted: AtomicU64,
    replays: AtomicU64,
    unavailable: AtomicU64,
    accepted_twice: AtomicU64,
    others: AtomicU64,
    disturbances: AtomicU64,
    longest: AtomicU64,
    recoveries: Mutex<Vec<Duration>>,
    /// The first answer that no server should have given.
    other: Mutex<Option<String>>,
}

impl Tally {
    /// Counts the answers of all servers to one proof, which had been accepted before if it `is_used`.
    pub(super) fn count(&self, answers: &[Response], is_used: bool, took: Duration) {
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.longest.fetch_max(millis, Relaxed);
        let mut accepted = u64::from(is_used);
        for answer in answers {
            let challenge = answer.header("WWW-Authenticate");
            let is_proof = |it: &str| it.contains(r#"error="invalid_dpop_proof""#);
            let counter = match answer.status() {
                200 => {
                    accepted += 1;
                    &self.accepted
                }
                401 if challenge.is_some_and(is_proof) => &self.replays,
                503 if challenge.is_none() && answer.header("Retry-After").is_some() => {
                    &self.unavailable
                }
                _ => {
                    let mut other = self.other.lock().unwrap_or_else(PoisonError::into_inner);
                    other.get_or_insert_with(|| format!("{answer:?}"));
                    &self.others
                }
            };
            counter.fetch_add(1, Relaxed);
        }
        if accepted > 1 {
            self.accepted_twice.fetch_add(1, Relaxed);
        }
    }

    /// Counts a disturbance of the store. Returns `true` for every other one.
    pub(super) fn disturbance(&self) -> bool {
        self.disturbances.fetch_add(1, Relaxed).is_multiple_of(2)
    }

    pub(super) fn recovered(&self, took: Duration) {
        let mut recoveries = self
            .recoveries
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        recoveries.push(took);
    }

    pub(super) fn report(&self, seconds: u64) -> ExitCode {
        let count = |counter: &AtomicU64| counter.load(Relaxed);
        let recoveries = self
            .recoveries
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let millis = recoveries
            .iter()
            .map(Duration::as_millis)
            .max()
            .unwrap_or(0);
        let slowest = u64::try_from(millis).unwrap_or(u64::MAX);
        println!("{seconds} s");
        for (name, figure) in [
            ("proofs accepted", count(&self.accepted)),
            ("proofs refused as replays", count(&self.replays)),
            ("requests without the store (503)", count(&self.unavailable)),
            (
                "times the store was killed or frozen",
                count(&self.disturbances),
            ),
            (
                "longest wait for three answers, in ms",
                count(&self.longest),
            ),
        ] {
            println!("{name:<44}{figure}");
        }
        if let Some(other) = &*self.other.lock().unwrap_or_else(PoisonError::into_inner) {
            println!("{other}");
        }
        println!();
        let is_none = |counter| u64::from(count(counter) == 0);
        crate::tally::report(&[
            ("proofs accepted twice", count(&self.accepted_twice), 0),
            ("other answers", count(&self.others), 0),
            ("ms until proofs are accepted again", slowest, 2000),
            ("no proof accepted at all", is_none(&self.accepted), 0),
            ("the store was never missed", is_none(&self.unavailable), 0),
            (
                "the store was not disturbed twice",
                u64::from(recoveries.len() < 2),
                0,
            ),
        ])
    }
}
