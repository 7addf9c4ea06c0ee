//! The table of rules, read from TOML or JSON.

mod build;
mod error;
mod rule;
mod rule_match;

use std::{fmt, sync::Arc};

use http::Method;
use toml::Spanned;

pub use self::error::{RulesError, RulesErrorKind};
pub(crate) use self::rule::Access;
pub use self::rule_match::RuleMatch;
use self::{
    build::RuleTable,
    rule::{RuleEntry, RulesFile},
};
use super::{path::Path, routes::Matched};
use crate::policy::Predicates;

/// A table of rules for a whole service: policies by method and path.
///
/// ```
/// use authz_core::rules::Rules;
///
/// let rules = Rules::from_toml(r#"
///     [[rules]]
///     path = "/api/public"
///     policy = "public"
///
///     [[rules]]
///     methods = ["GET"]
///     path = "/api/orgs/{org}/messages"
///     policy = 'scope("read:messages") and claim("org_id") == path("org")'
///
///     [[rules]]
///     methods = ["GET"]
///     path = "/api/feed"
///     policy = 'any_valid_token'
///     optional = true
/// "#)?;
/// # Ok::<(), authz_core::rules::RulesError>(())
/// ```
///
/// The [module](crate::rules) describes how a request finds its rule.
#[derive(Clone)]
pub struct Rules(Arc<RuleTable>);

impl Rules {
    /// Parses a table in TOML.
    ///
    /// # Errors
    ///
    /// Returns a [`RulesError`] if the text can't be parsed or contains an invalid rule.
    pub fn from_toml(text: &str) -> Result<Self, RulesError> {
        Self::from_toml_with(text, &Predicates::new())
    }

    /// Parses a table in TOML whose policies may name the conditions `known`.
    ///
    /// # Errors
    ///
    /// Returns a [`RulesError`] if the text can't be parsed or contains an invalid rule.
    pub fn from_toml_with(text: &str, known: &Predicates) -> Result<Self, RulesError> {
        let line = |at: usize| 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        let file: RulesFile<Spanned<RuleEntry>> = toml::from_str(text)
            .map_err(|error| syntax(&error, error.span().map(|span| line(span.start))))?;
        let entries = file.rules.into_iter().map(|entry| {
            let line = line(entry.span().start);
            (Some(line), entry.into_inner())
        });
        Self::new(entries, known)
    }

    /// Parses a table in JSON: `{"rules": [{"path": ..}, ..]}`.
    ///
    /// # Errors
    ///
    /// Returns a [`RulesError`] if the text can't be parsed or contains an invalid rule.
    pub fn from_json(text: &str) -> Result<Self, RulesError> {
        Self::from_json_with(text, &Predicates::new())
    }

    /// Parses a table in JSON whose policies may name the conditions `known`.
    ///
    /// # Errors
    ///
    /// Returns a [`RulesError`] if the text can't be parsed or contains an invalid rule.
    pub fn from_json_with(text: &str, known: &Predicates) -> Result<Self, RulesError> {
        let file: RulesFile<RuleEntry> =
            serde_json::from_str(text).map_err(|error| syntax(&error, Some(error.line())))?;
        Self::new(file.rules.into_iter().map(|entry| (None, entry)), known)
    }

    /// Entries with their lines.
    fn new(
        entries: impl Iterator<Item = (Option<usize>, RuleEntry)>,
        known: &Predicates,
    ) -> Result<Self, RulesError> {
        let entries =
            (entries.enumerate()).map(|(index, (line, entry))| (entry.name(index, line), entry));
        Ok(Self(Arc::new(RuleTable::new(entries, known)?)))
    }

    /// Returns the requirement on a request and the parameters of its path. The error names the reason if
    /// no rule applies.
    pub(crate) fn find<'p>(
        &'p self,
        method: &Method,
        path: &'p str,
    ) -> Result<(&'p Access, Matched<'p, 'p>), &'static str> {
        let table = &*self.0;
        let (place, matched) = table.routes.at(&Path::parse(path)?)?;
        let rule = (table.places.get(place))
            .and_then(|place| place.rule_for(method))
            .and_then(|rule| table.rules.get(rule))
            .ok_or("no rule for the path has the method")?;
        Ok((&rule.access, matched))
    }

    pub(crate) fn read_query(&self) -> bool {
        self.0.rules.iter().any(|rule| match &rule.access {
            Access::Public => false,
            Access::Policy { policy, .. } => policy.reads_query(),
        })
    }
}

fn syntax(error: &impl fmt::Display, line: Option<usize>) -> RulesError {
    RulesError {
        kind: RulesErrorKind::Syntax,
        rule: None,
        line,
        message: format!("the rules can't be read: {error}")
            .trim_end()
            .to_owned(),
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules = self.0.rules.iter();
        let rules = rules.map(|rule| (rule.name.to_string(), &rule.access));
        f.debug_map().entries(rules).finish()
    }
}
