//! What a token had where a policy asked for something, as an operator may see it.

use serde_json::Value as Json;

use super::{
    Attribute, ClaimPath, Facts, Rule,
    attribute::Source,
    comparison::{Comparison, Seen},
};

impl Rule {
    pub(crate) fn found(&self, facts: &Facts<'_>) -> Option<String> {
        let claim = |name: &str| json(facts.claims().and_then(|claims| claims.get(name)));
        match self {
            Self::AnyValidToken | Self::Deny | Self::Custom(_) => None,
            Self::Scope(_) => Some(names(&facts.scopes.to_string())),
            Self::Permission(_) => Some(names(&facts.permissions.to_string())),
            Self::Role(_) => Some(all(facts.roles, facts)),
            Self::Group(_) => Some(all(facts.groups, facts)),
            Self::Client(_) => Some(facts.client().map_or_else(nothing, quoted)),
            Self::Issuer(_) => Some(quoted(facts.issuer)),
            Self::Acr(_) => Some(claim("acr")),
            Self::Amr(_) => Some(claim("amr")),
            Self::MaxAge(_) => Some(match facts.authentication_age() {
                Some(age) => format!("authenticated {age} s ago"),
                None => claim("auth_time"),
            }),
            Self::Method(_) => Some(
                facts
                    .request
                    .map_or_else(nothing, |request| shown(request.method.as_str())),
            ),
            Self::Compare(comparison) => Some(comparison.found(facts)),
            Self::Not(_) | Self::All(_) | Self::Any(_) => None,
        }
    }
}

impl Comparison {
    fn found(&self, facts: &Facts<'_>) -> String {
        let found: Vec<_> = self.attributes().map(|it| it.found(facts)).collect();
        found.join(", ")
    }
}

impl Attribute {
    fn found(&self, facts: &Facts<'_>) -> String {
        match (&self.0, self.find(facts)) {
            (_, None) => nothing(),
            // They may be secrets: `Authorization`, a cookie, an API key in the query.
            (Source::Header(_) | Source::Query(_), Some(_)) => "(not shown)".to_owned(),
            (_, Some(Seen::Claim(value))) => json(Some(value)),
            (_, Some(seen)) => seen.text().map_or_else(nothing, quoted),
        }
    }
}

fn all(paths: &[ClaimPath], facts: &Facts<'_>) -> String {
    let Some(claims) = facts.claims() else {
        return nothing();
    };
    let found: Vec<_> = (paths.iter())
        .filter_map(|path| path.find(claims))
        .map(|value| json(Some(value)))
        .collect();
    if found.is_empty() {
        nothing()
    } else {
        found.join(", ")
    }
}

fn json(value: Option<&Json>) -> String {
    value.map_or_else(nothing, |value| shown(&value.to_string()))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", shown(text))
}

fn names(text: &str) -> String {
    if text.is_empty() {
        nothing()
    } else {
        shown(text)
    }
}

fn nothing() -> String {
    "nothing".to_owned()
}

/// Short enough for a log line, and without what a terminal would obey.
fn shown(text: &str) -> String {
    const MAX: usize = 100;
    let mut shown = String::new();
    for character in text.chars().take(MAX) {
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    if text.chars().nth(MAX).is_some() {
        shown.push_str("...");
    }
    shown
}
