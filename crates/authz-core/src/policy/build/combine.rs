//! Policies of policies: all of them, any of them, and not.

use std::ops::{BitAnd, BitOr, Not};

use crate::policy::model::{Policy, Requirement};

impl Policy {
    /// Requires all of `policies`, for a list known at run time. An empty list denies everybody, because
    /// it is more often a missing setting than intended.
    #[must_use]
    pub fn all_of(policies: impl IntoIterator<Item = Self>) -> Self {
        Self::group(policies, Requirement::All, |it| match it {
            Requirement::All(parts) => Ok(parts),
            other => Err(other),
        })
    }

    /// Requires at least one of `policies`, for a list known at run time. An empty list denies everybody.
    ///
    /// ```
    /// use authz_core::{Policy, scope};
    ///
    /// let scopes = vec!["read:messages".to_owned(), "admin".to_owned()];
    /// let policy = Policy::any_of(scopes.iter().map(|name| scope(name)));
    /// assert_eq!(policy.to_string(), r#"scope("read:messages") or scope("admin")"#);
    /// assert_eq!(Policy::any_of([]).to_string(), "deny");
    /// ```
    #[must_use]
    pub fn any_of(policies: impl IntoIterator<Item = Self>) -> Self {
        Self::group(policies, Requirement::Any, |it| match it {
            Requirement::Any(parts) => Ok(parts),
            other => Err(other),
        })
    }

    /// Requires both policies.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::all_of([self, other])
    }

    /// Requires at least one of the two policies.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::any_of([self, other])
    }

    /// Merges groups of the same kind, so that each policy has one form.
    fn group(
        policies: impl IntoIterator<Item = Self>,
        group: fn(Box<[Self]>) -> Requirement,
        ungroup: fn(Requirement) -> Result<Box<[Self]>, Requirement>,
    ) -> Self {
        let mut parts = Vec::new();
        for policy in policies {
            match ungroup(policy.0) {
                Ok(inner) => parts.extend(inner),
                Err(requirement) => parts.push(Self(requirement)),
            }
        }
        match parts.len() {
            0 => Self(Requirement::Deny),
            1 => parts.remove(0),
            _ => Self(group(parts.into())),
        }
    }
}

impl BitAnd for Policy {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        self.and(other)
    }
}

impl BitOr for Policy {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.or(other)
    }
}

impl Not for Policy {
    type Output = Self;

    fn not(self) -> Self {
        Self(Requirement::Not(Box::new(self)))
    }
}
