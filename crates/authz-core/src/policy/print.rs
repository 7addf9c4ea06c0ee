//! A policy as text, which [parses](super::Policy::parse_with) back to the same policy.

use std::fmt::{self, Write as _};

use super::{Policy, Requirement};

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnyValidToken => f.write_str("any_valid_token"),
            Self::Deny => f.write_str("deny"),
            Self::Scope(scope) => write!(f, "scope({:?})", scope.as_str()),
            Self::Permission(name) => write!(f, "permission({name:?})"),
            Self::Role(name) => write!(f, "role({name:?})"),
            Self::Group(name) => write!(f, "group({name:?})"),
            Self::Client(ids) => list(f, "client", ids),
            Self::Issuer(ids) => list(f, "issuer", ids),
            Self::Acr(classes) => list(f, "acr", classes),
            Self::Amr(method) => write!(f, "amr({method:?})"),
            Self::MaxAge(seconds) => write!(f, "max_age({seconds})"),
            Self::Method(methods) => list(f, "method", methods),
            Self::Compare(comparison) => write!(f, "{comparison}"),
            Self::Custom(predicate) => write!(f, "custom({:?})", predicate.name),
            Self::Not(policy) => {
                f.write_str("not ")?;
                operand(f, policy)
            }
            Self::All(all) => join(f, all, " and "),
            Self::Any(any) => join(f, any, " or "),
        }
    }
}

impl Policy {
    /// The policy's text, cut where it is too long for a log line.
    pub(crate) fn in_short(&self) -> impl fmt::Display + '_ {
        struct InShort<'p>(&'p Policy);

        impl fmt::Display for InShort<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut cut = Cut { f, room: 2000 };
                match write!(cut, "{}", self.0) {
                    Err(_) if cut.room == 0 => f.write_str("..."),
                    result => result,
                }
            }
        }

        InShort(self)
    }
}

/// Ends with an error where there is no more room.
struct Cut<'f, 'w> {
    f: &'f mut fmt::Formatter<'w>,
    /// Bytes.
    room: usize,
}

impl fmt::Write for Cut<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let Some(room) = self.room.checked_sub(text.len()) else {
            self.room = 0;
            return Err(fmt::Error);
        };
        self.room = room;
        self.f.write_str(text)
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Policy({self})")
    }
}

fn list(f: &mut fmt::Formatter<'_>, name: &str, texts: &[impl AsRef<str>]) -> fmt::Result {
    write!(f, "{name}(")?;
    for (i, text) in texts.iter().enumerate() {
        write!(f, "{}{:?}", if i > 0 { ", " } else { "" }, text.as_ref())?;
    }
    f.write_str(")")
}

fn join(f: &mut fmt::Formatter<'_>, policies: &[Policy], word: &str) -> fmt::Result {
    for (i, policy) in policies.iter().enumerate() {
        if i > 0 {
            f.write_str(word)?;
        }
        operand(f, policy)?;
    }
    Ok(())
}

fn operand(f: &mut fmt::Formatter<'_>, policy: &Policy) -> fmt::Result {
    match &policy.0 {
        Requirement::All(_) | Requirement::Any(_) => write!(f, "({policy})"),
        _ => write!(f, "{policy}"),
    }
}
