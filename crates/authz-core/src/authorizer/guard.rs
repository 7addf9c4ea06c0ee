use std::{fmt, sync::Arc};

use serde::de::DeserializeOwned;

use super::{Authorized, Authorizer, Outcome, Pending, RequestParts};
use crate::{bearer::TokenSource, claims::Claims, policy::Policy, rejection::Rejection};

/// What stands before a route: an authorizer, the route's policy, and whether a token is optional.
///
/// Every adapter's middleware is one of these with its framework's plumbing around it.
pub struct Guard<C = Claims> {
    authorizer: Authorizer<C>,
    policy: Arc<Policy>,
    optional: bool,
}

/// Whether a request may pass, or the wait for the key that decides it.
///
/// `None` stands for a request that passes without a caller: a CORS preflight, or one without a
/// token where that is optional.
#[must_use]
#[derive(Debug)]
pub enum Admission<C = Claims> {
    /// Decided.
    Ready(Result<Option<Authorized<C>>, Rejection>),
    /// The token's key is not known yet.
    Pending(Pending<C>),
}

impl<C> Guard<C> {
    /// Lets pass the requests whose token satisfies `policy`.
    #[must_use]
    pub fn new(authorizer: Authorizer<C>, policy: Policy) -> Self {
        Self {
            authorizer,
            policy: Arc::new(policy),
            optional: false,
        }
    }

    /// Lets requests without a token pass, too. A bad token is refused all the same.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// The authorizer.
    #[must_use]
    pub const fn authorizer(&self) -> &Authorizer<C> {
        &self.authorizer
    }

    /// Whether a decision depends on more of the request's target than its path: an adapter whose
    /// framework keeps the query to itself need not ask for it otherwise.
    #[must_use]
    pub fn reads_query(&self) -> bool {
        let sources = &self.authorizer.shared.sources;
        sources.iter().any(TokenSource::is_query)
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }
}

impl<C: DeserializeOwned + Send + Sync + 'static> Guard<C> {
    /// Decides about one request, at once where the token's key is known.
    pub fn admit(&self, request: &RequestParts<'_>) -> Admission<C> {
        if request.is_preflight() || (self.optional && self.authorizer.has_no_token(request)) {
            return Admission::Ready(Ok(None));
        }
        match self.authorizer.decide(request, &self.policy) {
            Outcome::Ready(decision) => Admission::Ready(decision.map(Some)),
            Outcome::Pending(pending) => Admission::Pending(pending),
        }
    }
}

impl<C> Admission<C> {
    /// The decision, once it is there.
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
}

impl<C> Clone for Guard<C> {
    fn clone(&self) -> Self {
        Self {
            authorizer: self.authorizer.clone(),
            policy: Arc::clone(&self.policy),
            optional: self.optional,
        }
    }
}

impl<C> fmt::Debug for Guard<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("policy", &self.policy)
            .field("optional", &self.optional)
            .finish_non_exhaustive()
    }
}
