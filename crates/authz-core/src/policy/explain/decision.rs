use std::fmt;

use serde::Serialize;

use super::{
    finding::Finding,
    remedy::{StepUp, remedy},
};
use crate::policy::{
    eval::{EvalContext, Verdict},
    model::Policy,
};

/// The result of a policy for one token, with its reasons.
///
/// [`Display`](fmt::Display) prints a tree, [`summary`](Self::summary) prints one line, and serde
/// serializes it for programs. It is for operators only: the caller learns no more than the challenge says
/// (RFC 6750 section 3).
///
/// ```text
/// denied
/// ✗ all of
///   ✓ scope("read:messages"): read:messages
///   ✗ any of
///     ✗ role("admin"): ["reader"]
///     ? claim("org_id") == path("org"): nothing, "org_7"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Decision {
    /// Whether the token satisfies the policy.
    pub allowed: bool,
    /// The scopes that a token needs for the policy, including those that the token has. Of several
    /// alternatives, the cheapest. Empty if scopes don't help.
    pub scopes: Vec<String>,
    /// The authentication to ask for, if the token's is too weak or too old.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_up: Option<StepUp>,
    /// Every requirement and its verdict.
    pub finding: Finding,
}

impl Policy {
    /// Evaluates the policy and explains the result. [`allows`](Self::allows) decides the same at less cost.
    pub(crate) fn decide(&self, context: &EvalContext<'_>) -> Decision {
        self.decide_within(usize::MAX, context)
    }

    /// Evaluates the policy for a log line, which lists the first requirements and counts the others.
    pub(crate) fn decide_in_short(&self, context: &EvalContext<'_>) -> Decision {
        const LISTED: usize = 32;
        self.decide_within(LISTED, context)
    }

    fn decide_within(&self, mut listed: usize, context: &EvalContext<'_>) -> Decision {
        let finding = Finding::new(self, &mut listed, context);
        let allowed = finding.verdict == Verdict::Met;
        let remedy = remedy(self, context).unwrap_or_default();
        Decision {
            allowed,
            scopes: remedy.scopes,
            step_up: remedy.step_up.filter(|_| !allowed),
            finding,
        }
    }
}

impl Decision {
    /// Returns one line, with a sign before every requirement: `+` met, `-` not met, `?` unknown.
    ///
    /// ```text
    /// +scope("read:messages") and (-role("admin") [["reader"]] or ?claim("org_id") == path("org") [nothing, "org_7"])
    /// ```
    #[must_use]
    pub fn summary(&self) -> String {
        let mut summary = String::new();
        self.finding.summarize(&mut summary, false);
        summary
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.allowed { "allowed" } else { "denied" })?;
        self.finding.draw(f, 0)
    }
}
