use std::fmt;

use serde::Serialize;

use super::{Facts, Policy, Requirement, Verdict, remedy::remedy};

/// What a policy said about a token, and why.
///
/// [`Display`](fmt::Display) draws the whole for a person, [`summary`](Self::summary) puts it on
/// one line, and serde gives it to machines. It is for the operator: a caller learns no more than
/// the challenge says (RFC 6750 section 3).
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
    /// The scopes that a token needs for the policy, those it has included: the cheapest
    /// alternative where there are several. Empty where scopes can't do it.
    pub scopes: Vec<String>,
    /// The authentication that is asked for besides, where what the token has is too weak or too old.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_up: Option<StepUp>,
    /// Every requirement, and what became of it.
    pub finding: Finding,
}

/// One requirement of a policy, whether it is met, and what the token had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// Whether it is met.
    pub verdict: Verdict,
    /// The requirement as text; `all of`, `any of` or `not` where it has [`parts`](Self::parts).
    pub requirement: String,
    /// What was there, escaped and cut. Headers and query parameters may be secrets, and are never shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// The requirements that it is made of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Finding>,
}

/// A stronger or more recent authentication of the user (RFC 9470).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StepUp {
    /// The authentication context classes that would do, in order of preference.
    pub acr_values: Vec<String>,
    /// Seconds since the user's authentication at most.
    pub max_age: Option<u64>,
}

impl Policy {
    /// The decision with its reasons, and with what it takes to change it.
    /// [`allows`](Self::allows) decides the same and costs less.
    pub(crate) fn decide(&self, facts: &Facts<'_>) -> Decision {
        self.decide_within(usize::MAX, facts)
    }

    /// The same for a log line: the requirements behind the first few are not listed one by one.
    pub(crate) fn decide_in_short(&self, facts: &Facts<'_>) -> Decision {
        const LISTED: usize = 32;
        self.decide_within(LISTED, facts)
    }

    fn decide_within(&self, mut room: usize, facts: &Facts<'_>) -> Decision {
        let finding = Finding::of(self, &mut room, facts);
        let allowed = finding.verdict == Verdict::Met;
        let remedy = remedy(self, facts).unwrap_or_default();
        Decision {
            allowed,
            scopes: remedy.scopes,
            step_up: remedy.step_up.filter(|_| !allowed),
            finding,
        }
    }
}

impl Decision {
    /// On one line, with a sign before every requirement: `+` met, `-` not met, `?` unknown.
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

impl Finding {
    /// `room` is how many more requirements are listed.
    fn of(policy: &Policy, room: &mut usize, facts: &Facts<'_>) -> Self {
        match &policy.0 {
            Requirement::Not(policy) => {
                let part = Self::of(policy, room, facts);
                Self::group(NOT, part.verdict.not(), vec![part])
            }
            Requirement::All(policies) => {
                let parts = Self::each(policies, room, facts, |it| Verdict::all(it));
                Self::group(
                    ALL,
                    Verdict::all(&mut parts.iter().map(|it| it.verdict)),
                    parts,
                )
            }
            Requirement::Any(policies) => {
                let parts = Self::each(policies, room, facts, |it| Verdict::any(it));
                Self::group(
                    ANY,
                    Verdict::any(&mut parts.iter().map(|it| it.verdict)),
                    parts,
                )
            }
            rule => {
                *room = room.saturating_sub(1);
                Self {
                    verdict: rule.verdict(facts),
                    requirement: rule.to_string(),
                    found: rule.found(facts),
                    parts: Vec::new(),
                }
            }
        }
    }

    fn group(requirement: &str, verdict: Verdict, parts: Vec<Self>) -> Self {
        Self {
            verdict,
            requirement: requirement.to_owned(),
            found: None,
            parts,
        }
    }

    /// One for each policy. Those for which there is no room are one together.
    fn each(
        policies: &[Policy],
        room: &mut usize,
        facts: &Facts<'_>,
        together: impl Fn(&mut dyn Iterator<Item = Verdict>) -> Verdict,
    ) -> Vec<Self> {
        let mut parts = Vec::new();
        for (i, policy) in policies.iter().enumerate() {
            if *room == 0 {
                let rest = policies.get(i..).unwrap_or_default();
                let more: usize = rest.iter().map(Policy::requirements).sum();
                let verdict = together(&mut rest.iter().map(|it| it.verdict(facts)));
                parts.push(Self::group(&format!("{more} more"), verdict, Vec::new()));
                break;
            }
            parts.push(Self::of(policy, room, facts));
        }
        parts
    }

    fn summarize(&self, into: &mut String, inner: bool) {
        let word = match &*self.requirement {
            ALL => " and ",
            ANY => " or ",
            _ => "",
        };
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
            into.push_str(if inner { "(" } else { "" });
            for (i, part) in self.parts.iter().enumerate() {
                into.push_str(if i > 0 { word } else { "" });
                part.summarize(into, true);
            }
            into.push_str(if inner { ")" } else { "" });
        }
    }

    fn draw(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let sign = match self.verdict {
            Verdict::Met => "✓",
            Verdict::NotMet => "✗",
            Verdict::Unknown => "?",
        };
        write!(f, "\n{:1$}{sign} ", "", depth * 2)?;
        f.write_str(&self.requirement)?;
        if let Some(found) = &self.found {
            write!(f, ": {found}")?;
        }
        self.parts.iter().try_for_each(|it| it.draw(f, depth + 1))
    }
}

const NOT: &str = "not";
const ALL: &str = "all of";
const ANY: &str = "any of";

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.allowed { "allowed" } else { "denied" })?;
        self.finding.draw(f, 0)
    }
}
