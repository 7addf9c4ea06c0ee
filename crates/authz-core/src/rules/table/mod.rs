pub(crate) mod error;

use std::{fmt, sync::Arc};

use http::Method;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use self::error::RulesError;
use super::{
    path::Path,
    pattern::{Matched, PatternConflict, Routes, names},
};
use crate::policy::{Policy, Predicates, parse::method::parse_method};

/// A table of rules for a whole service: who may do what, by method and path.
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
/// See the [module](super) for how a request finds its rule.
#[derive(Clone)]
pub struct Rules(Arc<RuleTable>);

struct RuleTable {
    routes: Routes<usize>,
    places: Vec<Place>,
    rules: Vec<Rule>,
}

/// The rules of one pattern.
struct Place {
    pattern: String,
    by_method: Vec<(Method, usize)>,
    /// The one for all other methods.
    otherwise: Option<usize>,
}

struct Rule {
    /// What errors call it.
    name: String,
    access: Access,
}

/// What a rule asks.
#[derive(Debug)]
pub(crate) enum Access {
    Public,
    Policy { policy: Policy, optional: bool },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File<E> {
    rules: Vec<E>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default, deserialize_with = "some")]
    methods: Option<Vec<String>>,
    path: String,
    policy: String,
    #[serde(default)]
    optional: bool,
}

impl Rules {
    /// The table in a TOML text.
    ///
    /// # Errors
    ///
    /// When it can't be read, or a rule in it can't be meant: see [`RulesError`].
    pub fn from_toml(text: &str) -> Result<Self, RulesError> {
        Self::from_toml_with(text, &Predicates::new())
    }

    /// The table in a TOML text whose policies may name the conditions `known`.
    ///
    /// # Errors
    ///
    /// When it can't be read, or a rule in it can't be meant: see [`RulesError`].
    pub fn from_toml_with(text: &str, known: &Predicates) -> Result<Self, RulesError> {
        let file: File<Spanned<Entry>> = toml::from_str(text).map_err(syntax)?;
        let line = |at: usize| 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        let entries = file.rules.into_iter().enumerate().map(|(i, entry)| {
            let place = format!("rule {} in line {}", i + 1, line(entry.span().start));
            (place, entry.into_inner())
        });
        Self::new(entries, known)
    }

    /// The table in a JSON text: `{"rules": [{"path": ..}, ..]}`.
    ///
    /// # Errors
    ///
    /// When it can't be read, or a rule in it can't be meant: see [`RulesError`].
    pub fn from_json(text: &str) -> Result<Self, RulesError> {
        Self::from_json_with(text, &Predicates::new())
    }

    /// The table in a JSON text whose policies may name the conditions `known`.
    ///
    /// # Errors
    ///
    /// When it can't be read, or a rule in it can't be meant: see [`RulesError`].
    pub fn from_json_with(text: &str, known: &Predicates) -> Result<Self, RulesError> {
        let file: File<Entry> = serde_json::from_str(text).map_err(syntax)?;
        let entries = (file.rules.into_iter().enumerate())
            .map(|(i, entry)| (format!("rule {}", i + 1), entry));
        Self::new(entries, known)
    }

    /// What a request has to bring, and the parameters of its path; or why nothing lets it pass.
    pub(crate) fn find<'p>(
        &'p self,
        method: &Method,
        path: &'p str,
    ) -> Result<(&'p Access, Matched<'p, 'p>), &'static str> {
        let table = &*self.0;
        let (place, matched) = table.routes.at(&Path::read(path)?)?;
        let rule = (table.places.get(place))
            .and_then(|place| place.rule_for(method))
            .and_then(|rule| table.rules.get(rule))
            .ok_or("no rule for the path has the method")?;
        Ok((&rule.access, matched))
    }

    /// Whether some policy looks at the query.
    pub(crate) fn read_query(&self) -> bool {
        self.0.rules.iter().any(|rule| match &rule.access {
            Access::Public => false,
            Access::Policy { policy, .. } => policy.reads_query(),
        })
    }

    /// The table of these rules, each with its place in the file.
    fn new(
        entries: impl Iterator<Item = (String, Entry)>,
        known: &Predicates,
    ) -> Result<Self, RulesError> {
        let mut table = RuleTable {
            routes: Routes::new(),
            places: Vec::new(),
            rules: Vec::new(),
        };
        for (place, entry) in entries {
            table.add(&place, &entry, known)?;
        }
        if table.rules.is_empty() {
            return Err(RulesError::Empty);
        }
        table.check_reachable()?;
        Ok(Self(Arc::new(table)))
    }
}

