#[cfg(feature = "rules")]
use authz_core::rules::Rules;
use authz_core::{
    Policy,
    openapi::{IssuerScheme, PolicyDescription, SECURITY_SCHEME},
};
use poem::http::Method;
use poem_openapi::{OpenApi, OpenApiService, Webhook};
use serde_json::{Map, Value, json};

use super::protected::policy;

/// Returns the service's document as JSON, with the policies of its operations, the security scheme of the
/// issuer and the responses to rejected requests. Schemas and responses of the
/// application with the same names stay.
#[must_use]
pub fn document<T: OpenApi, W: Webhook>(
    service: &OpenApiService<T, W>,
    scheme: &IssuerScheme,
) -> String {
    write_out(service, scheme, |_, _, policies| {
        // Every parameter must be extracted: an operation with two policies requires both.
        let policies = policies.iter().map(|it| (*it).clone());
        (policies.len() > 0).then(|| (Policy::all_of(policies), false))
    })
}

/// Returns the service's document like [`document`], with the policies of `rules` in place of those of `Protected`. It
/// is for services that [`rules`](crate::RulesExt::rules) guard.
#[cfg(feature = "rules")]
#[must_use]
pub fn document_with_rules<T: OpenApi, W: Webhook>(
    service: &OpenApiService<T, W>,
    scheme: &IssuerScheme,
    rules: &Rules,
) -> String {
    write_out(service, scheme, |method, path, _| {
        let rule = rules.rule_for(method, path)?;
        Some((rule.policy()?.clone(), rule.is_optional()))
    })
}

/// Replaces the names of policies by what the policies say. `choose` returns an operation's policy and whether the
/// token is optional, from the method, the path and the policies that are named.
fn write_out<T: OpenApi, W: Webhook>(
    service: &OpenApiService<T, W>,
    scheme: &IssuerScheme,
    choose: impl Fn(&Method, &str, &[&Policy]) -> Option<(Policy, bool)>,
) -> String {
    // poem-openapi writes JSON.
    let mut document: Value = serde_json::from_str(&service.spec()).unwrap_or_default();
    let mut used = Vec::new();
    for (path, item) in members(&mut document, "paths") {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let Ok(method) = method.to_uppercase().parse() else {
                continue;
            };
            used.extend(describe(operation, |named| choose(&method, path, named)));
        }
    }
    let components = members(&mut document, "components");
    let mut ours = scheme.components(used);
    let schemes = entry(components, "securitySchemes");
    schemes.retain(|name, _| policy(name).is_none());
    schemes.append(members(&mut ours, "securitySchemes"));
    for kind in ["schemas", "responses"] {
        for (name, component) in members(&mut ours, kind) {
            let components = entry(components, kind).entry(name);
            components.or_insert_with(|| component.take());
        }
    }
    document.to_string()
}

/// Replaces the names of policies in an operation by the policy that `choose` returns for them. Returns its scopes.
fn describe(
    operation: &mut Value,
    choose: impl FnOnce(&[&Policy]) -> Option<(Policy, bool)>,
) -> Vec<String> {
    let security = operation["security"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let keys = |it: &Value| {
        it.as_object()
            .map(|it| it.keys().cloned().collect::<Vec<_>>())
    };
    let named = |it: &Value| {
        keys(it)
            .unwrap_or_default()
            .iter()
            .find_map(|name| policy(name))
    };
    let policies: Vec<&Policy> = security.iter().filter_map(named).collect();
    let chosen = choose(&policies);
    let mut others: Vec<_> = security
        .into_iter()
        .filter(|it| named(it).is_none())
        .collect();
    let Some((policy, optional)) = chosen else {
        if !policies.is_empty() {
            operation["security"] = others.into();
        }
        return Vec::new();
    };
    if others.is_empty() {
        others.push(json!({}));
    }
    let described = PolicyDescription::new(&policy);
    let pairs = others
        .iter()
        .flat_map(|other| described.scopes.iter().map(move |it| (other, it)));
    let merged = pairs.map(|(other, scopes)| {
        let mut merged = other.as_object().cloned().unwrap_or_default();
        merged.insert(SECURITY_SCHEME.to_owned(), json!(scopes));
        Value::Object(merged)
    });
    operation["security"] = merged.chain(optional.then(|| json!({}))).collect();

    operation["x-authz-policy"] = policy.to_string().into();
    if let Some(text) = &described.text {
        let before = operation["description"]
            .as_str()
            .map(|it| format!("{it}\n\n"));
        operation["description"] = format!("{}{text}", before.unwrap_or_default()).into();
    }
    let responses = members(operation, "responses");
    for (status, name) in &described.responses {
        let reference = json!({ "$ref": format!("#/components/responses/{name}") });
        responses.entry(*status).or_insert(reference);
    }
    let scopes = described.scopes.concat();
    scopes.into_iter().map(ToOwned::to_owned).collect()
}

/// Returns the members of the object `name`, which is created if it does not exist.
fn members<'v>(value: &'v mut Value, name: &str) -> &'v mut Map<String, Value> {
    if !value.is_object() {
        *value = json!({});
    }
    match value {
        Value::Object(object) => entry(object, name),
        _ => unreachable!("it is an object now"),
    }
}

fn entry<'v>(object: &'v mut Map<String, Value>, name: &str) -> &'v mut Map<String, Value> {
    let member = object.entry(name).or_insert_with(|| json!({}));
    if !member.is_object() {
        *member = json!({});
    }
    match member {
        Value::Object(members) => members,
        _ => unreachable!("it is an object now"),
    }
}
