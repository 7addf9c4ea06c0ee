use tokio::sync::watch;

/// The requests that an issuer has received since it was created.
///
/// A request counts when it arrives, whatever comes of it: held back, failed by a fault, answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestCounts {
    /// For a discovery document, at any of its addresses.
    pub discovery: usize,
    /// For the key set, each hop of a redirect among them.
    pub jwks: usize,
    /// For a token.
    pub token: usize,
    /// For anything else: a client that builds its addresses wrongly.
    pub other: usize,
    /// For the key set, answered with 304.
    pub not_modified: usize,
    /// The most requests for the key set that were there at one time, not yet answered.
    pub max_concurrent_jwks: usize,
}

/// The counts with the means to wait for them.
#[derive(Debug)]
pub(crate) struct Counter {
    counts: watch::Sender<Running>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Running {
    counts: RequestCounts,
    concurrent_jwks: usize,
}

impl Counter {
    pub(crate) fn new() -> Self {
        Self {
            counts: watch::Sender::new(Running::default()),
        }
    }

    pub(crate) fn now(&self) -> RequestCounts {
        self.counts.borrow().counts
    }

    pub(crate) async fn reached(&self, enough: impl Fn(&RequestCounts) -> bool) {
        self.counts
            .subscribe()
            .wait_for(|running| enough(&running.counts))
            .await
            .expect("the sender is borrowed from `self`");
    }

    pub(crate) fn add(&self, change: impl FnOnce(&mut RequestCounts)) {
        self.counts
            .send_modify(|running| change(&mut running.counts));
    }

    /// Counts a request for the key set, which is there until the guard is dropped.
    pub(crate) fn jwks(&self) -> Concurrent<'_> {
        self.counts.send_modify(|running| {
            running.concurrent_jwks += 1;
            running.counts.jwks += 1;
            running.counts.max_concurrent_jwks = running
                .counts
                .max_concurrent_jwks
                .max(running.concurrent_jwks);
        });
        Concurrent(self)
    }
}

pub(crate) struct Concurrent<'a>(&'a Counter);

impl Drop for Concurrent<'_> {
    fn drop(&mut self) {
        self.0
            .counts
            .send_modify(|running| running.concurrent_jwks -= 1);
    }
}
