use tokio::sync::watch;

/// The requests that an issuer has received since it was created.
///
/// A request counts when it arrives, whether it is held, answered or failed by a fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestCounts {
    /// Requests for a discovery document, at any of its addresses.
    pub discovery: usize,
    /// Requests for the key set, including each hop of a redirect.
    pub jwks: usize,
    /// Requests for a token.
    pub token: usize,
    /// Questions whether a token is active.
    pub introspection: usize,
    /// Requests to revoke a token.
    pub revocation: usize,
    /// Requests for any other path, from a client that builds its addresses wrongly.
    pub other: usize,
    /// Requests for the key set that were answered with 304.
    pub not_modified: usize,
    /// The highest number of concurrent, unanswered requests for the key set.
    pub max_concurrent_jwks: usize,
}

/// The counts, with a way to wait for them.
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

    /// Counts a request for the key set, which is in flight until the guard is dropped.
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
