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

/// A decision about a request, or the wait for what it needs.
///
/// The caller is `None` for a public path, and for a request without a token if the token is optional.
#[must_use]
#[derive(Debug)]
pub enum Admission<C = Claims> {
    /// The decision.
    Ready(Result<Option<Authorized<C>>, Rejection>),
    /// The token's key is unknown and newer keys are being fetched, or the issuer is asked about the token.
    Pending(Pending<C>),
}

/// Resolves to the decision once the issuer's newer keys or its answer have arrived, or the request has failed.
pub struct Pending<C = Claims> {
    future: Pin<Box<dyn Future<Output = Result<Authorized<C>, Rejection>> + Send>>,
}

impl<C> Admission<C> {
    /// Waits for the decision.
    ///
    /// # Errors
    ///
    /// Returns the [`Rejection`] to respond with. It has been logged.
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
