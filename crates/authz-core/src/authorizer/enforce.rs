//! The endpoint's policy, applied to a token that is good.

use std::sync::Arc;

use super::{Authorized, Authorizer, RequestParts, Shared, Verified, events};
use crate::{
    policy::{Decision, Facts, Policy},
    rejection::{Reason, Rejection},
};

impl<C> Authorizer<C> {
    /// Applies one more policy to a caller. What the policy asks of the request can't be met here:
    /// see [`check_request`](Self::check_request).
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to answer with. It has been logged.
    pub fn check(&self, caller: &Authorized<C>, policy: &Policy) -> Result<(), Rejection> {
        self.shared.check(policy, caller.verified(), None)
    }

    /// Applies one more policy to a caller and its request.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to answer with. It has been logged.
    pub fn check_request(
        &self,
        caller: &Authorized<C>,
        policy: &Policy,
        request: &RequestParts<'_>,
    ) -> Result<(), Rejection> {
        self.shared.check(policy, caller.verified(), Some(request))
    }

    /// What a policy says about a caller, and why: for a page or a command that helps people find
    /// out why they may not. Nothing is logged. It tells about the policy and the token, so it is
    /// for operators alone.
    #[must_use]
    pub fn explain(
        &self,
        caller: &Authorized<C>,
        policy: &Policy,
        request: Option<&RequestParts<'_>>,
    ) -> Decision {
        policy.decide(&self.shared.facts(caller.verified(), request))
    }
}

impl<C> Shared<C> {
    pub(super) fn apply(
        &self,
        policy: &Policy,
        verified: Arc<Verified<C>>,
        request: Option<&RequestParts<'_>>,
    ) -> Result<Authorized<C>, Rejection> {
        self.check(policy, &verified, request)?;
        Ok(Authorized::new(verified))
    }

    fn check(
        &self,
        policy: &Policy,
        verified: &Verified<C>,
        request: Option<&RequestParts<'_>>,
    ) -> Result<(), Rejection> {
        let facts = self.facts(verified, request);
        if policy.allows(&facts) {
            return Ok(());
        }
        Err(self.unmet(policy, &policy.decide(&facts), verified))
    }

    /// The answer to an unmet policy: 403 and the scopes that would do (RFC 6750 section 3.1), or
    /// 401 and the authentication that would do (RFC 9470 section 3).
    fn unmet(&self, policy: &Policy, decision: &Decision, verified: &Verified<C>) -> Rejection {
        let (reason, status) = match decision.step_up {
            Some(_) => (
                Reason::InsufficientAuthentication,
                Reason::InsufficientAuthentication.status(),
            ),
            None => (Reason::InsufficientScope, self.unmet_policy_status),
        };
        events::unmet_policy(reason, status, policy, decision, verified);
        let scope = (!decision.scopes.is_empty()).then(|| decision.scopes.join(" "));
        Rejection::new(reason, &self.realm)
            .with_status(status)
            .with_scope(scope)
            .with_step_up(decision.step_up.clone())
    }

    fn facts<'a>(
        &'a self,
        verified: &'a Verified<C>,
        request: Option<&'a RequestParts<'a>>,
    ) -> Facts<'a> {
        verified.facts(&*self.clock, request)
    }
}
