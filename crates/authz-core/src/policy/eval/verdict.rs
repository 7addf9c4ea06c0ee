//! The logic with three values.

use serde::Serialize;

/// Whether a requirement is met.
///
/// A comparison with a claim that is missing or has an unexpected type is [`Unknown`](Self::Unknown),
/// and so is its negation. A policy allows a request only if it is [`Met`](Self::Met). So neither
/// `claim("x") == "y"` nor `not claim("x") == "y"` allows a token without `x`. This is the logic of SQL's
/// `WHERE` (Kleene's): `not not p` is `p`, and De Morgan's laws hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Met.
    Met,
    /// Not met.
    NotMet,
    /// Undecidable: a value is missing or has an unexpected type.
    Unknown,
}

impl Verdict {
    /// `Unknown` for `None`.
    pub(crate) fn of(met: Option<bool>) -> Self {
        met.map_or(Self::Unknown, Self::from)
    }

    /// `Met` if all are, `NotMet` if one is, else `Unknown`.
    pub(crate) fn all(verdicts: impl Iterator<Item = Self>) -> Self {
        Self::any(verdicts.map(Self::not)).not()
    }

    /// `Met` if one is, `NotMet` if all are, else `Unknown`.
    pub(crate) fn any(verdicts: impl Iterator<Item = Self>) -> Self {
        let mut any = Self::NotMet;
        for verdict in verdicts {
            match verdict {
                Self::Met => return Self::Met,
                Self::NotMet => {}
                Self::Unknown => any = Self::Unknown,
            }
        }
        any
    }

    /// Leaves `Unknown` as it is.
    pub(crate) const fn not(self) -> Self {
        match self {
            Self::Met => Self::NotMet,
            Self::NotMet => Self::Met,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for Verdict {
    fn from(met: bool) -> Self {
        if met { Self::Met } else { Self::NotMet }
    }
}
