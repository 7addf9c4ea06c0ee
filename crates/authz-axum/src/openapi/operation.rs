use std::collections::BTreeMap;

use authz_core::{
    Policy,
    openapi::{PolicyDescription, SECURITY_SCHEME},
};
use utoipa::openapi::{
    OpenApi, PathItem, Paths, Ref, path::Operation, security::SecurityRequirement,
};

/// Adds a policy to operations of a document. Implemented for one [`Operation`], and for a [`PathItem`],
/// [`Paths`] and an [`OpenApi`] document with all their operations.
pub trait DocumentPolicy {
    /// Documents that requests must satisfy `policy`, in addition to the requirements that are documented already.
    fn require(&mut self, policy: &Policy) {
        for operation in self.operations_mut() {
            document(operation, policy, false);
        }
    }

    /// Like [`require`](Self::require), for an [optional](crate::AuthorizationLayer::optional) layer: requests
    /// without a token are allowed, too.
    fn require_optional(&mut self, policy: &Policy) {
        for operation in self.operations_mut() {
            document(operation, policy, true);
        }
    }

    /// Returns all operations.
    fn operations_mut(&mut self) -> Vec<&mut Operation>;
}

impl DocumentPolicy for Operation {
    fn operations_mut(&mut self) -> Vec<&mut Operation> {
        vec![self]
    }
}

impl DocumentPolicy for PathItem {
    fn operations_mut(&mut self) -> Vec<&mut Operation> {
        let methods = [
            &mut self.get,
            &mut self.put,
            &mut self.post,
            &mut self.delete,
            &mut self.options,
            &mut self.head,
            &mut self.patch,
            &mut self.trace,
            &mut self.query,
        ];
        let others = self.additional_operations.values_mut();
        methods.into_iter().flatten().chain(others).collect()
    }
}

impl DocumentPolicy for Paths {
    fn operations_mut(&mut self) -> Vec<&mut Operation> {
        let items = self.paths.values_mut();
        items.flat_map(DocumentPolicy::operations_mut).collect()
    }
}

impl DocumentPolicy for OpenApi {
    fn operations_mut(&mut self) -> Vec<&mut Operation> {
        self.paths.operations_mut()
    }
}

fn document(operation: &mut Operation, policy: &Policy, is_optional: bool) {
    let described = PolicyDescription::new(policy);
    let mut security = Vec::new();
    for before in operation
        .security
        .take()
        .unwrap_or_else(|| vec![<_>::default()])
    {
        security.extend(described.scopes.iter().map(|scopes| merge(&before, scopes)));
        if is_optional {
            security.push(before);
        }
    }
    security.dedup();
    operation.security = Some(security);

    if let Some(text) = &described.text {
        let description = operation.description.get_or_insert_default();
        let gap = if description.is_empty() { "" } else { "\n\n" };
        description.push_str(&format!("{gap}{text}"));
    }
    let extensions = operation.extensions.get_or_insert_default();
    let text = match extensions.get(EXTENSION).and_then(|it| it.as_str()) {
        Some(before) => format!("({before}) and ({policy})"),
        None => policy.to_string(),
    };
    extensions.insert(EXTENSION.to_owned(), text.into());

    for (status, name) in described.responses {
        let responses = &mut operation.responses.responses;
        (responses.entry(status.to_owned()))
            .or_insert_with(|| Ref::from_response_name(name).into());
    }
}

/// Adds scopes to a requirement, which may name other schemes, too.
fn merge(requirement: &SecurityRequirement, scopes: &[&str]) -> SecurityRequirement {
    let mut merged = scopes_of(requirement);
    for scope in scopes {
        if !merged.iter().any(|it| it == scope) {
            merged.push((*scope).to_owned());
        }
    }
    requirement.clone().add(SECURITY_SCHEME, merged)
}

/// Returns the scopes of a requirement, which utoipa does not give out.
pub(super) fn scopes_of(requirement: &SecurityRequirement) -> Vec<String> {
    let by_scheme = serde_json::to_value(requirement)
        .and_then(serde_json::from_value::<BTreeMap<String, Vec<String>>>);
    by_scheme
        .ok()
        .and_then(|mut it| it.remove(SECURITY_SCHEME))
        .unwrap_or_default()
}

const EXTENSION: &str = "x-authz-policy";
