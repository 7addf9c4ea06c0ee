use std::{borrow::Cow, fmt};

use matchit::{InsertError, Params, Router};

use super::path::{self, Path};
use crate::request::PathParams;

/// The pattern of a path, for routers that keep theirs to themselves: `/orgs/{org}/messages`,
/// `/files/{*rest}`.
///
/// ```
/// use authz_core::rules::PathPattern;
///
/// let pattern: PathPattern = "/orgs/{org}/messages".parse()?;
/// # Ok::<(), authz_core::rules::InvalidPattern>(())
/// ```
#[derive(Clone)]
pub struct PathPattern {
    text: Box<str>,
    routes: Routes<()>,
}

/// A text that is no pattern of a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pattern:?} is not the pattern of a path: {problem}")]
pub struct InvalidPattern {
    pub(crate) pattern: String,
    pub(crate) problem: String,
}

/// Patterns, each with a value, for paths as they are sent and decoded.
#[derive(Clone)]
pub(crate) struct Routes<T> {
    sent: Router<T>,
    decoded: Router<T>,
}

/// Why a pattern can't stand with the others.
#[derive(Debug)]
pub(crate) enum PatternConflict {
    Invalid(InvalidPattern),
    /// It matches the same paths as one of the others.
    Conflict,
}

/// The parameters of a path that matched.
#[derive(Debug)]
pub(crate) struct Matched<'k, 'p>(Params<'k, 'p>);

impl PathPattern {
    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names of its parameters.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        names(&self.text)
    }

    /// `None` where the path is another.
    pub(crate) fn find<'p>(&'p self, path: &'p str) -> Option<Matched<'p, 'p>> {
        let path = Path::read(path).ok()?;
        self.routes.at(&path).ok().map(|((), matched)| matched)
    }
}

impl<T: Copy + PartialEq> Routes<T> {
    pub(crate) fn new() -> Self {
        Self {
            sent: Router::new(),
            decoded: Router::new(),
        }
    }

    pub(crate) fn insert(&mut self, pattern: &str, value: T) -> Result<(), PatternConflict> {
        let invalid = |problem: &str| {
            PatternConflict::Invalid(InvalidPattern {
                pattern: pattern.to_owned(),
                problem: problem.to_owned(),
            })
        };
        if pattern.len() > 1 && pattern.ends_with('/') {
            return Err(invalid(
                "a slash at the end makes no difference: leave it away",
            ));
        }
        if let Some(problem) = foreign_syntax(pattern) {
            return Err(invalid(&problem));
        }
        if !pattern.bytes().all(|it| it.is_ascii_graphic()) || pattern.contains(['?', '#']) {
            return Err(invalid(
                "it has to be written as in a URL: percent-encoded, without query and fragment",
            ));
        }
        // Nobody could say which of them is meant.
        if let Some(name) = names(pattern).enumerate().find_map(|(i, name)| {
            let again = names(pattern).take(i).any(|it| it == name);
            again.then_some(name)
        }) {
            return Err(invalid(&format!(
                "it has two parameters of the name {name}: rename one of them"
            )));
        }
        path::check(pattern).map_err(|problem| invalid(&never(problem)))?;
        let decoded = path::decode(pattern).ok_or_else(|| invalid("it is encoded wrongly"))?;
        path::check(&decoded).map_err(|problem| invalid(&never(problem)))?;
        let misfit = |error: InsertError| match error {
            InsertError::Conflict { .. } => PatternConflict::Conflict,
            InsertError::InvalidParamSegment => {
                invalid("a parameter has to reach to the end of its segment")
            }
            InsertError::InvalidCatchAll => {
                invalid("a parameter that matches several segments has to stand at the end")
            }
            _ => invalid("parameters are written {name} or {*name}, and braces {{ and }}"),
        };
        self.sent.insert(pattern, value).map_err(misfit)?;
        self.decoded.insert(decoded, value).map_err(misfit)
    }

    /// The pattern that the path matches in both its readings, with the same parameters.
    pub(crate) fn at<'p>(&'p self, path: &Path<'p>) -> Result<(T, Matched<'p, 'p>), &'static str> {
        const NONE: &str = "no pattern matches the path";
        let sent = self.sent.at(path.sent).map_err(|_| NONE)?;
        let decoded = self.decoded.at(&path.decoded).map_err(|_| NONE)?;
        let values = |(sent, decoded): ((&str, &str), (&str, &str))| {
            path::decode(sent.1).is_some_and(|it| it == decoded.1)
        };
        let same = sent.value == decoded.value
            && sent.params.len() == decoded.params.len()
            && sent.params.iter().zip(decoded.params.iter()).all(values);
        if same {
            Ok((*sent.value, Matched(sent.params)))
        } else {
            Err("the path means another thing when it is decoded")
        }
    }
}

impl PathParams for Matched<'_, '_> {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        path::decode(self.0.get(name)?)
    }
}

