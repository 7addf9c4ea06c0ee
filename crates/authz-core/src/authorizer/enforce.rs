//! Applies the endpoint's policy to a valid token.

use super::{authorized::Authorized, events, verified::Verified};
use crate::{
    policy::{Decision, EvalContext, Policy, RequiredScope, Scope, scope},
    rejection::{Reason, Rejection},
    request::RequestParts,
};

impl<C> Authorized<C> {
    /// Applies another policy to this caller. Requirements on the request are not met here: use
    /// [`check_for`](Self::check_for).
    ///
    /// ```
    /// # use authz_core::{Authorized, Rejection, permission};
    /// fn delete(caller: &Authorized) -> Result<(), Rejection> {
    ///     caller.check(&permission("delete:messages"))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the [`Rejection`] to respond with. It has been logged.
    pub fn check(&self, policy: &Policy) -> Result<(), Rejection> {
        self.verified().check(policy, None)
    }

    /// Applies another policy to this caller and its request.
    ///
    /// # Errors
    ///
    /// Returns the [`Rejection`] to respond with. It has been logged.
    pub fn check_for(&self, policy: &Policy, request: &RequestParts<'_>) -> Result<(), Rejection> {
        self.verified().check(policy, Some(request))
    }

    /// Checks that this caller has the scope `S`.
    ///
    /// # Errors
    ///
    /// Returns the [`Rejection`] to respond with. It has been logged.
    pub fn check_scope<S: RequiredScope>(&self) -> Result<(), Rejection> {
        self.verified().check_scope::<S>(None)
    }

    /// Evaluates a policy for this caller and explains the result. Does not log. The decision reveals
    /// the policy and the token's claims, so it is for operators only.
    #[must_use]
    pub fn explain(&self, policy: &Policy) -> Decision {
        policy.decide(&self.verified().facts(None))
    }

    /// Evaluates a policy for this caller and its request, as [`explain`](Self::explain) does.
    #[must_use]
    pub fn explain_for(&self, policy: &Policy, request: &RequestParts<'_>) -> Decision {
        policy.decide(&self.verified().facts(Some(request)))
    }
}

impl<C> Verified<C> {
    pub(super) fn check(
        &self,
        policy: &Policy,
        request: Option<&RequestParts<'_>>,
    ) -> Result<(), Rejection> {
        let facts = self.facts(request);
        if policy.allows(&facts) {
            return Ok(());
        }
        Err(self.unmet(policy, &policy.decide_in_short(&facts), &facts))
    }

    pub(crate) fn check_scope<S: RequiredScope>(
        &self,
        request: Option<&RequestParts<'_>>,
    ) -> Result<(), Rejection> {
        const { assert!(Scope::is_valid(S::NAME), "not a scope") }
        // A policy costs an allocation, and only a rejection needs it.
        if self.surely_has_scope(S::NAME) {
            return Ok(());
        }
        self.check(&scope(S::NAME), request)
    }

    /// Returns the response to an unmet policy: 403 with sufficient scopes (RFC 6750 section 3.1), or
    /// 401 with a sufficient authentication (RFC 9470 section 3).
    fn unmet(&self, policy: &Policy, decision: &Decision, facts: &EvalContext<'_>) -> Rejection {
        let api = &self.trusted.api;
        let (reason, status) = match decision.step_up {
            Some(_) => (
                Reason::InsufficientAuthentication,
                Reason::InsufficientAuthentication.status(),
            ),
            None => (Reason::InsufficientScope, api.unmet_policy_status),
        };
        api.metrics.refused(Some(&self.trusted.metrics), reason);
        let rejection = Rejection::new(reason, api)
            .with_status(status)
            .under(self.scheme());
        events::unmet_policy(&rejection, policy, decision, facts, self);
        let scope = (!decision.scopes.is_empty()).then(|| decision.scopes.join(" "));
        rejection
            .with_scope(scope)
            .with_step_up(decision.step_up.clone())
    }
}
