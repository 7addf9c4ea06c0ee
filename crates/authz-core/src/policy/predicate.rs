use std::{collections::BTreeMap, fmt, sync::Arc};

use super::{Policy, Requirement};
use crate::claims::Claims;

/// A named condition in the application's own code.
#[derive(Clone)]
pub(crate) struct Predicate {
    pub(crate) name: Box<str>,
    check: Arc<dyn Fn(&Claims) -> bool + Send + Sync>,
}

/// The conditions that a policy's text may name with `custom("name")`.
///
/// ```
/// use authz_core::policy::{Policy, Predicates};
///
/// let known = Predicates::new().with("even_tenant", |claims| {
///     claims.get("tenant").and_then(|it| it.as_u64()).is_some_and(|it| it % 2 == 0)
/// });
/// let policy = Policy::parse_with(r#"scope("read") and custom("even_tenant")"#, &known)?;
/// # Ok::<(), authz_core::policy::PolicyError>(())
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Predicates(BTreeMap<Box<str>, Predicate>);

impl Predicate {
    pub(crate) fn new(
        name: impl Into<String>,
        check: impl Fn(&Claims) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into().into(),
            check: Arc::new(check),
        }
    }

    pub(crate) fn holds(&self, claims: &Claims) -> bool {
        (self.check)(claims)
    }
}

impl Predicates {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// These and `check` under `name`, in place of one that had the name before.
    pub fn with(
        mut self,
        name: impl Into<String>,
        check: impl Fn(&Claims) -> bool + Send + Sync + 'static,
    ) -> Self {
        let predicate = Predicate::new(name, check);
        self.0.insert(predicate.name.clone(), predicate);
        self
    }

    /// The policy `custom(name)`, if there is such a condition.
    #[must_use]
    pub fn policy(&self, name: &str) -> Option<Policy> {
        let predicate = self.0.get(name)?;
        Some(Policy(Requirement::Custom(predicate.clone())))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(|name| &**name)
    }
}

impl PartialEq for Predicate {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Predicate {}

impl fmt::Debug for Predicates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
