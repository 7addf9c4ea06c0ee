use std::{fmt, hint::black_box};

/// The bytes of a token, where one look into memory finds them: those of most tokens lie in the value
/// itself. Tokens signed with RSA that carry a dozen claims have 700 to 1,000 bytes.
#[repr(C)]
pub(crate) struct CachedToken {
    /// Of the bytes in the value; first, so that it comes with the first of them.
    len: usize,
    /// All bytes of a longer token.
    long: Option<Box<[u8]>>,
    bytes: [u8; Self::SHORT],
}

impl CachedToken {
    /// Together with the rest, and the counts before it, a bit more than a kilobyte.
    const SHORT: usize = 1000;

    pub(crate) fn new(token: &[u8]) -> Self {
        let mut bytes = [0; Self::SHORT];
        let (len, long) = match bytes.get_mut(..token.len()) {
            Some(place) => {
                place.copy_from_slice(token);
                (token.len(), None)
            }
            None => (0, Some(token.into())),
        };
        Self { len, long, bytes }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match &self.long {
            None => &self.bytes[..self.len],
            Some(bytes) => bytes,
        }
    }

    pub(crate) fn equals(&self, token: &[u8]) -> bool {
        equal(self.bytes(), token)
    }

    /// What it takes in memory, with the counts of references beside it.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>()
            + 2 * size_of::<usize>()
            + self.long.as_ref().map_or(0, |bytes| bytes.len())
    }
}

/// Compares in a time that depends on the length alone. Whoever knows how a token ends, from a log
/// that cuts tokens short say, reaches this comparison with the rest made up: one that stops at the
/// first difference would tell them the rest piece by piece.
fn equal(a: &[u8], b: &[u8]) -> bool {
    // Without a branch, 16 bytes or more at a time: twice the time of a comparison that may stop.
    let differences = || a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b));
    a.len() == b.len() && black_box(differences()) == 0
}

impl fmt::Debug for CachedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedToken").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_tokens_are_kept_alike() {
        for len in [0, 1, 700, 1000, 1001, 5000] {
            let token: Vec<u8> = (0..=255).cycle().take(len).collect();
            let cached = CachedToken::new(&token);
            assert_eq!(cached.bytes(), token);
            assert!(cached.equals(&token));
            assert!(!cached.equals(&[&token[..], b"x"].concat()));
            assert!(cached.size() >= len);
        }
    }

    #[test]
    fn equality_is_that_of_all_bytes() {
        let token: Vec<u8> = (0..=255).cycle().take(700).collect();
        assert!(equal(&token, &token.clone()));
        assert!(equal(&[], &[]));
        assert!(!equal(&token, &token[1..]));
        assert!(!equal(&token, &token[..699]));
        for at in 0..token.len() {
            for bit in [1, 0x80] {
                let mut other = token.clone();
                other[at] ^= bit;
                assert!(!equal(&token, &other), "{at}");
            }
        }
    }
}