impl RuleTable {
    fn add(&mut self, place: &str, entry: &Entry, known: &Predicates) -> Result<(), RulesError> {
        let rule = entry.name(place);
        let access = entry.access(&rule, known)?;
        let methods = entry.methods(&rule)?;
        let place = self.place(&entry.path, &rule)?;
        let index = self.rules.len();
        let duplicate = |earlier: usize| RulesError::Duplicate {
            rule: rule.clone(),
            other: (self.rules.get(earlier)).map_or_else(|| rule.clone(), |it| it.name.clone()),
        };
        #[expect(
            clippy::indexing_slicing,
            reason = "the index of a place, of which none is removed"
        )]
        let place = &mut self.places[place];
        match methods {
            None => {
                if let Some(earlier) = place.otherwise.replace(index) {
                    return Err(duplicate(earlier));
                }
            }
            Some(methods) => {
                for method in methods {
                    if let Some((_, earlier)) = place.by_method.iter().find(|it| it.0 == method) {
                        // Also the same method twice in this very rule.
                        let earlier = self.rules.get(*earlier).map_or(&*rule, |it| &it.name);
                        return Err(RulesError::Duplicate {
                            rule: format!("{rule}, as far as {method} goes,"),
                            other: earlier.to_owned(),
                        });
                    }
                    place.by_method.push((method, index));
                }
            }
        }
        self.rules.push(Rule { name: rule, access });
        Ok(())
    }

    /// The place of the pattern, made if it is new.
    fn place(&mut self, pattern: &str, rule: &str) -> Result<usize, RulesError> {
        if let Some(place) = self.places.iter().position(|it| it.pattern == pattern) {
            return Ok(place);
        }
        let place = self.places.len();
        match self.routes.insert(pattern, place) {
            Ok(()) => {
                self.places.push(Place {
                    pattern: pattern.to_owned(),
                    by_method: Vec::new(),
                    otherwise: None,
                });
                Ok(place)
            }
            Err(PatternConflict::Invalid(source)) => Err(RulesError::Path {
                rule: rule.to_owned(),
                source,
            }),
            Err(PatternConflict::Conflict) => Err(RulesError::Ambiguous {
                rule: rule.to_owned(),
                other: self.conflicting(pattern),
            }),
        }
    }

    /// The rule whose pattern can't stand beside `pattern`: the router does not always say.
    fn conflicting(&self, pattern: &str) -> String {
        let mut patterns = self.places.iter();
        let place = patterns.find(|place| {
            let mut pair = Routes::new();
            pair.insert(&place.pattern, 0).is_ok() && pair.insert(pattern, 1).is_err()
        });
        place.map_or_else(|| "another rule".to_owned(), |it| self.name(it))
    }

    fn name(&self, place: &Place) -> String {
        let rule = place
            .otherwise
            .or_else(|| place.by_method.first().map(|it| it.1));
        rule.and_then(|it| self.rules.get(it))
            .map_or_else(String::new, |rule| rule.name.clone())
    }

    /// Every pattern is reached by a path that is made for it.
    fn check_reachable(&self) -> Result<(), RulesError> {
        for (i, place) in self.places.iter().enumerate() {
            let sample = sample(&place.pattern);
            let found = Path::read(&sample).and_then(|it| self.routes.at(&it).map(|(it, _)| it));
            if found != Ok(i) {
                let other = found.ok().and_then(|it| self.places.get(it));
                return Err(RulesError::Unreachable {
                    rule: self.name(place),
                    other: other.map_or_else(|| "nothing".to_owned(), |it| self.name(it)),
                });
            }
        }
        Ok(())
    }
}

/// A path that matches the pattern, with parameters that no pattern has as a segment of its own.
fn sample(pattern: &str) -> String {
    let mut sample = pattern.to_owned();
    for name in names(pattern) {
        for parameter in [format!("{{{name}}}"), format!("{{*{name}}}")] {
            sample = sample.replace(&parameter, "zzzz-any-zzzz");
        }
    }
    sample.replace("{{", "{").replace("}}", "}")
}

impl Place {
    /// HEAD counts as GET. A rule that names the method comes before one for all.
    fn rule_for(&self, method: &Method) -> Option<usize> {
        let method = if *method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let named = self.by_method.iter().find(|(it, _)| it == method);
        named.map(|(_, rule)| *rule).or(self.otherwise)
    }
}

impl Entry {
    fn name(&self, place: &str) -> String {
        match &self.methods {
            Some(methods) => format!("{place} ({} {})", methods.join(", "), self.path),
            None => format!("{place} ({})", self.path),
        }
    }

    fn access(&self, rule: &str, known: &Predicates) -> Result<Access, RulesError> {
        let rule = || rule.to_owned();
        if self.policy.trim() == "public" {
            return match self.optional {
                true => Err(RulesError::OptionalPublic { rule: rule() }),
                false => Ok(Access::Public),
            };
        }
        let policy =
            Policy::parse_with(&self.policy, known).map_err(|source| RulesError::Policy {
                rule: rule(),
                source,
            })?;
        let unknown = (policy.path_params().into_iter())
            .find(|name| !names(&self.path).any(|it| it == *name));
        match unknown.map(str::to_owned) {
            Some(name) => Err(RulesError::UnknownParameter { rule: rule(), name }),
            None => Ok(Access::Policy {
                policy,
                optional: self.optional,
            }),
        }
    }

    fn methods(&self, rule: &str) -> Result<Option<Vec<Method>>, RulesError> {
        let error = |problem: String| RulesError::Method {
            rule: rule.to_owned(),
            problem,
        };
        let Some(methods) = &self.methods else {
            return Ok(None);
        };
        if methods.is_empty() {
            return Err(error(
                "no method is named: leave `methods` away for all".into(),
            ));
        }
        if methods
            .iter()
            .any(|it| ["*", "ANY", "ALL"].contains(&it.as_str()))
        {
            return Err(error(
                "every method is meant by leaving `methods` away".into(),
            ));
        }
        let methods: Vec<_> = (methods.iter())
            .map(|text| parse_method(text).map_err(error))
            .collect::<Result<_, _>>()?;
        if methods.contains(&Method::HEAD) {
            return Err(error("HEAD counts as GET: name that".into()));
        }
        Ok(Some(methods))
    }
}

/// `null` is no list of methods: what is left away is left away.
fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    Vec::deserialize(deserializer).map(Some)
}

fn syntax(error: impl fmt::Display) -> RulesError {
    RulesError::Syntax {
        problem: error.to_string().trim_end().to_owned(),
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules = self.0.rules.iter().map(|rule| (&rule.name, &rule.access));
        f.debug_map().entries(rules).finish()
    }
}
