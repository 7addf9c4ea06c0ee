use std::{borrow::Borrow, fmt, str::FromStr};

/// One scope: a name without spaces (RFC 6749 section 3.3).
///
/// ```
/// use authz_core::Scope;
///
/// let scope: Scope = "read:messages".parse()?;
/// assert!("read:messages write:messages".parse::<Scope>().is_err());
/// # Ok::<(), authz_core::InvalidScope>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(Box<str>);

/// A text that is no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a scope: one or more visible ASCII characters, without spaces, double quotes and \
     backslashes (RFC 6749 section 3.3)"
)]
pub struct InvalidScope(String);

impl Scope {
    /// Whether `text` is a scope: `1*( %x21 / %x23-5B / %x5D-7E )`.
    #[must_use]
    pub const fn is_valid(text: &str) -> bool {
        let bytes = text.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            if !matches!(bytes[i], 0x21 | 0x23..=0x5b | 0x5d..=0x7e) {
                return false;
            }
            i += 1;
        }
        !bytes.is_empty()
    }

    /// The scope's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if Self::is_valid(text) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidScope(text.to_owned()))
        }
    }
}

impl TryFrom<String> for Scope {
    type Error = InvalidScope;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if Self::is_valid(&text) {
            Ok(Self(text.into_boxed_str()))
        } else {
            Err(InvalidScope(text))
        }
    }
}

impl Borrow<str> for Scope {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Scope {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a token grants: names in the order in which they stood, without repetitions.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Scopes {
    /// All names behind each other, each followed by a space.
    text: Box<str>,
    /// Where each name begins and ends, in the order of the names.
    sorted: Box<[(u32, u32)]>,
}

impl Scopes {
    /// The names in `values`, each of which may hold several, separated by spaces.
    pub(crate) fn collect<'a>(values: &(impl Iterator<Item = &'a str> + Clone)) -> Self {
        let names = || {
            values
                .clone()
                .flat_map(|value| value.split(' '))
                .filter(|it| !it.is_empty())
        };
        let mut text = String::with_capacity(names().map(|name| name.len() + 1).sum());
        let mut sorted: Vec<(u32, u32)> = Vec::with_capacity(names().count());
        for name in names() {
            let find = |(from, to): &(u32, u32)| text[*from as usize..*to as usize].cmp(name);
            if let Err(at) = sorted.binary_search_by(find) {
                // Tokens are limited to far less than 4 GiB.
                let from = text.len() as u32;
                text.push_str(name);
                sorted.insert(at, (from, text.len() as u32));
                text.push(' ');
            }
        }
        Self {
            text: text.into_boxed_str(),
            sorted: sorted.into_boxed_slice(),
        }
    }

    /// Whether `name` is among them.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.sorted
            .binary_search_by(|(from, to)| self.text[*from as usize..*to as usize].cmp(name))
            .is_ok()
    }

    /// The names, in the token's order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.text.split_terminator(' ')
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.text.len() + size_of_val(&*self.sorted)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text.trim_end())
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl serde::Serialize for Scopes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_order_and_finds_whole_names_only() {
        let scopes = Scopes::collect(&["write:b read:a", "", "  read:a  c "].into_iter());
        assert_eq!(
            scopes.iter().collect::<Vec<_>>(),
            ["write:b", "read:a", "c"]
        );
        assert_eq!(scopes.to_string(), "write:b read:a c");
        for (name, there) in [
            ("read:a", true),
            ("write:b", true),
            ("c", true),
            ("read:", false),
            ("read:ab", false),
            ("", false),
            (" ", false),
            ("write:b read:a", false),
        ] {
            assert_eq!(scopes.contains(name), there, "{name:?}");
        }
        assert!(Scopes::collect(&std::iter::empty()).is_empty());
    }

    #[test]
    fn a_scope_is_what_rfc_6749_says() {
        for (text, valid) in [
            ("read:messages", true),
            ("https://www.googleapis.com/auth/drive", true),
            ("!", true),
            ("", false),
            ("a b", false),
            ("a\"b", false),
            ("a\\b", false),
            ("a\nb", false),
            ("\u{e9}", false),
        ] {
            assert_eq!(text.parse::<Scope>().is_ok(), valid, "{text:?}");
        }
    }
}
