use std::{error::Error, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;

/// Identifies a proof: the SHA-256 of its key's thumbprint and its `jti`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProofId([u8; 32]);

/// A store of the proofs seen, which servers share (RFC 9449 section 11.1).
///
/// ```
/// use std::time::Duration;
///
/// use authz_core::{ProofId, ReplayError, ReplayStore, async_trait};
///
/// #[derive(Debug)]
/// struct Database;
///
/// #[async_trait]
/// impl ReplayStore for Database {
///     async fn insert(&self, proof: ProofId, ttl: Duration) -> Result<bool, ReplayError> {
///         // INSERT .. ON CONFLICT DO NOTHING, and true if a row was inserted.
/// #       let _ = (proof, ttl);
/// #       Ok(true)
///     }
/// }
/// ```
#[async_trait]
pub trait ReplayStore: fmt::Debug + Send + Sync + 'static {
    /// Inserts `proof`, to be kept for at least `ttl`, and returns `true` if it was not there.
    ///
    /// It must be one atomic operation: of all servers that insert a proof at the same time, exactly one gets
    /// `true`. A lookup before an insertion is not enough. It must end within a time limit of its own.
    ///
    /// # Errors
    ///
    /// Returns an error if the store can't be asked or is full. The request then gets 503.
    async fn insert(&self, proof: ProofId, ttl: Duration) -> Result<bool, ReplayError>;
}

#[async_trait]
impl<S: ReplayStore + ?Sized> ReplayStore for Arc<S> {
    async fn insert(&self, proof: ProofId, ttl: Duration) -> Result<bool, ReplayError> {
        (**self).insert(proof, ttl).await
    }
}

/// The proofs seen can't be asked, so a request with a proof can't be decided. `Debug` prints the message.
pub struct ReplayError {
    message: String,
    retry_after: Duration,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl ProofId {
    /// Creates the identifier with these bytes, for tests of a store.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes, for the key of an entry.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl ReplayError {
    /// Creates an error. Its message goes to the log.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            retry_after: Duration::from_secs(1),
            source: None,
        }
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Sets when the client should try again. Default: 1 s.
    #[must_use]
    pub const fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = wait;
        self
    }

    pub(crate) const fn retry_after(&self) -> Duration {
        self.retry_after
    }
}

impl fmt::Debug for ProofId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProofId(..)")
    }
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for ReplayError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