/// The names of the parameters in a pattern that a router has accepted.
pub(crate) fn names(pattern: &str) -> impl Iterator<Item = &str> {
    pattern.split('/').filter_map(|segment| {
        // Something may stand before a parameter, nothing behind it. `{{` is a brace.
        let (before, rest) = segment.rsplit_once('{')?;
        let name = rest.strip_suffix('}')?;
        let escaped = before.len() - before.trim_end_matches('{').len();
        escaped
            .is_multiple_of(2)
            .then(|| name.strip_prefix('*').unwrap_or(name))
    })
}

/// What other routers write differently, and what it is here. Taken to the letter, such a pattern would
/// match next to nothing, and what it was to protect would be under another rule.
fn foreign_syntax(pattern: &str) -> Option<String> {
    let segments = || pattern.split('/').skip(1);
    for (i, segment) in segments().enumerate() {
        // What is in braces, if there are any: `{{` is a brace.
        let plain = segment.replace("{{", "").replace("}}", "");
        let inner = plain.split_once('{').map(|(_, inner)| {
            let end = inner.rfind('}').unwrap_or(inner.len());
            inner.get(..end).unwrap_or_default()
        });
        let is_last = segments().nth(i + 1).is_none();
        let name = |text: &str, is_rest: bool| -> String {
            let kept = |it: &char| it.is_ascii_alphanumeric() || *it == '_' || *it == '-';
            let text = text.trim_start_matches(|it| !kept(&it));
            let name: String = text.chars().take_while(kept).collect();
            let default = if is_rest { "rest" } else { "id" };
            if name.is_empty() {
                default.to_owned()
            } else {
                name
            }
        };
        if let Some(inner) = inner {
            let bare = inner.strip_prefix('*').unwrap_or(inner);
            let is_name = |it: char| it.is_ascii_alphanumeric() || "_-.".contains(it);
            if !bare.is_empty() && bare.chars().all(is_name) && !bare.ends_with("...") {
                continue;
            }
            let is_rest = inner.contains('*') || bare.ends_with("...");
            let name = name(bare, is_rest);
            return Some(if is_rest {
                format!("a parameter that matches all that follows is written {{*{name}}}")
            } else {
                format!("a parameter is a name and matches any one segment: write {{{name}}}")
            });
        }
        if plain.contains('*') {
            return Some(if is_last {
                let name = name(&plain, true);
                format!(
                    "a star is a star here: write {{*{name}}} for all that follows, and {{{}}} for one segment (%2A for the star)",
                    if name == "rest" { "id" } else { &name }
                )
            } else {
                "a star is a star here: write {id} for one segment; {*rest}, for all that follows, stands at the end (%2A for the star)".to_owned()
            });
        }
        if plain.starts_with(':') && plain.len() > 1 {
            return Some(format!(
                "a parameter is written {{{}}} (%3A for the colon)",
                name(&plain, false)
            ));
        }
        if plain.starts_with('<') && plain.ends_with('>') {
            return Some(format!(
                "a parameter is written {{{}}}",
                name(&plain, false)
            ));
        }
    }
    None
}

fn never(problem: &str) -> String {
    format!("no request matches it: {problem}")
}

impl std::str::FromStr for PathPattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut routes = Routes::new();
        match routes.insert(text, ()) {
            Ok(()) => Ok(Self {
                text: text.into(),
                routes,
            }),
            Err(PatternConflict::Invalid(invalid)) => Err(invalid),
            Err(PatternConflict::Conflict) => Err(InvalidPattern {
                pattern: text.to_owned(),
                problem: "it is ambiguous".to_owned(),
            }),
        }
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PathPattern({})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_parameters() {
        for (pattern, expected) in [
            ("/a/b", &[][..]),
            ("/a/{b}/c-{d}/{*e}", &["b", "d", "e"]),
            ("/{{a}}/{b}", &["b"]),
            ("/x{{{a}", &["a"]),
        ] {
            let parsed: PathPattern = pattern.parse().unwrap();
            assert!(parsed.names().eq(expected.iter().copied()), "{pattern}");
        }
    }

    #[test]
    fn finds_parameters_that_mean_the_same_in_both_readings() {
        let pattern: PathPattern = "/orgs/{org}/{*rest}".parse().unwrap();
        for (path, org, rest) in [
            ("/orgs/a/b", Some("a"), Some("b")),
            ("/orgs/a/b/c/", Some("a"), Some("b/c")),
            ("/orgs/a%20b/c%2Fd", Some("a b"), Some("c/d")),
            // Sent, the organisation is `a/b`; decoded, it is `a`.
            ("/orgs/a%2Fb/c", None, None),
            ("/orgs/a", None, None),
            ("/%6frgs/a/b", None, None),
        ] {
            let found = pattern.find(path);
            let get = |name| found.as_ref().and_then(|it| it.get(name));
            assert_eq!(get("org").as_deref(), org, "{path}");
            assert_eq!(get("rest").as_deref(), rest, "{path}");
        }
    }
}
