//! One line in the operator's log for every refusal. Never the token: its `kid` and `jti` stand for it.

use http::StatusCode;

use crate::{
    issuer::Trusted,
    policy::{Decision, Facts, Policy},
    rejection::Reason,
    token::{ProtectedHeader, Registered},
    validation::{Refusal, cut},
};

use super::Verified;

pub(super) fn refused(
    refusal: &Refusal,
    header: Option<&ProtectedHeader<'_>>,
    examined: Option<(&Registered<'_>, &Trusted)>,
) {
    // What the caller sent is printed with `Debug`, which escapes what a terminal would obey.
    macro_rules! event {
        ($level:ident) => {
            tracing::$level!(
                target: "authz",
                reason = refusal.reason.name(),
                status = refusal.reason.status().as_u16(),
                expected = refusal.expected.as_deref(),
                actual = refusal.actual.as_ref().map(tracing::field::debug),
                hint = refusal.hint,
                issuer = examined.map(|(_, trusted)| &*trusted.issuer),
                kid = header.and_then(|it| it.key_id()).map(cut).map(tracing::field::debug),
                jti = examined.and_then(|(it, _)| it.jti.as_deref()).map(cut).map(tracing::field::debug),
                "request refused"
            )
        };
    }
    match refusal.reason {
        // Nothing is wrong here but with the key server, and that concerns the operator.
        Reason::KeysUnavailable => event!(warn),
        // What every client does first.
        Reason::MissingToken => event!(debug),
        _ => event!(info),
    }
}

pub(super) fn unmet_policy<C>(
    reason: Reason,
    status: StatusCode,
    policy: &Policy,
    decision: &Decision,
    facts: &Facts<'_>,
    verified: &Verified<C>,
) {
    tracing::info!(
        target: "authz",
        reason = reason.name(),
        status = status.as_u16(),
        expected = %policy.in_short(),
        needed_scope = %decision.scopes.join(" "),
        actual = %verified.scopes(),
        decision = %decision.summary(),
        hint = policy.hint(&decision.scopes, facts),
        issuer = &*verified.trusted.issuer,
        sub = verified.subject().map(cut).map(tracing::field::debug),
        jti = verified.token_id().map(cut).map(tracing::field::debug),
        "request refused"
    );
    tracing::debug!(target: "authz", "the decision in full: {decision}");
}

/// What follows is an ordinary refusal; this says why, and of what.
#[cfg(feature = "rules")]
pub(super) fn no_rule(request: &super::RequestParts<'_>, why: &'static str) {
    tracing::info!(
        target: "authz",
        method = %request.method,
        path = ?cut(request.uri.path()),
        hint = why,
        "no rule lets the request pass"
    );
}
