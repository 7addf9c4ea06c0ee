use std::hash::{BuildHasher, Hash, RandomState};

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RevokedBy {
    Token,
    Subject,
    Session,
    Client,
}

/// Names that are unique within their issuer, as 128 bits of SipHash with random keys. Nobody can find
/// another name with the same bits, so the list needs no strings.
#[derive(Debug, Default)]
pub(super) struct Fingerprinter([RandomState; 2]);

/// What entries may be about a token. It is cached with the token.
#[derive(Debug)]
pub(crate) struct Fingerprints(pub(super) [Option<u128>; RevokedBy::ALL.len()]);

impl RevokedBy {
    pub(super) const ALL: [Self; 4] = [Self::Token, Self::Subject, Self::Session, Self::Client];

    /// Returns the claim for the log.
    pub(crate) const fn claim(self) -> &'static str {
        match self {
            Self::Token => "jti",
            Self::Subject => "sub",
            Self::Session => "sid",
            Self::Client => "client_id",
        }
    }
}

impl Fingerprinter {
    pub(super) fn of(&self, kind: RevokedBy, issuer: &str, name: &str) -> u128 {
        let [high, low] = (self.0)
            .each_ref()
            .map(|keys| keys.hash_one((kind, issuer, name)));
        u128::from(high) << 64 | u128::from(low)
    }
}
