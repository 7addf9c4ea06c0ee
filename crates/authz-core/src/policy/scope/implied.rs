//! Scopes that imply others: `admin` implies `write:messages`, which implies `read:messages`.

use std::collections::BTreeMap;

use super::{
    name::{InvalidScope, Scope},
    set::{Names, Scopes},
};

/// For each scope, all scopes that it implies, directly or not.
#[derive(Debug, Default)]
pub(crate) struct Implied(BTreeMap<Box<str>, Box<[Scope]>>);

/// Why implications are invalid.
#[derive(Debug)]
pub(crate) enum BadImplication {
    Invalid(InvalidScope),
    /// Each scope implies the next. The last is the first.
    Cycle(Vec<String>),
}

type Declared = BTreeMap<Box<str>, Vec<Scope>>;

impl Implied {
    pub(crate) fn new(declared: Vec<(String, Vec<String>)>) -> Result<Self, BadImplication> {
        let scope = |text: String| Scope::try_from(text).map_err(BadImplication::Invalid);
        let mut by_name = Declared::new();
        for (name, implied) in declared {
            let entry = by_name.entry(scope(name)?.as_str().into()).or_default();
            for text in implied {
                entry.push(scope(text)?);
            }
        }
        let mut all = BTreeMap::new();
        for name in by_name.keys() {
            let mut reached = Vec::new();
            reach(name, &by_name, &mut vec![name], &mut reached)?;
            all.insert(name.clone(), reached.into());
        }
        Ok(Self(all))
    }

    /// Returns `granted` and what they imply, or `None` if that is no more than `granted`.
    pub(crate) fn expand(&self, granted: &Scopes) -> Option<Scopes> {
        if self.0.is_empty() {
            return None;
        }
        let implied = (granted.iter())
            .filter_map(|name| self.0.get(name))
            .flatten()
            .map(Scope::as_str);
        let all: Vec<_> = granted.iter().chain(implied).collect();
        let all = Scopes::collect(&all.iter().copied().map(Names::One));
        (all.len() > granted.len()).then_some(all)
    }
}

/// Adds all that `name`, the last of `path`, implies to `reached`. A cycle is an error.
fn reach<'d>(
    name: &str,
    declared: &'d Declared,
    path: &mut Vec<&'d str>,
    reached: &mut Vec<Scope>,
) -> Result<(), BadImplication> {
    for scope in declared.get(name).into_iter().flatten() {
        let next = scope.as_str();
        if let Some(at) = path.iter().position(|it| *it == next) {
            let cycle = path.iter().skip(at).chain([&next]);
            return Err(BadImplication::Cycle(
                cycle.map(ToString::to_string).collect(),
            ));
        }
        if !reached.contains(scope) {
            reached.push(scope.clone());
            path.push(next);
            reach(next, declared, path, reached)?;
            path.pop();
        }
    }
    Ok(())
}
