//! Authorization details: each element stands alone, and is for the APIs that it names.

use authz_core::Reason;
use serde_json::{Value, json};

use super::{bad, good};
use crate::{AUDIENCE, Attack, Attempt, ring};

const ELEMENTS: &str = "RFC 9396 section 2";
const LOCATIONS: &str = "RFC 9396 section 2.2";
const CLAIM: &str = "RFC 9396 section 9.1";

const POLICY: &str = r#"detail("payment", member("actions") contains "initiate" and member("amount.currency") == "EUR" and member("amount.value") <= 100.50)"#;

fn payment() -> Value {
    json!({
        "type": "payment",
        "locations": [AUDIENCE],
        "actions": ["initiate", "status"],
        "amount": { "currency": "EUR", "value": "100.50" },
    })
}

fn with(member: &str, value: Value) -> Value {
    let mut element = payment();
    element[member] = value;
    element
}

fn amount(value: Value) -> Value {
    let mut element = payment();
    element["amount"]["value"] = value;
    element
}

/// To a route that requires a payment, with these details.
fn to_route(details: Value) -> Attempt {
    let token = |details| ring().good().claim("authorization_details", details);
    Attempt::from(token(details))
        .policy(POLICY)
        .control(token(json!([payment()])).build())
}

pub(super) fn rows() -> Vec<Attack> {
    let dollars = with("amount", json!({ "currency": "USD", "value": "1" }));
    let reading = with("actions", json!(["status"]));
    let elsewhere = "https://elsewhere.example";
    let mut without_locations = payment();
    without_locations
        .as_object_mut()
        .expect("an object")
        .remove("locations");
    let twins = [
        ("plain", ELEMENTS, json!([payment()])),
        ("without-locations", LOCATIONS, json!([without_locations])),
        (
            "one-of-several-locations",
            LOCATIONS,
            json!([with("locations", json!([elsewhere, AUDIENCE]))]),
        ),
        (
            "after-others",
            ELEMENTS,
            json!([dollars.clone(), {"type": "other"}, 7, payment()]),
        ),
        (
            "amount-as-a-whole-number",
            ELEMENTS,
            json!([amount(json!(100))]),
        ),
    ];
    let refused = [
        (
            "halves-of-two-elements",
            ELEMENTS,
            json!([dollars, reading]),
        ),
        (
            "of-another-type",
            ELEMENTS,
            json!([with("type", json!("Payment"))]),
        ),
        (
            "without-a-type",
            ELEMENTS,
            json!([with("type", Value::Null)]),
        ),
        (
            "type-in-an-array",
            ELEMENTS,
            json!([with("type", json!(["payment"]))]),
        ),
        ("none", CLAIM, json!([])),
        ("null", CLAIM, Value::Null),
        ("not-in-an-array", CLAIM, payment()),
        ("as-text", CLAIM, json!(json!([payment()]).to_string())),
        ("nested-in-an-array", CLAIM, json!([[payment()]])),
        (
            "for-another-api",
            LOCATIONS,
            json!([with("locations", json!([elsewhere]))]),
        ),
        (
            "for-no-api",
            LOCATIONS,
            json!([with("locations", json!([]))]),
        ),
        (
            "for-an-api-below",
            LOCATIONS,
            json!([with("locations", json!([format!("{AUDIENCE}/path")]))]),
        ),
        (
            "locations-as-text",
            LOCATIONS,
            json!([with("locations", json!(AUDIENCE))]),
        ),
        (
            "action-as-text",
            ELEMENTS,
            json!([with("actions", json!("initiate status"))]),
        ),
        (
            "action-as-a-prefix",
            ELEMENTS,
            json!([with("actions", json!(["initiate2"]))]),
        ),
        (
            "amount-above",
            ELEMENTS,
            json!([amount(json!("100.500000000000000001"))]),
        ),
        (
            "amount-as-a-float",
            ELEMENTS,
            json!([amount(json!(100.25))]),
        ),
        (
            "amount-with-an-exponent",
            ELEMENTS,
            json!([amount(json!("1e1"))]),
        ),
        (
            "amount-with-a-comma",
            ELEMENTS,
            json!([amount(json!("1,50"))]),
        ),
        (
            "amount-with-leading-zeros",
            ELEMENTS,
            json!([amount(json!("0099"))]),
        ),
        (
            "amount-in-other-digits",
            ELEMENTS,
            json!([amount(json!("٩٩"))]),
        ),
        (
            "amount-in-an-array",
            ELEMENTS,
            json!([amount(json!(["1"]))]),
        ),
        ("amount-missing", ELEMENTS, json!([amount(Value::Null)])),
    ];
    let mut rows: Vec<_> = refused
        .into_iter()
        .map(|(name, source, details)| {
            let name = format!("details-{name}");
            bad(name, source, Reason::InsufficientScope, move || {
                to_route(details.clone())
            })
        })
        .collect();
    rows.extend(twins.into_iter().map(|(name, source, details)| {
        good(format!("twin-details-{name}"), source, move || {
            to_route(details.clone())
        })
    }));
    rows
}
