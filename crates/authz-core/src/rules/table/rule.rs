//! One rule: its entry in the file, checked by itself.

use std::fmt;

use http::Method;
use serde::{Deserialize, Deserializer};

use super::error::{RulesError, RulesErrorKind};
use crate::{
    policy::{Policy, Predicates, parse::method::parse_method},
    rules::pattern_syntax::names,
};

/// A file with entries of type `E`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RulesFile<E> {
    pub(super) rules: Vec<E>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleEntry {
    #[serde(default, deserialize_with = "not_null")]
    methods: Option<Vec<String>>,
    pub(super) path: String,
    policy: String,
    #[serde(default)]
    optional: bool,
}

pub(super) struct Rule {
    pub(super) name: RuleName,
    pub(super) access: Access,
}

/// How errors name a rule.
#[derive(Clone)]
pub(super) struct RuleName {
    text: String,
    line: Option<usize>,
}

/// The requirement of a rule.
#[derive(Debug)]
pub(crate) enum Access {
    Public,
    Policy { policy: Policy, optional: bool },
}

impl RuleEntry {
    /// `index` counts from 0, `line` from 1.
    pub(super) fn name(&self, index: usize, line: Option<usize>) -> RuleName {
        let line_text = line.map_or_else(String::new, |line| format!(" in line {line}"));
        let methods = (self.methods.as_ref())
            .map_or_else(String::new, |methods| format!("{} ", methods.join(", ")));
        RuleName {
            text: format!("rule {}{line_text} ({methods}{})", index + 1, self.path),
            line,
        }
    }

    pub(super) fn access(&self, rule: &RuleName, known: &Predicates) -> Result<Access, RulesError> {
        if self.policy.trim() == "public" {
            return match self.optional {
                true => Err(rule.error(
                    RulesErrorKind::OptionalPublic,
                    ": a public rule does not require a token, so `optional` has no effect",
                )),
                false => Ok(Access::Public),
            };
        }
        // The error's line and column are those in the policy's text.
        let policy = Policy::parse_with(&self.policy, known).map_err(|error| {
            rule.error(
                RulesErrorKind::Policy,
                format_args!(": in its policy: {error}"),
            )
        })?;
        let mut params = policy.path_params().into_iter();
        if let Some(name) = params.find(|name| !names(&self.path).any(|it| it == *name)) {
            return Err(rule.error(
                RulesErrorKind::UnknownParameter,
                format_args!(
                    ": the policy asks for path({name:?}), and the path has no such parameter"
                ),
            ));
        }
        Ok(Access::Policy {
            policy,
            optional: self.optional,
        })
    }

    /// The methods, or one `None` for all.
    pub(super) fn methods(&self, rule: &RuleName) -> Result<Vec<Option<Method>>, RulesError> {
        let error = |problem: &str| rule.error(RulesErrorKind::Method, format_args!(": {problem}"));
        let Some(methods) = &self.methods else {
            return Ok(vec![None]);
        };
        if methods.is_empty() {
            return Err(error("no method is named: remove `methods` to match all"));
        }
        if (methods.iter()).any(|it| ["*", "ANY", "ALL"].contains(&it.as_str())) {
            return Err(error("remove `methods` to match every method"));
        }
        let methods: Vec<_> = (methods.iter())
            .map(|text| parse_method(text).map(Some).map_err(|it| error(&it)))
            .collect::<Result<_, _>>()?;
        if methods.contains(&Some(Method::HEAD)) {
            return Err(error("HEAD counts as GET: name that"));
        }
        Ok(methods)
    }
}

impl RuleName {
    /// `problem` continues the message after the rule's name.
    pub(super) fn error(&self, kind: RulesErrorKind, problem: impl fmt::Display) -> RulesError {
        RulesError {
            kind,
            rule: Some(self.text.clone()),
            line: self.line,
            message: format!("{self}{problem}"),
        }
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `null` is not a list of methods.
fn not_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    Vec::deserialize(deserializer).map(Some)
}
