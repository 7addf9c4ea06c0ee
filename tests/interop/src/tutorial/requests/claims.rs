//! What the token says: issuer, audience, times, type and scopes, all under a good signature.

use serde_json::{Value, json};

use super::row::{Row, row};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = issuer_and_audience();
    rows.extend(times());
    rows.extend(types());
    rows.extend(scopes());
    rows.extend(payloads());
    rows
}

#[rustfmt::skip] // one line per request
fn issuer_and_audience() -> Vec<Row> {
    vec![
        row("another issuer").token(|m| m.reader().issuer("https://elsewhere.example/")),
        row("the issuer with another slash").token(|m| m.reader().issuer(m.issuer_with_other_slash())),
        row("the issuer in capitals").token(|m| m.reader().issuer(m.issuer().to_uppercase())),
        row("the issuer among others").token(|m| m.reader().claim("iss", json!([m.issuer()]))),
        row("no issuer").token(|m| m.reader().without("iss")),
        row("another audience").token(|m| m.reader().audience("https://elsewhere.example/api")),
        row("the audience among others").token(|m| m.reader().audience(json!(["https://elsewhere.example/api", m.audience()]))).same(200),
        row("the audience alone in an array").token(|m| m.reader().audience(json!([m.audience()]))).same(200),
        row("several audiences without ours").token(|m| m.reader().audience(json!(["https://a.example", "https://b.example"]))),
        row("the beginning of the audience").token(|m| m.reader().audience("https://quickstart.example")),
        row("the audience with a slash").token(|m| m.reader().audience(format!("{}/", m.audience()))),
        row("an empty audience").token(|m| m.reader().audience(json!([]))),
        row("no audience").token(|m| m.reader().without("aud")),
        row("no subject").token(|m| m.reader().without("sub")).same(200),
    ]
}

#[rustfmt::skip] // one line per request
fn times() -> Vec<Row> {
    vec![
        row("expired an hour ago").token(|m| m.reader().expires_in(-3600)),
        row("expired half a minute ago").token(|m| m.reader().expires_in(-30)).differs("leeway"),
        row("expires as text").token(|m| m.reader().claim("exp", "4102444800")),
        row("expires at null").token(|m| m.reader().claim("exp", Value::Null)),
        row("expires at a fraction of a second").token(|m| m.reader().claim("exp", 4_102_444_800.5)).same(200),
        row("expires before 1970").token(|m| m.reader().claim("exp", -1)),
        row("expires beyond any calendar").token(|m| m.reader().claim("exp", 1e30)).differs("absurd-times"),
        row("never expires").token(|m| m.reader().without("exp")).differs("no-expiry"),
        row("not valid for another hour").token(|m| m.reader().not_before_in(3600)),
        row("not valid for another half minute").token(|m| m.reader().not_before_in(30)).differs("leeway"),
        row("valid since an hour").token(|m| m.reader().not_before_in(-3600)).same(200),
        row("valid since a text").token(|m| m.reader().claim("nbf", "yesterday")),
        row("issued an hour from now").token(|m| m.reader().issued_in(3600)).differs("issued-later"),
        row("issued at a text").token(|m| m.reader().claim("iat", "yesterday")).differs("absurd-times"),
        row("issued at no known time").token(|m| m.reader().without("iat")).same(200),
    ]
}

#[rustfmt::skip] // one line per request
fn types() -> Vec<Row> {
    vec![
        row("type at+jwt").token(|m| m.reader().typ(Some("at+jwt"))).same(200),
        row("type application/at+jwt").token(|m| m.reader().typ(Some("application/at+jwt"))).same(200),
        row("type JWT").token(|m| m.reader().typ(Some("JWT"))).same(200),
        row("type jwt in lower case").token(|m| m.reader().typ(Some("jwt"))).same(200),
        row("no type").token(|m| m.reader().typ(None)).same(200),
        row("as Auth0 makes it").token(|m| m.reader().auth0_style()).same(200),
        row("type dpop+jwt").token(|m| m.reader().typ(Some("dpop+jwt"))).differs("token-type"),
        row("type logout+jwt").token(|m| m.reader().typ(Some("logout+jwt"))).differs("token-type"),
        row("type as a number").token(|m| m.reader().header("typ", 1)).differs("token-type"),
        row("bound to a key").token(|m| m.reader().claim("cnf", json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}))).differs("bound-token"),
        row("bound to a certificate").token(|m| m.reader().claim("cnf", json!({"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}))).differs("bound-token"),
    ]
}

#[rustfmt::skip] // one line per request
fn scopes() -> Vec<Row> {
    vec![
        row("the scope between others").token(|m| m.valid().scope("openid read:messages write:messages")).same(200),
        row("scopes with two spaces between").token(|m| m.valid().scope("openid  read:messages")).same(200),
        row("another scope").token(|m| m.valid().scope("read:mail")).differs("missing-scope"),
        row("a scope that begins like ours").token(|m| m.valid().scope("read:messages:all")).differs("missing-scope"),
        row("a part of our scope").token(|m| m.valid().scope("read")).differs("missing-scope"),
        row("the scope in capitals").token(|m| m.valid().scope("READ:MESSAGES")).differs("missing-scope"),
        row("scopes separated by commas").token(|m| m.valid().scope("openid,read:messages")).differs("missing-scope"),
        row("an empty text of scopes").token(|m| m.valid().claim("scope", "")).differs("missing-scope"),
        row("scope as an array").token(|m| m.valid().claim("scope", json!(["read:messages"]))).differs("scope-forms"),
        row("scp as a text").token(|m| m.valid().claim("scp", "read:messages")).differs("scope-forms"),
        row("scp as an array").token(|m| m.valid().claim("scp", json!(["read:messages"]))).differs("scope-forms"),
        row("permissions without a scope").token(|m| m.valid().permissions(["read:messages"])).differs("missing-scope"),
        row("other permissions").token(|m| m.valid().permissions(["read:mail"])).differs("missing-scope"),
    ]
}

#[rustfmt::skip] // one line per request
fn payloads() -> Vec<Row> {
    vec![
        row("a member twice").token(|m| m.reader().raw_payload(m.payload_with_scope_twice())).differs("member-twice"),
        row("null for a payload").token(|m| m.reader().raw_payload("null")),
        row("null for a payload of type JWT").token(|m| m.reader().typ(Some("JWT")).raw_payload("null")).differs("null-payload"),
        row("an array for a payload").token(|m| m.reader().raw_payload("[]")),
        row("a text for a payload").token(|m| m.reader().raw_payload("\"hello\"")),
        row("a number for a payload").token(|m| m.reader().raw_payload("42")),
        row("no JSON for a payload").token(|m| m.reader().raw_payload("{")),
        row("an empty payload").token(|m| m.reader().raw_payload("")),
        row("a large token").token(|m| m.reader().claim("filler", "x".repeat(6000))).same(200),
        row("a token larger than any header may be").token(|m| m.reader().claim("filler", "x".repeat(20_000))).differs("too-large"),
    ]
}
