use std::{collections::BTreeMap, fmt, sync::Arc};

use crate::claims::Claims;
use crate::policy::model::{Policy, Predicate, Requirement};

/// The conditions that the text of a policy may name with `custom("name")`.
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

impl Predicates {
    /// Creates an empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `check` under `name`, and replaces an earlier condition of that name.
    pub fn with(
        mut self,
        name: impl Into<String>,
        check: impl Fn(&Claims) -> bool + Send + Sync + 'static,
    ) -> Self {
        let predicate = Predicate::new(name, check);
        self.0.insert(predicate.name.clone(), predicate);
        self
    }

    /// Returns the policy `custom(name)` if the set has a condition of that name.
    #[must_use]
    pub fn policy(&self, name: &str) -> Option<Policy> {
        let predicate = self.0.get(name)?;
        Some(Policy(Requirement::Custom(predicate.clone())))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(|name| &**name)
    }
}

impl Predicate {
    pub(super) fn new(
        name: impl Into<String>,
        check: impl Fn(&Claims) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into().into(),
            check: Arc::new(check),
        }
    }
}

impl fmt::Debug for Predicates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
