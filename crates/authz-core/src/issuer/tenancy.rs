use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// What has become of an issuer since it was admitted. Every token verified under it looks here, so
/// that nothing survives in the cache or in a request that waits for keys.
#[derive(Debug, Default)]
pub(crate) struct Tenancy {
    /// A [`TenantStanding`]. Never goes back to `Trusted`: a tenant that returns is a new one.
    standing: AtomicU8,
    /// Whether a token of this issuer was ever verified: no stranger can bring that about.
    confirmed: AtomicBool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TenantStanding {
    Trusted,
    /// It had to make room for another. It may be admitted again.
    Displaced,
    /// The application removed it.
    Retired,
}

impl Tenancy {
    pub(super) fn standing(&self) -> TenantStanding {
        match self.standing.load(Ordering::Acquire) {
            0 => TenantStanding::Trusted,
            1 => TenantStanding::Displaced,
            _ => TenantStanding::Retired,
        }
    }

    pub(super) fn end(&self, standing: TenantStanding) {
        self.standing.store(standing as u8, Ordering::Release);
    }

    pub(super) fn confirm(&self) {
        // A store for every token would be a line of memory that all threads write to.
        if !self.confirmed.load(Ordering::Relaxed) {
            self.confirmed.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn is_confirmed(&self) -> bool {
        self.confirmed.load(Ordering::Relaxed)
    }
}
