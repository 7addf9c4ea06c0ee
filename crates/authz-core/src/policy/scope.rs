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

/// The scope with which a client asks its issuer for a refresh token (OpenID Connect Core section 11).
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

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
        let mut rest = text.as_bytes();
        while let [byte, after @ ..] = rest {
            if !matches!(*byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e) {
                return false;
            }
            rest = after;
        }
        !text.is_empty()
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
///
/// A few of them lie within the value itself, where a request finds them without another look
/// into memory; many have an index.
#[derive(Clone, Default)]
pub struct Scopes {
    /// All names behind each other, each followed by a space. A few may stand there twice: to find
    /// that out takes longer than to look for a name.
    text: Text,
    /// Where each name begins and ends, in the order of the names; empty where there are few.
    sorted: Box<[(u32, u32)]>,
}

/// Where names stand in a claim.
#[derive(Clone, Copy)]
pub(crate) enum Names<'a> {
    /// Separated by spaces.
    List(&'a str),
    /// An element of an array: one name, or none at all.
    One(&'a str),
}

#[derive(Clone)]
enum Text {
    Short { len: u8, bytes: [u8; Text::SHORT] },
    Long(Box<[u8]>),
}

impl Scopes {
    /// Bytes up to which names are looked for one after the other.
    const FEW: usize = 256;

    /// The scopes in `values`. What cannot be a scope (RFC 6749 section 3.3) counts for nothing.
    pub(crate) fn collect<'a>(values: &(impl Iterator<Item = Names<'a>> + Clone)) -> Self {
        Self::collect_if(values, Scope::is_valid)
    }

    /// Permissions are no scopes: they may have other characters, but no white space.
    pub(crate) fn collect_permissions<'a>(names: &(impl Iterator<Item = &'a str> + Clone)) -> Self {
        Self::collect_if(&names.clone().map(Names::One), Self::is_permission)
    }

    pub(crate) fn is_permission(name: &str) -> bool {
        !name.is_empty() && !name.contains(|it: char| it.is_whitespace() || it.is_control())
    }

    fn collect_if<'a>(
        values: &(impl Iterator<Item = Names<'a>> + Clone),
        is_name: impl Fn(&str) -> bool + Copy,
    ) -> Self {
        let mut bytes = [0; Text::SHORT];
        let mut used = 0;
        for names in values.clone() {
            let (value, is_tidy) = match names {
                Names::List(list) => (list, is_tidy(list.as_bytes())),
                Names::One(name) => (name, is_name(name)),
            };
            let end = used + value.len();
            let place = (bytes.get_mut(used..=end)).and_then(<[u8]>::split_last_mut);
            let (Some((space, place)), true) = (place, is_tidy) else {
                let names = values.clone().flat_map(Names::each);
                return Self::untidy(names.filter(|name| is_name(name)));
            };
            place.copy_from_slice(value.as_bytes());
            *space = b' ';
            used = end + 1;
        }
        let len = used as u8;
        Self {
            text: Text::Short { len, bytes },
            sorted: Box::default(),
        }
    }

    /// Names that may not have room in the value itself.
    fn untidy<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Self {
        let mut text = Vec::with_capacity(Self::FEW);
        for name in names.clone() {
            if !contains(&text, name.as_bytes()) {
                text.extend_from_slice(name.as_bytes());
                text.push(b' ');
            }
            if text.len() > Self::FEW {
                return Self::many(names);
            }
        }
        Self {
            text: Text::new(&text),
            sorted: Box::default(),
        }
    }

    fn many<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut text = Vec::new();
        let mut sorted: Vec<(u32, u32)> = Vec::new();
        for name in names {
            let find = |place: &(u32, u32)| part(&text, *place).cmp(name.as_bytes());
            if let Err(at) = sorted.binary_search_by(find) {
                // Tokens are limited to far less than 4 GiB.
                let from = text.len() as u32;
                text.extend_from_slice(name.as_bytes());
                sorted.insert(at, (from, text.len() as u32));
                text.push(b' ');
            }
        }
        Self {
            text: Text::new(&text),
            sorted: sorted.into_boxed_slice(),
        }
    }

    /// Whether `name` is among them.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        let text = self.text.bytes();
        if self.sorted.is_empty() {
            return contains(text, name.as_bytes());
        }
        self.sorted
            .binary_search_by(|place| part(text, *place).cmp(name.as_bytes()))
            .is_ok()
    }

    /// The names, in the token's order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let names = || self.as_str().split_terminator(' ');
        let few = self.sorted.is_empty();
        let is_first =
            move |at: usize, name: &str| !few || names().position(|it| it == name) == Some(at);
        names()
            .enumerate()
            .filter_map(move |(at, name)| is_first(at, name).then_some(name))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.bytes().is_empty()
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let text = match &self.text {
            Text::Short { .. } => 0,
            Text::Long(bytes) => bytes.len(),
        };
        text + size_of_val(&*self.sorted)
    }

    fn as_str(&self) -> &str {
        // Built from whole strings and spaces.
        std::str::from_utf8(self.text.bytes()).unwrap_or_default()
    }
}

