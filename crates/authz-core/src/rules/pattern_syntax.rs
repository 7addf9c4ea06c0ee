//! Which patterns are valid.

use std::borrow::Cow;

use super::path;

/// The text is not a valid pattern of a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pattern:?} is not the pattern of a path: {problem}")]
pub struct InvalidPattern {
    pattern: String,
    problem: String,
}

impl InvalidPattern {
    pub(super) fn new(pattern: &str, problem: impl Into<String>) -> Self {
        Self {
            pattern: pattern.to_owned(),
            problem: problem.into(),
        }
    }
}

/// Checks a pattern, except for what the router checks, and decodes it.
pub(super) fn decode(pattern: &str) -> Result<Cow<'_, str>, InvalidPattern> {
    let decoded = if pattern.len() > 1 && pattern.ends_with('/') {
        Err("a trailing slash makes no difference: remove it".to_owned())
    } else if let Some(problem) = foreign_syntax(pattern) {
        Err(problem)
    } else if !pattern.bytes().all(|it| it.is_ascii_graphic()) || pattern.contains(['?', '#']) {
        Err("it must be written as in a URL: percent-encoded, without query and fragment".into())
    } else if let Some(name) = repeated_name(pattern) {
        Err(format!(
            "it has two parameters of the name {name}: rename one of them"
        ))
    } else {
        let matchable = |path: &str| {
            path::check(path).map_err(|problem| format!("no request matches it: {problem}"))
        };
        matchable(pattern).and_then(|()| {
            let decoded = path::decode(pattern).ok_or("it is encoded wrongly")?;
            matchable(&decoded)?;
            Ok(decoded)
        })
    };
    decoded.map_err(|problem| InvalidPattern::new(pattern, problem))
}

/// The names of the parameters in a valid pattern.
pub(crate) fn names(pattern: &str) -> impl Iterator<Item = &str> {
    pattern.split('/').filter_map(|segment| {
        // A parameter may have a prefix, but not a suffix. `{{` is a brace.
        let (before, rest) = segment.rsplit_once('{')?;
        let name = rest.strip_suffix('}')?;
        let escaped = before.len() - before.trim_end_matches('{').len();
        escaped
            .is_multiple_of(2)
            .then(|| name.strip_prefix('*').unwrap_or(name))
    })
}

fn repeated_name(pattern: &str) -> Option<&str> {
    let mut all = names(pattern).enumerate();
    all.find_map(|(i, name)| names(pattern).take(i).any(|it| it == name).then_some(name))
}

/// Other routers' syntax, and how to write it here. As literal text, such a pattern would match next to
/// nothing, and another rule would apply to the paths that it is meant to protect.
fn foreign_syntax(pattern: &str) -> Option<String> {
    let mut segments = pattern.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        // `{{` is a brace.
        let plain = segment.replace("{{", "").replace("}}", "");
        if let Some((_, inner)) = plain.split_once('{') {
            let inner = inner.rsplit_once('}').map_or(inner, |(inner, _)| inner);
            let bare = inner.strip_prefix('*').unwrap_or(inner);
            let is_name = |it: char| it.is_ascii_alphanumeric() || "_-.".contains(it);
            if !bare.is_empty() && bare.chars().all(is_name) && !bare.ends_with("...") {
                continue;
            }
            return Some(if inner.contains('*') || bare.ends_with("...") {
                let name = first_name(bare, "rest");
                format!("a parameter that matches all that follows is written {{*{name}}}")
            } else {
                let name = first_name(bare, "id");
                format!("a parameter is a name and matches any one segment: write {{{name}}}")
            });
        }
        if plain.contains('*') {
            return Some(match segments.peek() {
                None => {
                    let rest = first_name(&plain, "rest");
                    let one = if rest == "rest" { "id" } else { rest };
                    format!(
                        "a star is a star here: write {{*{rest}}} for all that follows, and {{{one}}} for one segment (%2A for the star)"
                    )
                }
                Some(_) => "a star is a star here: write {id} for one segment; {*rest}, for all that follows, stands at the end (%2A for the star)".to_owned(),
            });
        }
        let name = first_name(&plain, "id");
        if plain.starts_with(':') && plain.len() > 1 {
            return Some(format!(
                "a parameter is written {{{name}}} (%3A for the colon)"
            ));
        }
        if plain.starts_with('<') && plain.ends_with('>') {
            return Some(format!("a parameter is written {{{name}}}"));
        }
    }
    None
}

fn first_name<'t>(text: &'t str, default: &'t str) -> &'t str {
    let mut names = text.split(|it: char| !(it.is_ascii_alphanumeric() || it == '_' || it == '-'));
    names.find(|it| !it.is_empty()).unwrap_or(default)
}
