//! Elements of `authorization_details` (RFC 9396): one of them must meet everything.

use authz_core::{
    Issuer,
    policy::{
        Policy,
        Verdict::{self, Met, NotMet, Unknown},
        member,
    },
};
use http::Request;
use serde_json::{Value, json};

use crate::case::{AUDIENCE, Api, api, api_with, issuer};

const TRANSFER: &str = r#"detail("payment_initiation", member("actions") contains "initiate" and member("instructedAmount.currency") == "EUR" and member("instructedAmount.amount") <= 123.50)"#;

/// The example of RFC 9396 section 2, shortened.
fn transfer() -> Value {
    json!({
        "type": "payment_initiation",
        "locations": [AUDIENCE],
        "actions": ["initiate", "status", "cancel"],
        "instructedAmount": {"currency": "EUR", "amount": "123.50"},
        "creditorName": "Merchant A",
    })
}

fn with(member: &str, value: Value) -> Value {
    let mut element = transfer();
    element[member] = value;
    element
}

#[test]
fn one_element_meets_everything() {
    let dollars = with(
        "instructedAmount",
        json!({"currency": "USD", "amount": "1"}),
    );
    let reading = with("actions", json!(["status"]));
    for (elements, expected) in [
        (json!([transfer()]), Met),
        (json!([{"type": "account_information"}, transfer()]), Met),
        (json!([dollars, reading, transfer()]), Met),
        // Each has what the other lacks.
        (json!([dollars, reading]), NotMet),
        (json!([]), NotMet),
        (json!(null), NotMet),
        // Another type may have members with the same names.
        (json!([with("type", json!("payment_status"))]), NotMet),
        (json!([with("type", json!("Payment_Initiation"))]), NotMet),
        (json!([with("creditorName", json!("Merchant B"))]), Met),
        // Undecidable, until an element decides.
        (json!([with("type", json!(7))]), Unknown),
        (json!(["payment_initiation"]), Unknown),
        (json!([null, transfer()]), Met),
        (json!([with("actions", json!(null))]), Unknown),
        (json!([with("actions", json!("initiate status"))]), Unknown),
        (
            json!([with("instructedAmount", json!(["EUR", "1"]))]),
            Unknown,
        ),
        (json!(transfer()), Unknown),
        (json!("payment_initiation"), Unknown),
    ] {
        check(&api(), TRANSFER, &elements, expected);
    }
    let absent = api().explain(&TRANSFER.parse().unwrap(), &json!({}));
    assert_eq!(absent.finding.verdict, NotMet);
}

#[test]
fn locations_must_name_this_api() {
    let elsewhere = "https://other.example";
    let listed = "https://API.example:443";
    let with_resource = crate::support::authorizer()
        .issuer(issuer())
        .resource(listed)
        .clock(crate::case::clock())
        .build()
        .unwrap();
    let with_resource = Api {
        authorizer: with_resource,
    };
    let kind = r#"detail("payment_initiation")"#;
    for (locations, expected) in [
        (json!([AUDIENCE]), Met),
        (json!([elsewhere, AUDIENCE]), Met),
        (json!([elsewhere]), NotMet),
        (json!([]), NotMet),
        (json!(null), Met),
        (json!(["https://api.example.evil"]), NotMet),
        (json!(["https://api.example/path"]), NotMet),
        (json!([7]), Unknown),
        (json!([7, AUDIENCE]), Met),
        (json!(AUDIENCE), Unknown),
        (json!({AUDIENCE: true}), Unknown),
    ] {
        check(
            &api(),
            kind,
            &json!([with("locations", locations)]),
            expected,
        );
    }
    let named = json!([with("locations", json!([listed]))]);
    check(&api(), kind, &named, NotMet);
    check(&with_resource, kind, &named, Met);
    // The spelling of an issuer that normalizes URLs.
    let normal = json!([with("locations", json!(["https://api.example/"]))]);
    check(&with_resource, kind, &normal, Met);
}

