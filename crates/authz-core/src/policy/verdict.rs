use serde::Serialize;

/// Whether a requirement is met.
///
/// There is a third answer besides yes and no. A comparison with a claim that the token does not
/// have, or has with another type than expected, is [`Unknown`](Self::Unknown), and so is its
/// negation. A policy allows only what is [`Met`](Self::Met): so neither `claim("x") == "y"` nor
/// `not claim("x") == "y"` lets a token pass that has no `x`. This is the logic of SQL's `WHERE`
/// (Kleene's), in which `not not p` is `p`, and De Morgan's laws hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Met.
    Met,
    /// Not met.
    NotMet,
    /// It can't be said: a value is missing or of the wrong type.
    Unknown,
}

impl Verdict {
    /// `Met` if all are, `NotMet` if one is, else `Unknown`.
    pub(crate) fn all(verdicts: impl Iterator<Item = Self>) -> Self {
        let mut all = Self::Met;
        for verdict in verdicts {
            match verdict {
                Self::Met => {}
                Self::NotMet => return Self::NotMet,
                Self::Unknown => all = Self::Unknown,
            }
        }
        all
    }

    /// `Met` if one is, `NotMet` if none is, else `Unknown`.
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
