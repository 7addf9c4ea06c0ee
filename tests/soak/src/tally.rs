use std::{
    collections::BTreeMap,
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use authz_core::Reason;

use crate::memory::Memory;

/// What the clients saw.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    good_accepted: AtomicU64,
    good_too_early: AtomicU64,
    good_refused: AtomicU64,
    bad_refused: AtomicU64,
    bad_undecided: AtomicU64,
    bad_accepted: AtomicU64,
    withdrawn_accepted_in_time: AtomicU64,
    withdrawn_accepted: AtomicU64,
    reasons: Mutex<BTreeMap<&'static str, u64>>,
}

impl Tally {
    pub(crate) fn good_accepted(&self) {
        self.good_accepted.fetch_add(1, Relaxed);
    }

    /// `seen`: its key was there to be fetched by a fetch that has succeeded, and still is.
    pub(crate) fn good_refused(&self, seen: bool, reason: Reason) {
        if !seen {
            self.good_too_early.fetch_add(1, Relaxed);
            return;
        }
        self.good_refused.fetch_add(1, Relaxed);
        let mut reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        *reasons.entry(reason.name()).or_default() += 1;
    }

    pub(crate) fn bad_refused(&self, undecided: bool) {
        let count = if undecided {
            &self.bad_undecided
        } else {
            &self.bad_refused
        };
        count.fetch_add(1, Relaxed);
    }

    pub(crate) fn bad_accepted(&self) {
        self.bad_accepted.fetch_add(1, Relaxed);
    }

    /// `gone`: a fetch has succeeded since its key was withdrawn.
    pub(crate) fn withdrawn_accepted(&self, gone: bool) {
        let count = if gone {
            &self.withdrawn_accepted
        } else {
            &self.withdrawn_accepted_in_time
        };
        count.fetch_add(1, Relaxed);
    }

    pub(crate) fn report(
        &self,
        seconds: u64,
        (fetches, bound): (u64, u64),
        failures: u64,
        memory: &Memory,
    ) -> ExitCode {
        let count = |counter: &AtomicU64| counter.load(Relaxed);
        println!("{seconds} s");
        println!(
            "good tokens accepted                        {}",
            count(&self.good_accepted)
        );
        println!(
            "good tokens before their key was fetched    {}",
            count(&self.good_too_early)
        );
        println!(
            "bad tokens refused                          {}",
            count(&self.bad_refused)
        );
        println!(
            "bad tokens undecided (503)                  {}",
            count(&self.bad_undecided)
        );
        println!(
            "tokens of a withdrawn key before a fetch    {}",
            count(&self.withdrawn_accepted_in_time)
        );
        println!("fetches that failed                         {failures}");
        if let Some((halfway, end)) = memory.halfway_and_end() {
            let mib = |bytes: u64| bytes / (1 << 20);
            println!(
                "memory, second quarter and last             {} and {} MiB",
                mib(halfway),
                mib(end)
            );
        }
        println!();
        let held = [
            ("good tokens refused", count(&self.good_refused), 0),
            ("bad tokens accepted", count(&self.bad_accepted), 0),
            (
                "tokens of a withdrawn key accepted",
                count(&self.withdrawn_accepted),
                0,
            ),
            ("fetches", fetches, bound),
            ("memory grew", u64::from(!memory.is_flat()), 0),
            (
                "no good token accepted at all",
                u64::from(count(&self.good_accepted) == 0),
                0,
            ),
            ("no fetch failed at all", u64::from(failures == 0), 0),
        ];
        for (reason, count) in &*self.reasons.lock().unwrap_or_else(PoisonError::into_inner) {
            println!("refused as {reason}: {count}");
        }
        report(&held)
    }
}

/// Prints what had to hold, each with what was counted and the most that is fine.
pub(crate) fn report(held: &[(&str, u64, u64)]) -> ExitCode {
    let mut failed = 0;
    for (name, actual, most) in held {
        let fine = actual <= most;
        failed += usize::from(!fine);
        println!(
            "{} {name}: {actual} (at most {most})",
            if fine { "ok    " } else { "FAILED" }
        );
    }
    // `cargo xtask test-all` reads this line.
    let passed = held.len() - failed;
    println!("{passed} passed, {failed} failed, 0 skipped");
    ExitCode::from(u8::from(failed > 0))
}