#[test]
fn an_element_is_compared_with_the_request() {
    let policy: Policy = r#"detail("account", member("iban") == path("iban") and member("limit") >= query("amount"))"#
        .parse()
        .unwrap();
    assert!(policy.depends_on_request());
    let claims = json!({"authorization_details": [
        {"type": "account", "iban": "DE40", "limit": "100.00"},
        {"type": "account", "iban": "DE50", "limit": 5},
    ]});
    let explain = |iban, amount| {
        let request = Request::get(format!("/?amount={amount}")).body(()).unwrap();
        let decision = api().explain_request(&policy, &claims, &request, &[("iban", iban)]);
        decision.finding.verdict
    };
    assert_eq!(explain("DE40", "100"), Met);
    assert_eq!(explain("DE40", "100.01"), NotMet);
    assert_eq!(explain("DE50", "5"), Met);
    assert_eq!(explain("DE50", "6"), NotMet);
    assert_eq!(explain("DE60", "1"), NotMet);
    assert_eq!(explain("DE40", "1e2"), Unknown);
    assert_eq!(api().explain(&policy, &claims).finding.verdict, Unknown);
}

#[test]
fn a_member_has_a_value_in_a_detail_only() {
    let claims = json!({"a": "b", "authorization_details": [{"type": "t", "a": "b"}]});
    let decision = api().explain(&member("a").equals("b"), &claims);
    assert_eq!(decision.finding.verdict, Unknown);
    assert_eq!(decision.finding.found.unwrap(), "nothing");
    assert!(!api().explain(&!member("a").equals("b"), &claims).allowed);
}

#[test]
fn details_that_the_issuer_keeps_elsewhere_are_undecidable() {
    let claims = json!({
        "authorization_details": [transfer()],
        "_claim_names": {"authorization_details": "src1"},
    });
    let decision = api().explain(&TRANSFER.parse().unwrap(), &claims);
    assert_eq!(decision.finding.verdict, Unknown);
    assert_eq!(decision.finding.found.unwrap(), "(kept elsewhere)");
}

#[test]
fn the_explanation_shows_types_and_no_values() {
    let elements = json!([{"type": "a\nb", "iban": "DE40"}, {"iban": "DE50"}, {"type": "c"}]);
    let found = |elements: Value| {
        let claims = json!({"authorization_details": elements});
        let decision = api().explain(&TRANSFER.parse().unwrap(), &claims);
        decision.finding.found.unwrap()
    };
    assert_eq!(found(elements), r#""a\nb", (no type), "c""#);
    assert_eq!(found(json!("DE40")), "(not an array)");
    assert_eq!(found(json!([])), "nothing");
}

#[test]
fn a_missing_detail_is_a_plain_403() {
    let policy = format!("scope(\"pay\") and {TRANSFER}").parse().unwrap();
    let caller = api_with(Issuer::clone(&issuer())).caller(&json!({"scope": "pay"}));
    let rejection = caller.check(&policy).unwrap_err();
    assert_eq!(rejection.status(), 403);
    let challenge = rejection.headers()["www-authenticate"].clone();
    let challenge = challenge.to_str().unwrap();
    assert!(
        challenge.contains(r#"error="insufficient_scope""#),
        "{challenge}"
    );
    // No scope would help.
    assert!(!challenge.contains("scope=\"pay"), "{challenge}");
}

fn check(api: &Api, policy: &str, elements: &Value, expected: Verdict) {
    let policy: Policy = policy.parse().unwrap();
    let claims = json!({"authorization_details": elements});
    let verdict = |policy: &Policy| api.explain(policy, &claims).finding.verdict;
    assert_eq!(verdict(&policy), expected, "{policy} of {claims}");
    let opposite = match expected {
        Met => NotMet,
        NotMet => Met,
        Unknown => Unknown,
    };
    assert_eq!(verdict(&!policy), opposite, "not, of {claims}");
}
