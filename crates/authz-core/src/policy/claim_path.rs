use std::{fmt, str::FromStr};

/// The path of a claim, or of a member of a claim.
///
/// | written | means |
/// |---|---|
/// | `org_id` | the claim of that name |
/// | `realm_access.roles` | the member `roles` of the claim `realm_access` |
/// | `https://example.com/team` | one claim: a path with a colon or a slash is one name, because namespaced claims are URIs |
/// | `'kubernetes.io'.namespace` | the member `namespace` of the claim `kubernetes.io` |
/// | `'it''s'` | the claim `it's`: inside quotes, a quote is written twice |
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

/// The text is not a valid [`ClaimPath`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not the path of a claim: {problem}")]
pub struct InvalidClaimPath {
    text: String,
    problem: &'static str,
}

impl ClaimPath {
    /// Returns the names, the top-level claim first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|name| &**name)
    }

    /// The top-level claim.
    pub(crate) fn claim(&self) -> &str {
        self.0.first().map_or("", |name| name)
    }
}

impl FromStr for ClaimPath {
    type Err = InvalidClaimPath;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_uri(text) && !text.contains('\'') {
            return Ok(Self([text.into()].into()));
        }
        let names = split(text).map_err(|problem| InvalidClaimPath {
            text: text.to_owned(),
            problem,
        })?;
        Ok(Self(names.into()))
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
                    return Err("a quote must be at the beginning and the end of a name");
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
            .ok_or("a dot must follow a quoted name")?;
    }
}

/// Splits after the closing quote of the name that `quoted` starts with.
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
