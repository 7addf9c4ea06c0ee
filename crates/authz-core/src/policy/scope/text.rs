//! The text of a set of scopes, and how a name is found in it.

/// Names, each followed by a space. Short texts are stored in place, where a request finds them without
/// another memory access.
#[derive(Clone)]
pub(super) enum Text {
    Short { len: u8, bytes: [u8; Text::SHORT] },
    Long(Box<[u8]>),
}

impl Text {
    /// Bytes stored in place.
    pub(super) const SHORT: usize = 62;

    pub(super) fn new(text: &[u8]) -> Self {
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

    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Short { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Self::Long(bytes) => bytes,
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::Short { .. } => 0,
            Self::Long(bytes) => bytes.len(),
        }
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::new(&[])
    }
}

/// Returns `true` if `value` is one or more scopes, separated by single spaces.
pub(super) fn is_scope_list(value: &[u8]) -> bool {
    let ([first, after @ ..], Some(last)) = (value, value.last()) else {
        return false;
    };
    // Without branches, so that the compiler can check many bytes at a time.
    let pairs = value.iter().zip(after);
    let gap = pairs.fold(false, |gap, (a, b)| gap | ((*a == b' ') & (*b == b' ')));
    let is_foreign = |byte: u8| !(b' '..=b'~').contains(&byte) | (byte == b'"') | (byte == b'\\');
    let foreign = (value.iter()).fold(false, |foreign, byte| foreign | is_foreign(*byte));
    *first != b' ' && *last != b' ' && !gap && !foreign
}

/// Returns `true` if `name` is in `text`, in which a space follows every name.
pub(super) fn contains(text: &[u8], name: &[u8]) -> bool {
    let mut rest = text;
    loop {
        // The position of the space nearly always decides, before any name is compared.
        if rest.get(name.len()) == Some(&b' ') && rest.starts_with(name) {
            return !name.is_empty() && !name.contains(&b' ');
        }
        let Some(end) = rest.iter().position(|byte| *byte == b' ') else {
            return false;
        };
        rest = rest.get(end + 1..).unwrap_or_default();
    }
}
