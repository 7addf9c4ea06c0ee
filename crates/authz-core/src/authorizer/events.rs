//! One line in the operator's log for every decision. Never the token: its `kid` and `jti` stand for it.

use http::StatusCode;

use crate::{
    issuer::TrustedIssuer,
    policy::{Decision, EvalContext, Policy},
    rejection::Reason,
    request::RequestParts,
    rules::PathPattern,
    token::{ProtectedHeader, TokenClaims},
    untrusted::{Bounded, BoundedLines, Excerpt, Quoted},
    validation::ValidationError,
};

use super::verified::Verified;

pub(crate) fn refused(
    refusal: &ValidationError,
    header: Option<&ProtectedHeader<'_>>,
    examined: Option<(&TokenClaims<'_>, &TrustedIssuer)>,
    request: Option<&RequestParts<'_>>,
) {
    let client = examined.and_then(|(it, _)| it.client_id.as_deref().or(it.azp.as_deref()));
    // Whatever is not from the configuration is escaped and cut, so that a line is a line.
    macro_rules! event {
        ($level:ident) => {
            tracing::$level!(
                target: "authz",
                reason = refusal.reason.name(),
                status = refusal.reason.status().as_u16(),
                expected = refusal.expected.as_deref(),
                actual = refusal.actual.as_ref().map(tracing::field::display),
                hint = refusal.hint,
                method = request.map(|it| tracing::field::display(it.shown_method())),
                route = request.and_then(RequestParts::shown_route).map(tracing::field::debug),
                path = request.and_then(RequestParts::shown_path).map(tracing::field::debug),
                client_id = client.map(|it| tracing::field::debug(Excerpt(it))),
                issuer = examined.map(|(_, trusted)| tracing::field::debug(Excerpt(&trusted.issuer))),
                kid = header.and_then(|it| it.key_id()).map(|it| tracing::field::debug(Excerpt(it))),
                jti = (examined.and_then(|(it, _)| it.jti.as_deref()))
                    .map(|it| tracing::field::debug(Excerpt(it))),
                "request refused"
            )
        };
    }
    match refusal.reason {
        // Nothing is wrong here but with the key server, and that concerns the operator.
        Reason::KeysUnavailable => event!(warn),
        // What every client does first.
        Reason::MissingToken if !refusal.had_credentials => event!(debug),
        _ => event!(info),
    }
}

/// For an audit log: off unless the operator asks for `authz=trace`.
pub(crate) fn allowed<C>(verified: &Verified<C>, request: &RequestParts<'_>, cached: bool) {
    tracing::trace!(
        target: "authz",
        cached,
        method = %request.shown_method(),
        route = request.shown_route().map(tracing::field::debug),
        path = request.shown_path().map(tracing::field::debug),
        client_id = verified.client_id().map(|it| tracing::field::debug(Excerpt(it))),
        issuer = ?Excerpt(&verified.trusted.issuer),
        sub = verified.subject().map(|it| tracing::field::debug(Excerpt(it))),
        jti = verified.token_id().map(|it| tracing::field::debug(Excerpt(it))),
        "request allowed"
    );
}

pub(crate) fn unmet_policy<C>(
    reason: Reason,
    status: StatusCode,
    policy: &Policy,
    decision: &Decision,
    facts: &EvalContext<'_>,
    verified: &Verified<C>,
) {
    // Together less than a line of 4 KB.
    const SHORT: usize = 300;
    const LONG: usize = 700;
    // The requirements on lines of their own.
    const TREE: usize = 8000;
    tracing::info!(
        target: "authz",
        reason = reason.name(),
        status = status.as_u16(),
        expected = %Bounded(policy, LONG),
        needed_scope = (!decision.scopes.is_empty())
            .then(|| tracing::field::display(Bounded(decision.scopes.join(" "), SHORT))),
        actual = (!verified.scopes().is_empty())
            .then(|| tracing::field::display(Quoted(verified.scopes()))),
        decision = %Bounded(decision.summary(), LONG),
        hint = policy.hint(&decision.scopes, facts).map(|it| Bounded(it, SHORT).to_string()),
        method = facts.request.map(|it| tracing::field::display(it.shown_method())),
        route = facts.request.and_then(RequestParts::shown_route).map(tracing::field::debug),
        path = facts.request.and_then(RequestParts::shown_path).map(tracing::field::debug),
        client_id = verified.client_id().map(|it| tracing::field::debug(Excerpt(it))),
        issuer = ?Excerpt(&verified.trusted.issuer),
        sub = verified.subject().map(|it| tracing::field::debug(Excerpt(it))),
        jti = verified.token_id().map(|it| tracing::field::debug(Excerpt(it))),
        "request refused"
    );
    let tree = BoundedLines(decision, TREE);
    tracing::debug!(target: "authz", "the decision in full: {tree}");
}

/// The policy asks for a path parameter that the route does not have: nobody can ever meet it.
pub(crate) fn missing_path_param(request: &RequestParts<'_>, wanted: &str) {
    let names = request.path_param_names();
    let hint = if names.iter().any(|it| it == wanted) {
        "nested routers use the name twice, and nobody can say which is meant: rename one of them"
    } else if names.is_empty() {
        "the router tells no path parameters here: put the guard on the route itself, within the router"
    } else {
        "give the parameter in the route's pattern and in the policy the same name"
    };
    tracing::error!(
        target: "authz",
        reason = "missing_path_param",
        method = %request.shown_method(),
        route = request.shown_route().map(tracing::field::debug),
        path = request.shown_path().map(tracing::field::debug),
        expected = %format_args!("path({wanted:?})"),
        actual = %Bounded(names.join(", "), 500),
        hint,
        "the policy asks for a path parameter that the route does not have"
    );
}

/// Nobody can meet a policy whose parameters come from a pattern that is not the route's.
pub(crate) fn other_pattern(request: &RequestParts<'_>, pattern: &PathPattern) {
    tracing::error!(
        target: "authz",
        reason = "missing_path_param",
        method = %request.shown_method(),
        path = request.shown_path().map(tracing::field::debug),
        expected = %Bounded(pattern.to_string(), 500),
        hint = "give the pattern of the whole path, from its beginning, and the filter behind the path's own",
        "the policy's path parameters come from a pattern that the path does not match"
    );
}

/// What follows is an ordinary refusal; this says why, and of what.
#[cfg(feature = "rules")]
pub(crate) fn no_rule(request: &RequestParts<'_>, path: &str, why: &'static str) {
    tracing::info!(
        target: "authz",
        method = %request.shown_method(),
        path = %Excerpt(path),
        hint = why,
        "no rule lets the request pass"
    );
}
