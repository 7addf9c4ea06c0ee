use std::borrow::Cow;

use crate::{
    rejection::{Reason, Scheme},
    validation::ValidationError,
};

/// The request's token, and the scheme that it came with.
pub(crate) struct Credentials<'a> {
    pub(crate) token: Cow<'a, [u8]>,
    pub(crate) scheme: Scheme,
}

/// The token found so far. A second one is an error.
#[derive(Default)]
pub(super) struct SingleToken<'a>(pub(super) Option<Cow<'a, [u8]>>);

/// Credentials that are not exactly one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadCredentials {
    pub(super) reason: Reason,
    pub(crate) scheme: Scheme,
    hint: Option<&'static str>,
}

impl<'a> SingleToken<'a> {
    pub(super) fn add(&mut self, token: impl Into<Cow<'a, [u8]>>) -> Result<(), BadCredentials> {
        let token = token.into();
        if token.is_empty() {
            return Err(BadCredentials::EMPTY);
        }
        match self.0.replace(token) {
            None => Ok(()),
            Some(_) => Err(BadCredentials {
                reason: Reason::MultipleTokens,
                scheme: Scheme::Bearer,
                hint: Some(
                    "the request carries two tokens: find which parts of the client or which proxies add one, and keep one of them",
                ),
            }),
        }
    }
}

impl BadCredentials {
    pub(super) const EMPTY: Self =
        Self::malformed("the token is empty: the client has no token to send");

    pub(super) const fn malformed(hint: &'static str) -> Self {
        Self {
            reason: Reason::MalformedCredentials,
            scheme: Scheme::Bearer,
            hint: Some(hint),
        }
    }

    pub(super) const fn under(self, scheme: Scheme) -> Self {
        Self { scheme, ..self }
    }
}

impl From<BadCredentials> for ValidationError {
    fn from(bad: BadCredentials) -> Self {
        Self::new(bad.reason).hint(bad.hint)
    }
}