impl<'a> Names<'a> {
    fn each(self) -> impl Iterator<Item = &'a str> + Clone {
        let (text, is_list) = match self {
            Self::List(text) => (text, true),
            Self::One(text) => (text, false),
        };
        text.split(move |it| is_list && it == ' ')
    }
}

impl Text {
    const SHORT: usize = 62;

    fn new(text: &[u8]) -> Self {
        let mut bytes = [0; Self::SHORT];
        match bytes.get_mut(..text.len()) {
            None => Self::Long(text.into()),
            Some(place) => {
                place.copy_from_slice(text);
                let len = text.len() as u8;
                Self::Short { len, bytes }
            }
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Short { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Self::Long(bytes) => bytes,
        }
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::new(&[])
    }
}

fn part(text: &[u8], (from, to): (u32, u32)) -> &[u8] {
    text.get(from as usize..to as usize).unwrap_or_default()
}

/// Whether `value` is one scope or several, each separated from the next by one space.
fn is_tidy(value: &[u8]) -> bool {
    let ([first, after @ ..], Some(last)) = (value, value.last()) else {
        return false;
    };
    // Without a branch, many at a time.
    let pairs = value.iter().zip(after);
    let gap = pairs.fold(false, |gap, (a, b)| gap | ((*a == b' ') & (*b == b' ')));
    let is_foreign = |byte: u8| !(b' '..=b'~').contains(&byte) | (byte == b'"') | (byte == b'\\');
    let foreign = (value.iter()).fold(false, |foreign, byte| foreign | is_foreign(*byte));
    *first != b' ' && *last != b' ' && !gap && !foreign
}

/// Whether `name` stands in `text`, where a space follows every name.
fn contains(text: &[u8], name: &[u8]) -> bool {
    let mut rest = text;
    loop {
        // The space decides nearly always, before any name is compared.
        if rest.get(name.len()) == Some(&b' ') && rest.starts_with(name) {
            return !name.is_empty() && !name.contains(&b' ');
        }
        let Some(end) = rest.iter().position(|byte| *byte == b' ') else {
            return false;
        };
        rest = rest.get(end + 1..).unwrap_or_default();
    }
}

impl PartialEq for Scopes {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Scopes {}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, name) in self.iter().enumerate() {
            f.write_str(if i > 0 { " " } else { "" })?;
            f.write_str(name)?;
        }
        Ok(())
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

    fn lists(lists: &[&str]) -> Scopes {
        Scopes::collect(&lists.iter().copied().map(Names::List))
    }

    #[test]
    fn what_cannot_be_a_name_counts_for_nothing() {
        let padding = "padding:".repeat(10);
        for long in [&[][..], &[Names::One(&padding)]] {
            for (names, expected) in [
                (Names::One("a"), "a"),
                (Names::One("a b"), ""),
                (Names::One(" a"), ""),
                (Names::One(""), ""),
                (Names::One("a\nb"), ""),
                (Names::One("é"), ""),
                (Names::List("a b"), "a b"),
                (Names::List("a\nb c"), "c"),
                (Names::List("\"a\" c\\ \u{7f} é d"), "d"),
            ] {
                let scopes = Scopes::collect(&[names].into_iter().chain(long.iter().copied()));
                let found: Vec<_> = scopes.iter().filter(|it| *it != padding).collect();
                assert_eq!(found.join(" "), expected);
            }
        }
        let names = ["read admin", "é:a\"\\", "b\t", "", "c"];
        let permissions = Scopes::collect_permissions(&names.into_iter());
        assert_eq!(permissions.iter().collect::<Vec<_>>(), ["é:a\"\\", "c"]);
    }

    #[test]
    fn keeps_order_and_finds_whole_names_only() {
        let scopes = lists(&["write:b read:a", "", "  read:a  c "]);
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
        assert_eq!(scopes.len(), 3);
        // As most tokens have them, but for one that stands there twice.
        let tidy = lists(&["write:b read:a write:b", "c", "read:a"]);
        assert_eq!(tidy.iter().collect::<Vec<_>>(), ["write:b", "read:a", "c"]);
        assert_eq!((tidy.to_string(), tidy.len()), (scopes.to_string(), 3));
        assert_eq!(tidy, scopes);
        assert_ne!(tidy, lists(&["write:b read:a"]));
        for empty in [&[][..], &[""], &[" ", "  "]] {
            assert!(lists(empty).is_empty());
        }
    }

    #[test]
    fn few_and_many_names_are_found_alike() {
        for count in [1, 3, 5, 20, 50, 1000] {
            let names: Vec<String> = (0..count).rev().map(|i| format!("scope:{i}")).collect();
            let twice = names.iter().chain(&names).map(String::as_str);
            let scopes = Scopes::collect(&twice.map(Names::One));
            assert_eq!(scopes.len(), count);
            assert_eq!(scopes.iter().collect::<Vec<_>>(), names);
            assert!(names.iter().all(|name| scopes.contains(name)));
            for absent in ["scope:", "scope:1001", "cope:0", "", " ", "scope:0 "] {
                assert!(!scopes.contains(absent), "{absent:?} among {count}");
            }
        }
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
