//! Writes one log event per decision. `kid` and `jti` identify the token, which is never logged.

use tracing::{Span, field::Empty};

use crate::{
    policy::{Decision, EvalContext, Policy},
    rejection::{Reason, Rejection},
    request::RequestParts,
    rules::PathPattern,
    token::ProtectedHeader,
    untrusted::{Bounded, BoundedLines, Excerpt, Quoted},
    validation::ValidationError,
};

use super::verified::Verified;

/// What is known about a rejected token. Without a valid signature, anybody may have written it.
#[derive(Clone, Copy, Default)]
pub(crate) struct TokenDetails<'a> {
    pub(crate) client: Option<&'a str>,
    pub(crate) issuer: Option<&'a str>,
    pub(crate) kid: Option<&'a str>,
    /// Only of a verified token.
    pub(crate) sub: Option<&'a str>,
    pub(crate) jti: Option<&'a str>,
}

impl<'a> TokenDetails<'a> {
    pub(crate) fn of_header(header: Option<&'a ProtectedHeader<'_>>) -> Self {
        Self {
            kid: header.and_then(ProtectedHeader::key_id),
            ..Self::default()
        }
    }

    pub(crate) fn of_verified<C>(verified: &'a Verified<C>) -> Self {
        Self {
            client: verified.client_id(),
            issuer: Some(&verified.trusted.issuer),
            kid: verified.evidence.kid(),
            sub: verified.subject(),
            jti: verified.token_id(),
        }
    }
}

pub(crate) fn refused(
    rejection: &Rejection,
    refusal: &ValidationError,
    token: &TokenDetails<'_>,
    request: Option<&RequestParts<'_>>,
) {
    // Values that are not from the configuration are escaped and truncated: one event is one line.
    macro_rules! event {
        ($level:ident) => {
            tracing::$level!(
                target: "authz",
                reason = refusal.reason.name(),
                "ref" = rejection.reference().map(tracing::field::display),
                status = refusal.reason.status().as_u16(),
                expected = refusal.expected.as_deref(),
                actual = refusal.actual.as_ref().map(tracing::field::display),
                hint = refusal.hint,
                method = request.map(|it| tracing::field::display(it.shown_method())),
                route = request.and_then(RequestParts::shown_route).map(tracing::field::debug),
                path = request.and_then(RequestParts::shown_path).map(tracing::field::debug),
                client_id = token.client.map(|it| tracing::field::debug(Excerpt(it))),
                issuer = token.issuer.map(|it| tracing::field::debug(Excerpt(it))),
                kid = token.kid.map(|it| tracing::field::debug(Excerpt(it))),
                sub = token.sub.map(|it| tracing::field::debug(Excerpt(it))),
                jti = token.jti.map(|it| tracing::field::debug(Excerpt(it))),
                "request refused"
            )
        };
    }
    match refusal.reason {
        // The operator has to act: a server that this one needs is unavailable.
        reason if reason.is_unavailable() => event!(warn),
        // Every client starts without a token.
        Reason::MissingToken if !refusal.had_credentials => event!(debug),
        _ => event!(info),
    }
}

/// A span for a decision that waits for keys. Others are shorter than a span is worth. It is not
/// entered, so the log event lies in the request's own span, as with any other decision.
pub(crate) fn waiting() -> Span {
    tracing::info_span!(target: "authz", "authz.authorize", outcome = Empty, reason = Empty)
}

/// Records the decision in its span.
pub(crate) fn decided<T>(span: &Span, decision: &Result<T, Rejection>) {
    let rejected = decision.as_ref().err().map(Rejection::reason);
    span.record("outcome", rejected.map_or("allowed", Reason::outcome));
    span.record("reason", rejected.map_or("none", Reason::name));
}

/// For an audit log, which the operator enables with `authz=trace`.
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
    rejection: &Rejection,
    policy: &Policy,
    decision: &Decision,
    facts: &EvalContext<'_>,
    verified: &Verified<C>,
) {
    // Together they are shorter than a line of 4 KB.
    const SHORT: usize = 300;
    const LONG: usize = 700;
    // One line per requirement.
    const TREE: usize = 8000;
    tracing::info!(
        target: "authz",
        reason = rejection.reason().name(),
        "ref" = rejection.reference().map(tracing::field::display),
        status = rejection.status().as_u16(),
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

/// The policy requires a path parameter that the route does not have, so it is never met.
pub(crate) fn missing_path_param(request: &RequestParts<'_>, wanted: &str) {
    let names = request.path_param_names();
    let hint = if names.iter().any(|it| it == wanted) {
        "nested routers use the name twice, which is ambiguous: rename one of them"
    } else if names.is_empty() {
        "no path parameters are available here: put the guard on the route itself, within the router"
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

/// The policy's path parameters come from a pattern that is not the route's, so it is never met.
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

/// Logged before the rejection itself, with the path that no rule allows.
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
