use std::fmt;

use super::{
    name::Scope,
    text::{Text, contains, is_scope_list},
};

/// The scopes or permissions of a token, in the token's order and without repetitions.
#[derive(Clone, Default)]
pub struct Scopes {
    /// A short text may repeat a name: removing repetitions costs more than searching.
    text: Text,
    /// The start and the end of each name, sorted by name. Empty for up to [`Self::UNSORTED`] bytes.
    sorted: Box<[(u32, u32)]>,
}

/// Names in a claim.
#[derive(Clone, Copy)]
pub(crate) enum Names<'a> {
    /// Separated by spaces.
    List(&'a str),
    /// An element of an array: one name, or an invalid one.
    One(&'a str),
}

impl Scopes {
    /// Maximum length of a text that is searched from its start, in bytes.
    const UNSORTED: usize = 256;

    /// Collects the valid scopes (RFC 6749 section 3.3) and ignores other names.
    pub(crate) fn collect<'a>(values: &(impl Iterator<Item = Names<'a>> + Clone)) -> Self {
        Self::collect_if(values, Scope::is_valid)
    }

    /// Collects permissions. These may have other characters than scopes.
    pub(crate) fn collect_permissions<'a>(names: &(impl Iterator<Item = &'a str> + Clone)) -> Self {
        Self::collect_if(&names.clone().map(Names::One), Self::is_permission)
    }

    pub(crate) fn is_permission(name: &str) -> bool {
        !name.is_empty() && !name.contains(|it: char| it.is_whitespace() || it.is_control())
    }

    /// Copies the values as they are if all are valid and short.
    fn collect_if<'a>(
        values: &(impl Iterator<Item = Names<'a>> + Clone),
        is_name: impl Fn(&str) -> bool + Copy,
    ) -> Self {
        let mut bytes = [0; Text::SHORT];
        let mut used = 0;
        for names in values.clone() {
            let (value, is_valid) = match names {
                Names::List(list) => (list, is_scope_list(list.as_bytes())),
                Names::One(name) => (name, is_name(name)),
            };
            let end = used + value.len();
            let place = (bytes.get_mut(used..=end)).and_then(<[u8]>::split_last_mut);
            let (Some((space, place)), true) = (place, is_valid) else {
                let names = values.clone().flat_map(Names::each);
                return Self::collect_names(names.filter(|name| is_name(name)));
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

    fn collect_names<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Self {
        let mut text = Vec::with_capacity(Self::UNSORTED);
        for name in names.clone() {
            if !contains(&text, name.as_bytes()) {
                text.extend_from_slice(name.as_bytes());
                text.push(b' ');
            }
            if text.len() > Self::UNSORTED {
                return Self::collect_sorted(names);
            }
        }
        Self {
            text: Text::new(&text),
            sorted: Box::default(),
        }
    }

    fn collect_sorted<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut text = Vec::new();
        let mut sorted: Vec<(u32, u32)> = Vec::new();
        for name in names {
            if let Err(at) = search(&sorted, &text, name) {
                // Tokens are limited to far less than 4 GiB.
                let start = text.len() as u32;
                text.extend_from_slice(name.as_bytes());
                sorted.insert(at, (start, text.len() as u32));
                text.push(b' ');
            }
        }
        Self {
            text: Text::new(&text),
            sorted: sorted.into_boxed_slice(),
        }
    }

    /// Returns `true` if `name` is in the set.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        let text = self.text.bytes();
        if self.sorted.is_empty() {
            return contains(text, name.as_bytes());
        }
        search(&self.sorted, text, name).is_ok()
    }

    /// Returns the names in the token's order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        // Built from whole strings and spaces.
        let text = std::str::from_utf8(self.text.bytes()).unwrap_or_default();
        let names = || text.split_terminator(' ');
        let may_repeat = self.sorted.is_empty();
        let is_first = move |at: usize, name: &str| {
            !may_repeat || names().position(|it| it == name) == Some(at)
        };
        names()
            .enumerate()
            .filter_map(move |(at, name)| is_first(at, name).then_some(name))
    }

    /// Returns the number of names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Returns `true` if the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.bytes().is_empty()
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.text.heap_bytes() + size_of_val(&*self.sorted)
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

/// Finds `name`, or the position where it belongs.
fn search(sorted: &[(u32, u32)], text: &[u8], name: &str) -> Result<usize, usize> {
    sorted.binary_search_by(|(start, end)| {
        let found = text.get(*start as usize..*end as usize).unwrap_or_default();
        found.cmp(name.as_bytes())
    })
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
