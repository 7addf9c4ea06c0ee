use super::Challenge;

/// The scheme of a request's credentials (RFC 6750, RFC 9449 section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Scheme {
    #[default]
    Bearer,
    Dpop,
}

/// The schemes that an API accepts.
#[derive(Clone, Debug)]
pub(crate) struct Schemes {
    /// Whether tokens that are not bound to a key are accepted.
    pub(crate) bearer: bool,
    /// The algorithms of DPoP proofs, if any issuer's tokens may be bound to a key.
    pub(crate) dpop: Option<String>,
}

impl Schemes {
    /// Returns the accepted schemes for a client without credentials.
    pub(super) fn all(&self) -> impl Iterator<Item = Scheme> {
        let bearer = self.bearer.then_some(Scheme::Bearer);
        let dpop = self.dpop.as_ref().map(|_| Scheme::Dpop);
        bearer.into_iter().chain(dpop)
    }

    /// Returns the scheme that a client should use besides the one that failed.
    pub(super) fn other(&self, used: Scheme) -> Option<Scheme> {
        let is_open = used == Scheme::Bearer && self.dpop.is_some();
        is_open.then_some(Scheme::Dpop)
    }
}

impl Scheme {
    pub(super) fn challenge(self, realm: &str) -> Challenge {
        let challenge = match self {
            Self::Bearer => Challenge::bearer(),
            Self::Dpop => Challenge::dpop(),
        };
        challenge.with("realm", realm)
    }
}
