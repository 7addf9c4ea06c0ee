use std::sync::Arc;

use crate::crypto::VerificationKey;

/// The keys that may have signed a token, nearly always one.
///
/// [`Issuer::key_candidates`](crate::Issuer::key_candidates) limits how many of them are tried.
#[derive(Clone, Debug)]
pub struct KeyCandidates(Candidates);

#[derive(Clone, Debug)]
enum Candidates {
    One(Arc<VerificationKey>),
    Several(Box<[Arc<VerificationKey>]>),
}

impl KeyCandidates {
    /// Maximum number of keys per token. It limits the work that a forged token causes.
    pub const MAX: usize = 64;

    /// Returns the first [`MAX`](Self::MAX) of `keys`, or `None` if there are none.
    pub fn from_keys<'a>(keys: impl IntoIterator<Item = &'a Arc<VerificationKey>>) -> Option<Self> {
        let mut keys = keys.into_iter();
        let first = keys.next()?;
        let Some(second) = keys.next() else {
            return Some(Arc::clone(first).into());
        };
        let several = [first, second]
            .into_iter()
            .chain(keys)
            .take(Self::MAX)
            .cloned()
            .collect();
        Some(Self(Candidates::Several(several)))
    }

    /// Appends the keys of `other`, up to [`MAX`](Self::MAX).
    pub(crate) fn and(self, other: &Self) -> Self {
        let both = self.iter().chain(other.iter());
        match Self::from_keys(both) {
            Some(both) => both,
            None => self,
        }
    }

    /// Returns the number of keys.
    pub(crate) fn len(&self) -> usize {
        match &self.0 {
            Candidates::One(_) => 1,
            Candidates::Several(keys) => keys.len(),
        }
    }

    /// Returns the first key for which `right` returns `true`, among the first `limit`.
    pub(crate) fn into_first(
        self,
        limit: usize,
        mut right: impl FnMut(&VerificationKey) -> bool,
    ) -> Option<Arc<VerificationKey>> {
        match self.0 {
            Candidates::One(key) => right(&key).then_some(key),
            Candidates::Several(keys) => keys.into_iter().take(limit).find(|key| right(key)),
        }
    }

    /// Returns the keys in the order to try.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<VerificationKey>> {
        match &self.0 {
            Candidates::One(key) => std::slice::from_ref(key),
            Candidates::Several(keys) => keys,
        }
        .iter()
    }
}

impl From<Arc<VerificationKey>> for KeyCandidates {
    fn from(key: Arc<VerificationKey>) -> Self {
        Self(Candidates::One(key))
    }
}
