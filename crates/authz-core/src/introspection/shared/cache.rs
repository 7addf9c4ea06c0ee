use std::{error::Error, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;

/// Names an answer in an [`IntrospectionCache`]: an HMAC of the token, so that nobody without the
/// [key](super::IntrospectionCacheKey) can look for a token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AnswerId([u8; 32]);

/// A store of introspection answers, which servers share.
///
/// Entries are encrypted and authenticated before they get here, so an implementation stores bytes and nothing
/// else. What it returns is not trusted: an entry that is too old or was not made by these servers is ignored.
/// If it fails, or takes longer than 100 ms, the issuer is asked as without it.
///
/// ```
/// use std::{error::Error, time::Duration};
///
/// use authz_core::{AnswerId, IntrospectionCache, async_trait};
///
/// #[derive(Debug)]
/// struct Database;
///
/// #[async_trait]
/// impl IntrospectionCache for Database {
///     async fn get(&self, id: AnswerId) -> Result<Option<Vec<u8>>, Box<dyn Error + Send + Sync>> {
///         // SELECT entry .. WHERE id = .. AND expires_at > now()
/// #       let _ = id.as_bytes();
/// #       Ok(None)
///     }
///
///     async fn put(
///         &self,
///         id: AnswerId,
///         entry: &[u8],
///         ttl: Duration,
///     ) -> Result<(), Box<dyn Error + Send + Sync>> {
///         // INSERT .. ON CONFLICT DO UPDATE
/// #       let _ = (id, entry, ttl);
/// #       Ok(())
///     }
///
///     async fn remove(&self, id: AnswerId) -> Result<(), Box<dyn Error + Send + Sync>> {
///         // DELETE ..
/// #       let _ = id;
/// #       Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait IntrospectionCache: fmt::Debug + Send + Sync + 'static {
    /// Returns the entry, or `None` if it is missing. Entries of more than 64 KiB are ignored, so they may be left out.
    ///
    /// # Errors
    ///
    /// Returns an error if the store can't be asked.
    async fn get(&self, id: AnswerId) -> Result<Option<Vec<u8>>, Box<dyn Error + Send + Sync>>;

    /// Stores an entry in place of an older one, to be kept for `ttl` at most.
    ///
    /// # Errors
    ///
    /// Returns an error if the entry may not have been stored.
    async fn put(
        &self,
        id: AnswerId,
        entry: &[u8],
        ttl: Duration,
    ) -> Result<(), Box<dyn Error + Send + Sync>>;

    /// Removes an entry, if it is there.
    ///
    /// # Errors
    ///
    /// Returns an error if the entry may still be there.
    async fn remove(&self, id: AnswerId) -> Result<(), Box<dyn Error + Send + Sync>>;
}

#[async_trait]
impl<C: IntrospectionCache + ?Sized> IntrospectionCache for Arc<C> {
    async fn get(&self, id: AnswerId) -> Result<Option<Vec<u8>>, Box<dyn Error + Send + Sync>> {
        (**self).get(id).await
    }

    async fn put(
        &self,
        id: AnswerId,
        entry: &[u8],
        ttl: Duration,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        (**self).put(id, entry, ttl).await
    }

    async fn remove(&self, id: AnswerId) -> Result<(), Box<dyn Error + Send + Sync>> {
        (**self).remove(id).await
    }
}

impl AnswerId {
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

impl fmt::Debug for AnswerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnswerId(..)")
    }
}
