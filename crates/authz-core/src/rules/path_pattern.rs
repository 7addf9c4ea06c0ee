use std::{fmt, str::FromStr};

use super::{
    path::Path,
    pattern_syntax::{InvalidPattern, names},
    routes::{Matched, PatternConflict, Routes},
};

/// The pattern of a path, such as `/orgs/{org}/messages` or `/files/{*rest}`, for routers that do not tell
/// theirs.
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

impl PathPattern {
    /// Returns the pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the names of the parameters.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        names(&self.text)
    }

    /// Returns `None` if `path` does not match.
    pub(crate) fn find<'p>(&'p self, path: &'p str) -> Option<Matched<'p, 'p>> {
        let path = Path::parse(path).ok()?;
        self.routes.at(&path).ok().map(|((), matched)| matched)
    }
}

impl FromStr for PathPattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut routes = Routes::new();
        match routes.insert(text, ()) {
            Ok(()) => Ok(Self {
                text: text.into(),
                routes,
            }),
            Err(PatternConflict::Invalid(invalid)) => Err(invalid),
            Err(PatternConflict::Conflict) => Err(InvalidPattern::new(text, "it is ambiguous")),
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
