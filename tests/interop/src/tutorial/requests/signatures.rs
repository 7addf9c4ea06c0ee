//! Who signed the token, and whether what arrives is a token at all.

use authz_testkit::Algorithm;
use serde_json::json;

use super::{
    super::mint::Mint,
    row::{Row, row},
};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = no_tokens();
    rows.extend(forgeries());
    rows.extend(algorithms());
    rows.extend(headers());
    rows
}

#[rustfmt::skip] // one line per request
fn no_tokens() -> Vec<Row> {
    vec![
        row("a word").authorization("Bearer nonsense"),
        row("the word null").authorization("Bearer null"),
        row("the word undefined").authorization("Bearer undefined"),
        row("two dots").authorization("Bearer .."),
        row("three letters").authorization("Bearer a.b.c"),
        row("bytes outside ASCII").authorization("Bearer \u{e4}\u{f6}\u{fc}"),
        row("one part").text(|m| m.parts(0..1)),
        row("two parts").text(|m| m.parts(0..2)),
        row("four parts").text(|m| m.reader().build() + ".e30"),
        row("five parts, as an encrypted token has").text(|m| m.reader().build() + ".e30.e30"),
        row("the JSON form").authorization(r#"Bearer {"payload":"e30","protected":"e30","signature":"e30"}"#),
        row("cut in half").text(Mint::half),
    ]
}

#[rustfmt::skip] // one line per request
fn forgeries() -> Vec<Row> {
    vec![
        row("the payload of another token").text(Mint::spliced),
        row("one bit of the signature changed").text(Mint::with_changed_signature),
        row("no signature").text(|m| m.parts(0..2) + "."),
        row("half a signature").token(|m| m.reader().signature([7; 128])),
        row("a signature of zeros").token(|m| m.reader().signature([0; 256])),
        row("signed by somebody else under our key's name").token(|m| m.reader().signed_by(m.stranger())),
        row("a key that the issuer does not publish").token(|m| m.reader().key(m.stranger())),
        row("a key in the token itself").token(Mint::with_embedded_key),
        row("a key set named by the token").token(|m| m.reader().header("jku", "http://127.0.0.1:1/keys").signed_by(m.stranger())),
        row("padding after the signature").text(|m| m.reader().build() + "=="),
        row("padding after the header").text(Mint::with_padded_header),
        row("stray bits in the signature's last character").text(Mint::with_stray_bits).differs("loose-base64"),
    ]
}

#[rustfmt::skip] // one line per request
fn algorithms() -> Vec<Row> {
    vec![
        row("alg none").text(|m| m.unsigned("none")),
        row("alg None").text(|m| m.unsigned("None")),
        row("alg nOnE").text(|m| m.unsigned("nOnE")),
        row("alg none with the signature left in").token(|m| m.reader().header("alg", "none")),
        row("alg empty").token(|m| m.reader().header("alg", "")),
        row("alg in lower case").token(|m| m.reader().header("alg", "rs256")),
        row("alg as a number").token(|m| m.reader().header("alg", 256)),
        row("alg as an array").token(|m| m.reader().header("alg", json!(["RS256"]))),
        row("no alg").token(|m| m.reader().without_header("alg")),
        row("HS256 with the public key for a secret").text(|m| m.hs256(m.rs256().public_pem().as_bytes())),
        row("HS256 with the public key for a secret, no line at its end").text(|m| m.hs256(m.rs256().public_pem().trim_end().as_bytes())),
        row("HS256 with a guessed secret").text(|m| m.hs256(b"secret")),
        row("RS512 by the issuer's RS256 key").token(|m| m.reader().key(&m.rs256().clone().with_algorithm(Algorithm::RS512))),
        row("PS256 by the issuer's RS256 key").token(|m| m.reader().key(&m.rs256().clone().with_algorithm(Algorithm::PS256))),
        row("ES256 by the issuer's own key").token(|m| m.reader().key(m.es256())),
        row("RS256 claimed for an ES256 key").token(|m| m.reader().key(m.es256()).header("alg", "RS256")),
    ]
}

#[rustfmt::skip] // one line per request
fn headers() -> Vec<Row> {
    vec![
        row("an extension that must be understood").token(|m| m.reader().header("crit", json!(["exp"]))).differs("critical-extension"),
        row("an unencoded payload announced").token(|m| m.reader().header("b64", false).header("crit", json!(["b64"]))).differs("critical-extension"),
        row("a header member twice").token(|m| m.reader().raw_header(m.header_with_typ_twice())).differs("member-twice"),
        row("a key named by a number").token(|m| m.reader().header("kid", 12)),
        row("no key named").token(|m| m.reader().kid(None)).same(200),
        row("unknown keys, twelve in a row").text(Mint::with_random_kid).times(12).differs("unknown-key-flood"),
        row("a valid token after unknown keys").reader().same(200),
    ]
}
