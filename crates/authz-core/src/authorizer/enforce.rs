//! The endpoint's policy, applied to a token that is good.

use std::sync::Arc;

use super::{Authorized, Authorizer, RequestParts, Verified, events};
use crate::{
    policy::{Decision, Facts, Policy, RequiredScope, Scope, scope},
    rejection::{Reason, Rejection},
};

impl<C> Authorizer<C> {
    /// Applies one more policy to a caller of this authorizer. What the policy asks of the request
    /// can't be met here: see [`check_request`](Self::check_request).
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to answer with. It has been logged.
    pub fn check(&self, caller: &Authorized<C>, policy: &Policy) -> Result<(), Rejection> {
        caller.verified().check(policy, None)
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
        caller.verified().check(policy, Some(request))
    }

    /// Whether `caller` has the scope `S` as well.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to answer with. It has been logged.
    pub fn check_scope<S: RequiredScope>(&self, caller: &Authorized<C>) -> Result<(), Rejection> {
        caller.verified().check_scope::<S>()
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
        policy.decide(&caller.verified().facts(request))
    }
}

impl<C> Verified<C> {
    pub(super) fn apply(
        this: Arc<Self>,
        policy: &Policy,
        request: Option<&RequestParts<'_>>,
    ) -> Result<Authorized<C>, Rejection> {
        this.check(policy, request)?;
        Ok(Authorized::new(this))
    }

    fn check(&self, policy: &Policy, request: Option<&RequestParts<'_>>) -> Result<(), Rejection> {
        let facts = self.facts(request);
        if policy.allows(&facts) {
            return Ok(());
        }
        Err(self.unmet(policy, &policy.decide_in_short(&facts), &facts))
    }

    pub(super) fn check_scope<S: RequiredScope>(&self) -> Result<(), Rejection> {
        const { assert!(Scope::is_valid(S::NAME), "not a scope") }
        // A policy costs an allocation, and is needed to refuse only.
        if self.surely_has_scope(S::NAME) {
            return Ok(());
        }
        self.check(&scope(S::NAME), None)
    }

    /// The answer to an unmet policy: 403 and the scopes that would do (RFC 6750 section 3.1), or
    /// 401 and the authentication that would do (RFC 9470 section 3).
    fn unmet(&self, policy: &Policy, decision: &Decision, facts: &Facts<'_>) -> Rejection {
        let api = &self.trusted.api;
        let (reason, status) = match decision.step_up {
            Some(_) => (
                Reason::InsufficientAuthentication,
                Reason::InsufficientAuthentication.status(),
            ),
            None => (Reason::InsufficientScope, api.unmet_policy_status),
        };
        events::unmet_policy(reason, status, policy, decision, facts, self);
        let scope = (!decision.scopes.is_empty()).then(|| decision.scopes.join(" "));
        Rejection::new(reason, api)
            .with_status(status)
            .with_scope(scope)
            .with_step_up(decision.step_up.clone())
    }
}
