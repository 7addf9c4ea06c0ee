use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// Whether an admitted tenant is still trusted. Every use of a verified token checks it, so a
/// removed tenant's tokens are rejected at once, in the cache and in requests that wait for keys.
#[derive(Debug, Default)]
pub(crate) struct Tenancy {
    /// A [`TenantStanding`]. It never becomes `Trusted` again: a tenant that returns is a new one.
    standing: AtomicU8,
    /// Whether a token of this tenant was ever verified, which an attacker can't achieve.
    confirmed: AtomicBool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TenantStanding {
    Trusted,
    /// Another tenant took its place. It may be admitted again.
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
        // Avoids a store per token, which would make all threads write to one cache line.
        if !self.confirmed.load(Ordering::Relaxed) {
            self.confirmed.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn is_confirmed(&self) -> bool {
        self.confirmed.load(Ordering::Relaxed)
    }
}
