//! The value that the token or the request has in place of the required one, as an operator may see it.

use std::fmt::{self, Display, Write as _};

use serde_json::Value;

use crate::policy::{
    claim_path::ClaimPath,
    eval::{AUTHORIZATION_DETAILS, ClaimLookup, EvalContext},
    model::{Attribute, Requirement, Source},
    scope::Scopes,
};

impl Requirement {
    /// Returns `None` for requirements that do not look at a value.
    pub(crate) fn actual(&self, context: &EvalContext<'_>) -> Option<String> {
        let actual = match self {
            Self::AnyValidToken | Self::Deny | Self::Custom(_) => return None,
            Self::Not(_) | Self::All(_) | Self::Any(_) => return None,
            Self::Scope(_) => names(context.scopes),
            Self::Permission(_) if context.permissions_unreadable => claim("permissions", context),
            Self::Permission(_) => names(context.permissions),
            Self::Role(_) => claims(&context.settings.roles, context),
            Self::Group(_) => claims(&context.settings.groups, context),
            Self::Client(_) => context.client().map(quoted),
            Self::Issuer(_) => Some(quoted(context.issuer)),
            Self::Acr(_) => claim("acr", context),
            Self::Amr(_) => claim("amr", context),
            Self::MaxAge(_) => match context.authentication_age() {
                Some(age) => Some(format!("authenticated {age} s ago")),
                None => claim("auth_time", context),
            },
            Self::Detail(_) => types_of_details(context),
            Self::Method(_) => context.request.map(|request| shown(request.method)),
            Self::Compare(comparison) => {
                let values = comparison.attributes();
                join(values.map(|it| it.actual(context).unwrap_or_else(nothing)))
            }
        };
        Some(actual.unwrap_or_else(nothing))
    }
}

impl Attribute {
    fn actual(&self, context: &EvalContext<'_>) -> Option<String> {
        match &self.0 {
            Source::Claim(path) => at_path(path, context),
            // Of many elements; their values are not for the log.
            Source::Member(_) => None,
            // They may be secrets: `Authorization`, a cookie, an API key in the query.
            Source::Header(_) | Source::Query(_) => {
                self.value(context).map(|_| "(not shown)".to_owned())
            }
            Source::Path(_) => self.value(context)?.text().map(quoted),
        }
    }
}

fn claims(paths: &[ClaimPath], context: &EvalContext<'_>) -> Option<String> {
    join(paths.iter().filter_map(|path| at_path(path, context)))
}

fn at_path(path: &ClaimPath, context: &EvalContext<'_>) -> Option<String> {
    match context.find(path) {
        ClaimLookup::Found(value) | ClaimLookup::WrongType(value) => Some(shown(value)),
        ClaimLookup::Elsewhere => Some(KEPT_ELSEWHERE.to_owned()),
        ClaimLookup::Absent | ClaimLookup::Unreadable => None,
    }
}

fn claim(name: &str, context: &EvalContext<'_>) -> Option<String> {
    if context.is_elsewhere(name) {
        return Some(KEPT_ELSEWHERE.to_owned());
    }
    context.claim(name).map(shown)
}

/// The types alone: the elements may have account numbers.
fn types_of_details(context: &EvalContext<'_>) -> Option<String> {
    match context.claim(AUTHORIZATION_DETAILS) {
        Some(Value::Array(elements)) => join(elements.iter().map(|it| match it.get("type") {
            Some(kind) => shown(kind),
            None => "(no type)".to_owned(),
        })),
        Some(_) => Some("(not an array)".to_owned()),
        None => claim(AUTHORIZATION_DETAILS, context),
    }
}

fn names(names: &Scopes) -> Option<String> {
    (!names.is_empty()).then(|| shown(names))
}

fn join(values: impl Iterator<Item = String>) -> Option<String> {
    let values: Vec<_> = values.collect();
    (!values.is_empty()).then(|| values.join(", "))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", shown(text))
}

fn nothing() -> String {
    "nothing".to_owned()
}

const KEPT_ELSEWHERE: &str = "(kept elsewhere)";

/// Escapes and truncates a value for a log line. Formatting stops at the limit.
fn shown(value: impl Display) -> String {
    let mut excerpt = ShortText {
        text: String::new(),
        room: 100,
    };
    // The error stops the formatting.
    let _ = write!(excerpt, "{value}");
    excerpt.text
}

struct ShortText {
    text: String,
    /// Characters, before they are escaped.
    room: usize,
}

impl fmt::Write for ShortText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let Some(room) = self.room.checked_sub(1) else {
                self.text.push_str("...");
                return Err(fmt::Error);
            };
            self.room = room;
            match character {
                '"' | '\'' | '\\' => self.text.push(character),
                _ => self.text.extend(character.escape_debug()),
            }
        }
        Ok(())
    }
}
