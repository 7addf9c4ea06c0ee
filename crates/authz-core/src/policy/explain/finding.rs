use std::{fmt, slice};

use serde::Serialize;

use crate::policy::{
    eval::{EvalContext, Verdict},
    model::{Policy, Requirement},
};

/// One requirement of a policy, its verdict, and the value that the token had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// Whether the requirement is met.
    pub verdict: Verdict,
    /// The requirement as text, or `all of`, `any of` or `not` if it has [`parts`](Self::parts).
    pub requirement: String,
    /// The value in the token or the request, escaped and truncated. Headers and query parameters may be
    /// secrets, so their values are never shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// The parts of a group or a negation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Finding>,
}

impl Finding {
    /// `listed` is how many single requirements may still be listed. The others are counted.
    pub(super) fn new(policy: &Policy, listed: &mut usize, context: &EvalContext<'_>) -> Self {
        let (name, policies) = match &policy.0 {
            Requirement::Not(policy) => (NOT, slice::from_ref(&**policy)),
            Requirement::All(policies) => (ALL, &**policies),
            Requirement::Any(policies) => (ANY, &**policies),
            requirement => {
                *listed = listed.saturating_sub(1);
                return Self {
                    verdict: requirement.verdict(context),
                    requirement: requirement.to_string(),
                    found: requirement.actual(context),
                    parts: Vec::new(),
                };
            }
        };
        let mut parts = Vec::new();
        for (i, policy) in policies.iter().enumerate() {
            if *listed == 0 {
                let rest = policies.get(i..).unwrap_or_default();
                let more: usize = rest.iter().map(Policy::size).sum();
                let verdict = combine(name, &mut rest.iter().map(|it| it.verdict(context)));
                parts.push(Self::group(format!("{more} more"), verdict, Vec::new()));
                break;
            }
            parts.push(Self::new(policy, listed, context));
        }
        let verdict = combine(name, &mut parts.iter().map(|it| it.verdict));
        Self::group(name.to_owned(), verdict, parts)
    }

    fn group(requirement: String, verdict: Verdict, parts: Vec<Self>) -> Self {
        Self {
            verdict,
            requirement,
            found: None,
            parts,
        }
    }

    pub(super) fn summarize(&self, into: &mut String, inner: bool) {
        if let (NOT, [part]) = (&*self.requirement, &*self.parts) {
            into.push_str("not ");
            part.summarize(into, true);
        } else if self.parts.is_empty() {
            into.push_str(match self.verdict {
                Verdict::Met => "+",
                Verdict::NotMet => "-",
                Verdict::Unknown => "?",
            });
            into.push_str(&self.requirement);
            if let Some(found) = self.found.as_ref().filter(|_| self.verdict != Verdict::Met) {
                into.extend([" [", found, "]"]);
            }
        } else {
            let word = if self.requirement == ALL {
                " and "
            } else {
                " or "
            };
            into.push_str(if inner { "(" } else { "" });
            for (i, part) in self.parts.iter().enumerate() {
                into.push_str(if i > 0 { word } else { "" });
                part.summarize(into, true);
            }
            into.push_str(if inner { ")" } else { "" });
        }
    }

    pub(super) fn draw(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let sign = match self.verdict {
            Verdict::Met => "✓",
            Verdict::NotMet => "✗",
            Verdict::Unknown => "?",
        };
        write!(f, "\n{:2$}{sign} {}", "", self.requirement, depth * 2)?;
        if let Some(found) = &self.found {
            write!(f, ": {found}")?;
        }
        self.parts.iter().try_for_each(|it| it.draw(f, depth + 1))
    }
}

fn combine(name: &str, verdicts: &mut dyn Iterator<Item = Verdict>) -> Verdict {
    match name {
        NOT => Verdict::any(verdicts).not(),
        ALL => Verdict::all(verdicts),
        _ => Verdict::any(verdicts),
    }
}

const NOT: &str = "not";
const ALL: &str = "all of";
const ANY: &str = "any of";
