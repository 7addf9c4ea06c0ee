use std::{fmt, str::FromStr};

use serde_json::{Map, Value};

/// Where in a token's claims a value stands.
///
/// | written | means |
/// |---|---|
/// | `org_id` | the claim of that name |
/// | `realm_access.roles` | the member `roles` of the claim `realm_access` |
/// | `https://example.com/team` | one claim: a text with a colon or a slash in it is a name, since namespaced claims are URIs |
/// | `'kubernetes.io'.namespace` | the member `namespace` of the claim `kubernetes.io` |
/// | `'it''s'` | the claim `it's`: a quote inside quotes is written twice |
///
/// ```
/// use authz_core::policy::ClaimPath;
///
/// let path: ClaimPath = "'https://example.com/app'.roles".parse()?;
/// assert_eq!(path.names().collect::<Vec<_>>(), ["https://example.com/app", "roles"]);
/// assert_eq!(path.to_string(), "'https://example.com/app'.roles");
/// # Ok::<(), authz_core::policy::InvalidClaimPath>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ClaimPath(Box<[Box<str>]>);

/// A text that is no [`ClaimPath`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not the path of a claim: {problem}")]
pub struct InvalidClaimPath {
    text: String,
    problem: &'static str,
}

impl ClaimPath {
    /// The names from the outside to the inside.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|name| &**name)
    }

    /// The claim that the path begins with.
    pub(crate) fn claim(&self) -> &str {
        self.0.first().map_or("", |name| name)
    }

    /// The value there. `null` is as good as absent, at the end of the path and on the way.
    pub(crate) fn find<'c>(&self, claims: &'c Map<String, Value>) -> ClaimLookup<'c> {
        let mut names = self.names();
        let mut found = names.next().and_then(|name| claims.get(name));
        for name in names {
            match found {
                Some(Value::Object(members)) => found = members.get(name),
                Some(Value::Null) | None => return ClaimLookup::Absent,
                Some(other) => return ClaimLookup::WrongType(other),
            }
        }
        match found {
            Some(Value::Null) | None => ClaimLookup::Absent,
            Some(value) => ClaimLookup::Found(value),
        }
    }
}

/// What a token has at a [`ClaimPath`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum ClaimLookup<'c> {
    Found(&'c Value),
    Absent,
    /// On the way stands this, which is not an object.
    WrongType(&'c Value),
    /// The issuer keeps the claim elsewhere.
    Elsewhere,
    /// The claims can't be read: nested deeper than the parser goes.
    Unreadable,
}

impl<'c> ClaimLookup<'c> {
    pub(crate) const fn value(self) -> Option<&'c Value> {
        match self {
            Self::Found(value) => Some(value),
            _ => None,
        }
    }
}

impl FromStr for ClaimPath {
    type Err = InvalidClaimPath;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names = if text.contains('\'') || !is_uri(text) {
            split(text)
        } else {
            Ok(vec![text.into()])
        };
        match names {
            Ok(names) => Ok(Self(names.into())),
            Err(problem) => Err(InvalidClaimPath {
                text: text.to_owned(),
                problem,
            }),
        }
    }
}

impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alone = self.0.len() == 1;
        for (i, name) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(".")?;
            }
            let bare = !name.contains('\'') && (!name.contains('.') || alone && is_uri(name));
            if bare && (alone || !is_uri(name)) {
                f.write_str(name)?;
            } else {
                write!(f, "'{}'", name.replace('\'', "''"))?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClaimPath({self})")
    }
}

fn is_uri(name: &str) -> bool {
    name.contains([':', '/'])
}

fn split(text: &str) -> Result<Vec<Box<str>>, &'static str> {
    let mut names = Vec::new();
    let mut rest = text;
    loop {
        let name;
        (name, rest) = match rest.strip_prefix('\'') {
            Some(quoted) => unquote(quoted)?,
            None => {
                let (name, rest) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
                if name.contains('\'') {
                    return Err("a quote stands at the beginning and the end of a name");
                }
                (name.to_owned(), rest)
            }
        };
        if name.is_empty() {
            return Err("a name is empty");
        }
        names.push(name.into_boxed_str());
        if rest.is_empty() {
            return Ok(names);
        }
        rest = rest
            .strip_prefix('.')
            .ok_or("a dot has to follow a quoted name")?;
    }
}

/// The name up to the closing quote, and what follows it.
fn unquote(quoted: &str) -> Result<(String, &str), &'static str> {
    let mut name = String::new();
    let mut rest = quoted;
    while let Some((part, after)) = rest.split_once('\'') {
        name.push_str(part);
        match after.strip_prefix('\'') {
            Some(after) => {
                name.push('\'');
                rest = after;
            }
            None => return Ok((name, after)),
        }
    }
    Err("a quote is not closed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_and_writes_them_back() {
        for (text, names, canonical) in [
            ("org_id", &["org_id"][..], "org_id"),
            ("a.b.c", &["a", "b", "c"], "a.b.c"),
            (
                "https://example.com/team",
                &["https://example.com/team"],
                "https://example.com/team",
            ),
            ("cognito:groups", &["cognito:groups"], "cognito:groups"),
            (
                "'kubernetes.io'.namespace",
                &["kubernetes.io", "namespace"],
                "'kubernetes.io'.namespace",
            ),
            (
                "'https://example.com/app'.roles",
                &["https://example.com/app", "roles"],
                "'https://example.com/app'.roles",
            ),
            ("'org_id'", &["org_id"], "org_id"),
            ("'it''s'.'a.b'", &["it's", "a.b"], "'it''s'.'a.b'"),
            ("'it''s:'", &["it's:"], "'it''s:'"),
        ] {
            let path: ClaimPath = text.parse().unwrap();
            assert!(path.names().eq(names.iter().copied()), "{text}");
            assert_eq!(path.to_string(), canonical);
            assert_eq!(canonical.parse::<ClaimPath>().unwrap(), path);
        }
    }

    #[test]
    fn refuses_what_names_nothing() {
        for text in [
            "", ".", "a.", ".a", "a..b", "'a", "''", "'a'b", "a'b", "a.'",
        ] {
            assert!(text.parse::<ClaimPath>().is_err(), "{text}");
        }
    }
}
