use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use super::authorized::Authorized;
use crate::{
    claims::Claims,
    rejection::{Reason, Rejection},
};

/// A decision about a request, or the wait for the key that it needs.
///
/// `None` stands for a request that is allowed without a caller: one without a token where that is
/// optional, or for a public path.
#[must_use]
#[derive(Debug)]
pub enum Admission<C = Claims> {
    /// Decided.
    Ready(Result<Option<Authorized<C>>, Rejection>),
    /// The token's key is not known yet.
    Pending(Pending<C>),
}

/// Resolves to the decision once the issuer's newer keys have arrived, or could not be fetched.
pub struct Pending<C = Claims> {
    future: Pin<Box<dyn Future<Output = Result<Authorized<C>, Rejection>> + Send>>,
}

impl<C> Admission<C> {
    /// Waits for the decision.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to answer with. It has been logged.
    pub async fn resolve(self) -> Result<Option<Authorized<C>>, Rejection> {
        match self {
            Self::Ready(decision) => decision,
            Self::Pending(pending) => pending.await.map(Some),
        }
    }

    pub(crate) fn is_unmet(&self) -> bool {
        let Self::Ready(Err(rejection)) = self else {
            return false;
        };
        rejection.reason() == Reason::InsufficientScope
    }
}

impl<C> Pending<C> {
    pub(super) fn new(
        future: impl Future<Output = Result<Authorized<C>, Rejection>> + Send + 'static,
    ) -> Self {
        Self {
            future: Box::pin(future),
        }
    }
}

impl<C> Future for Pending<C> {
    type Output = Result<Authorized<C>, Rejection>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.future.as_mut().poll(context)
    }
}

impl<C> fmt::Debug for Pending<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}
