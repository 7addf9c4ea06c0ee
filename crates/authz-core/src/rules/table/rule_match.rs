use http::Method;

use super::{Rules, rule::Access};
use crate::{policy::Policy, request::PathParams as _};

/// The rule that applies to a request, for tools that explain a table.
///
/// ```
/// use authz_core::rules::Rules;
/// use http::Method;
///
/// let rules = Rules::from_toml(r#"
///     [[rules]]
///     path = "/orgs/{org}"
///     policy = 'claim("org_id") == path("org")'
/// "#)?;
/// let rule = rules.rule_for(&Method::GET, "/orgs/acme").unwrap();
/// assert_eq!(rule.policy().unwrap().to_string(), r#"claim("org_id") == path("org")"#);
/// assert_eq!(rule.path_params(), [("org".to_owned(), "acme".to_owned())]);
/// assert!(rules.rule_for(&Method::GET, "/users").is_none());
/// # Ok::<(), authz_core::rules::RulesError>(())
/// ```
#[derive(Debug)]
pub struct RuleMatch<'r> {
    access: &'r Access,
    path_params: Vec<(String, String)>,
}

impl Rules {
    /// Returns the rule that applies to a request; `None` if every token is denied because no rule does.
    #[must_use]
    pub fn rule_for<'r>(&'r self, method: &Method, path: &'r str) -> Option<RuleMatch<'r>> {
        let (access, matched) = self.find(method, path).ok()?;
        let names = matched.names();
        let params = names
            .iter()
            .map(|name| Some((name.to_string(), matched.get(name)?.into_owned())));
        Some(RuleMatch {
            access,
            path_params: params.flatten().collect(),
        })
    }
}

impl RuleMatch<'_> {
    /// Returns the rule's policy; `None` for a public path.
    #[must_use]
    pub const fn policy(&self) -> Option<&Policy> {
        match self.access {
            Access::Public => None,
            Access::Policy { policy, .. } => Some(policy),
        }
    }

    /// Returns `true` if the rule allows requests without a token, too.
    #[must_use]
    pub const fn is_optional(&self) -> bool {
        matches!(
            self.access,
            Access::Public | Access::Policy { optional: true, .. }
        )
    }

    /// Returns the path's parameters by name, percent-decoded.
    #[must_use]
    pub fn path_params(&self) -> &[(String, String)] {
        &self.path_params
    }
}
