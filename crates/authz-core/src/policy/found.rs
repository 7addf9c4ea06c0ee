//! What a token had where a policy asked for something, as an operator may see it.

use std::fmt::{self, Display, Write as _};

use super::{
    Attribute, ClaimPath, Facts, Requirement, Scopes, attribute::Source, claim_path::ClaimLookup,
    comparison::Comparison,
};

impl Requirement {
    pub(crate) fn found(&self, facts: &Facts<'_>) -> Option<String> {
        match self {
            Self::AnyValidToken | Self::Deny | Self::Custom(_) => None,
            Self::Scope(_) => Some(names(facts.scopes)),
            Self::Permission(_) if facts.permissions_unreadable => {
                Some(claim("permissions", facts))
            }
            Self::Permission(_) => Some(names(facts.permissions)),
            Self::Role(_) => Some(all(facts.roles, facts)),
            Self::Group(_) => Some(all(facts.groups, facts)),
            Self::Client(_) => Some(facts.client().map_or_else(nothing, quoted)),
            Self::Issuer(_) => Some(quoted(facts.issuer)),
            Self::Acr(_) => Some(claim("acr", facts)),
            Self::Amr(_) => Some(claim("amr", facts)),
            Self::MaxAge(_) => Some(match facts.authentication_age() {
                Some(age) => format!("authenticated {age} s ago"),
                None => claim("auth_time", facts),
            }),
            Self::Method(_) => Some(
                facts
                    .request
                    .map_or_else(nothing, |request| shown(request.method)),
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
        if let Source::Claim(path) = &self.0 {
            return looked_up(facts.find(path)).unwrap_or_else(nothing);
        }
        match (&self.0, self.find(facts)) {
            (_, None) => nothing(),
            // They may be secrets: `Authorization`, a cookie, an API key in the query.
            (Source::Header(_) | Source::Query(_), Some(_)) => "(not shown)".to_owned(),
            (_, Some(seen)) => seen.text().map_or_else(nothing, quoted),
        }
    }
}

fn all(paths: &[ClaimPath], facts: &Facts<'_>) -> String {
    let found: Vec<_> = (paths.iter())
        .filter_map(|path| looked_up(facts.find(path)))
        .collect();
    if found.is_empty() {
        nothing()
    } else {
        found.join(", ")
    }
}

fn claim(name: &str, facts: &Facts<'_>) -> String {
    if facts.is_elsewhere(name) {
        return KEPT_ELSEWHERE.to_owned();
    }
    let value = facts.claims().and_then(|claims| claims.get(name));
    value.map_or_else(nothing, shown)
}

fn looked_up(found: ClaimLookup<'_>) -> Option<String> {
    match found {
        ClaimLookup::Found(value) | ClaimLookup::WrongType(value) => Some(shown(value)),
        ClaimLookup::Elsewhere => Some(KEPT_ELSEWHERE.to_owned()),
        ClaimLookup::Absent | ClaimLookup::Unreadable => None,
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", shown(text))
}

fn names(names: &Scopes) -> String {
    if names.is_empty() {
        nothing()
    } else {
        shown(names)
    }
}

fn nothing() -> String {
    "nothing".to_owned()
}

const KEPT_ELSEWHERE: &str = "(kept elsewhere)";

/// Short enough for a log line, and without what a terminal would obey. What is cut off is not
/// formatted in the first place.
fn shown(value: impl Display) -> String {
    let mut cut = Cut {
        shown: String::new(),
        room: 100,
    };
    // An error says that there was more than there is room for.
    let _ = write!(cut, "{value}");
    cut.shown
}

struct Cut {
    shown: String,
    /// Characters, before they are escaped.
    room: usize,
}

impl fmt::Write for Cut {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let Some(room) = self.room.checked_sub(1) else {
                self.shown.push_str("...");
                return Err(fmt::Error);
            };
            self.room = room;
            match character {
                '"' | '\'' | '\\' => self.shown.push(character),
                _ => self.shown.extend(character.escape_debug()),
            }
        }
        Ok(())
    }
}
