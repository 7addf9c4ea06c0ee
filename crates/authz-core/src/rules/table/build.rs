//! The rules of a table, checked against each other.

use http::Method;

use super::{
    error::{RulesError, RulesErrorKind},
    rule::{Rule, RuleEntry, RuleName},
};
use crate::{
    policy::Predicates,
    rules::{
        path::Path,
        pattern_syntax::names,
        routes::{PatternConflict, Routes},
    },
};

pub(super) struct RuleTable {
    /// Indexes of `places`.
    pub(super) routes: Routes<usize>,
    pub(super) places: Vec<PatternRules>,
    pub(super) rules: Vec<Rule>,
}

/// The rules of one pattern.
pub(super) struct PatternRules {
    pattern: String,
    /// Indexes of the table's rules. `None` means all other methods.
    by_method: Vec<(Option<Method>, usize)>,
}

impl RuleTable {
    pub(super) fn new(
        entries: impl Iterator<Item = (RuleName, RuleEntry)>,
        known: &Predicates,
    ) -> Result<Self, RulesError> {
        let mut table = Self {
            routes: Routes::new(),
            places: Vec::new(),
            rules: Vec::new(),
        };
        for (name, entry) in entries {
            table.add(name, &entry, known)?;
        }
        if table.rules.is_empty() {
            return Err(RulesError {
                kind: RulesErrorKind::Empty,
                rule: None,
                line: None,
                message: "there is no rule".to_owned(),
            });
        }
        table.check_reachable()?;
        Ok(table)
    }

    fn add(
        &mut self,
        name: RuleName,
        entry: &RuleEntry,
        known: &Predicates,
    ) -> Result<(), RulesError> {
        let access = entry.access(&name, known)?;
        let methods = entry.methods(&name)?;
        let place = self.place(&entry.path, &name)?;
        #[expect(
            clippy::indexing_slicing,
            reason = "the index of a place, of which none is removed"
        )]
        let by_method = &mut self.places[place].by_method;
        for method in methods {
            if let Some((_, earlier)) = by_method.iter().find(|it| it.0 == method) {
                // A rule may also name a method twice.
                let earlier = self.rules.get(*earlier).map_or(&name, |it| &it.name);
                let part = method.map(|method| format!(", as far as {method} goes,"));
                let part = part.unwrap_or_default();
                return Err(name.error(
                    RulesErrorKind::Duplicate,
                    format_args!("{part} is never reached: {earlier} applies to the same requests"),
                ));
            }
            by_method.push((method, self.rules.len()));
        }
        self.rules.push(Rule { name, access });
        Ok(())
    }

    /// The index of the pattern's place, which is added if it is new.
    fn place(&mut self, pattern: &str, rule: &RuleName) -> Result<usize, RulesError> {
        if let Some(place) = self.places.iter().position(|it| it.pattern == pattern) {
            return Ok(place);
        }
        let place = self.places.len();
        self.routes.insert(pattern, place).map_err(|conflict| match conflict {
            PatternConflict::Invalid(invalid) => {
                rule.error(RulesErrorKind::Path, format_args!(": {invalid}"))
            }
            PatternConflict::Conflict => rule.error(
                RulesErrorKind::Ambiguous,
                format_args!(
                    " and {} can't be told apart: patterns that match the same paths must be identical, and {{name}} and {{*name}} can't be used at the same place",
                    self.conflicting(pattern)
                ),
            ),
        })?;
        self.places.push(PatternRules {
            pattern: pattern.to_owned(),
            by_method: Vec::new(),
        });
        Ok(place)
    }

    /// The rule whose pattern conflicts with `pattern`. The router's error does not always name it.
    fn conflicting(&self, pattern: &str) -> String {
        let mut places = self.places.iter();
        let place = places.find(|place| {
            let mut pair = Routes::new();
            pair.insert(&place.pattern, 0).is_ok() && pair.insert(pattern, 1).is_err()
        });
        let rule = place.and_then(|it| self.first_rule(it));
        rule.map_or_else(|| "another rule".to_owned(), |it| it.name.to_string())
    }

    /// Checks for each pattern that a path made for it finds it.
    fn check_reachable(&self) -> Result<(), RulesError> {
        for (i, place) in self.places.iter().enumerate() {
            let sample = sample(&place.pattern);
            let found = Path::parse(&sample).and_then(|it| self.routes.at(&it).map(|(it, _)| it));
            if found == Ok(i) {
                continue;
            }
            if let Some(rule) = self.first_rule(place) {
                let other = found.ok().and_then(|it| self.places.get(it));
                let other = other.and_then(|it| self.first_rule(it));
                let other = other.map_or_else(|| "nothing".to_owned(), |it| it.name.to_string());
                return Err(rule.name.error(
                    RulesErrorKind::Unreachable,
                    format_args!(" is never reached: {other} precedes it"),
                ));
            }
        }
        Ok(())
    }

    /// The rule that messages name for a place: the one for all methods, or else the first.
    fn first_rule(&self, place: &PatternRules) -> Option<&Rule> {
        let (_, rule) = (place.by_method.iter()).min_by_key(|(method, _)| method.is_some())?;
        self.rules.get(*rule)
    }
}

impl PatternRules {
    /// HEAD counts as GET. A rule that names the method precedes the one for all methods.
    pub(super) fn rule_for(&self, method: &Method) -> Option<usize> {
        let method = match *method {
            Method::HEAD => &Method::GET,
            _ => method,
        };
        let find = |method| {
            let mut rules = self.by_method.iter();
            Some(rules.find(|it| it.0.as_ref() == method)?.1)
        };
        find(Some(method)).or_else(|| find(None))
    }
}

/// A path that matches the pattern, with segments for its parameters that no other pattern has.
fn sample(pattern: &str) -> String {
    let mut sample = pattern.to_owned();
    for name in names(pattern) {
        for parameter in [format!("{{{name}}}"), format!("{{*{name}}}")] {
            sample = sample.replace(&parameter, "zzzz-any-zzzz");
        }
    }
    sample.replace("{{", "{").replace("}}", "}")
}
