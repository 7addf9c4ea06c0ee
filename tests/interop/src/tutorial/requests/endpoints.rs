//! Which endpoint is asked, and with which method.

use super::{
    super::mint::Mint,
    row::{Row, row},
};

#[rustfmt::skip] // one line per request
pub(super) fn rows() -> Vec<Row> {
    vec![
        row("public, without a token").target("/api/public").same(200),
        row("public, with a valid token").target("/api/public").reader().same(200),
        row("public, with nonsense for a token").target("/api/public").authorization("Bearer nonsense").same(200),
        row("public, HEAD").method("HEAD").target("/api/public").same(200),
        row("private, without a token").same(401),
        row("private, with a valid token").reader().same(200),
        row("private, the same with a query").target("/api/private?page=2").reader().same(200),
        row("private, HEAD without a token").method("HEAD").same(401),
        row("private, HEAD with a valid token").method("HEAD").reader().same(200),
        row("private, without the scope").token(Mint::valid).differs("missing-scope"),
        row("private, HEAD without the scope").method("HEAD").token(Mint::valid).differs("missing-scope"),
        row("messages, without a token").target("/api/messages").same(401),
        row("messages, read by a reader").target("/api/messages").reader().same(200),
        row("messages, read by a writer").target("/api/messages").token(Mint::writer).differs("missing-scope"),
        row("messages, written by a writer").method("POST").target("/api/messages").token(Mint::writer).json(r#"{"text":"hello"}"#).same(201),
        row("messages, written by a reader").method("POST").target("/api/messages").reader().json(r#"{"text":"hello"}"#).differs("missing-scope"),
        row("messages, written without a token").method("POST").target("/api/messages").json(r#"{"text":"hello"}"#).same(401),
        row("messages, broken JSON from a writer").method("POST").target("/api/messages").token(Mint::writer).json("{").same(400),
        row("messages, broken JSON without a token").method("POST").target("/api/messages").json("{").same(401),
        row("me, without a token").target("/api/me").same(401),
        row("me, with a token that has no scope").target("/api/me").token(Mint::valid).same(200),
        row("no such page, without a token").target("/api/nothing").same(404),
        row("no such page, with a valid token").target("/api/nothing").reader().same(404),
        row("no such page, with nonsense for a token").target("/api/nothing").authorization("Bearer nonsense").same(404),
        row("two slashes").target("/api//private").reader().same(404),
        row("a slash at the end").target("/api/private/").reader().differs("routing"),
        row("a path in capitals").target("/API/PRIVATE").reader().differs("routing"),
        row("private, a method that it does not have").method("PUT").reader().differs("other-method"),
        row("private, a method that it does not have, without a token").method("PUT").differs("other-method-without-a-token"),
        row("a preflight").method("OPTIONS").header("Origin", "https://app.example").header("Access-Control-Request-Method", "GET").header("Access-Control-Request-Headers", "authorization").differs("preflight"),
        row("a cross-origin request without a token").header("Origin", "https://app.example").same(401),
        row("a cross-origin request with a valid token").header("Origin", "https://app.example").reader().same(200),
        row("headers of a preflight on a GET without a token").header("Access-Control-Request-Method", "GET").header("Access-Control-Request-Headers", "authorization").same(401),
    ]
}
