use authz_core::{
    Policy,
    openapi::{IssuerScheme, PolicyDescription, SECURITY_SCHEME},
};
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
    // poem-openapi writes JSON.
    let mut document: Value = serde_json::from_str(&service.spec()).unwrap_or_default();
    let items = members(&mut document, "paths").values_mut();
    let operations = items
        .filter_map(Value::as_object_mut)
        .flat_map(Map::values_mut);
    let used: Vec<String> = operations.flat_map(write_out).collect();
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

/// Replaces the names of policies in an operation by what the policies say. Returns their scopes.
fn write_out(operation: &mut Value) -> Vec<String> {
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
    // Every parameter must be extracted: an operation with two policies requires both.
    let policies: Vec<&Policy> = security.iter().filter_map(named).collect();
    if policies.is_empty() {
        return Vec::new();
    }
    let policy = Policy::all_of(policies.into_iter().cloned());
    let mut others: Vec<_> = security
        .into_iter()
        .filter(|it| named(it).is_none())
        .collect();
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
    operation["security"] = merged.collect();

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
