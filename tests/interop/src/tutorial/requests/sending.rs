//! How the token is sent: the scheme, the spaces around it, and places that are not the
//! `Authorization` header.

use super::row::{Row, row};

#[rustfmt::skip] // one line per request
pub(super) fn rows() -> Vec<Row> {
    vec![
        // The scheme's case does not matter (RFC 9110 section 11.1).
        row("scheme in lower case").authorization("bearer {token}").same(200),
        row("scheme in capitals").authorization("BEARER {token}").same(200),
        row("scheme in mixed case").authorization("bEaReR {token}").same(200),
        row("header name in lower case").header("authorization", "Bearer {token}").same(200),
        row("header name in capitals").header("AUTHORIZATION", "Bearer {token}").same(200),
        // Another scheme is no bearer token at all (RFC 6750 section 3.1).
        row("Basic credentials").authorization("Basic dXNlcjpwYXNzd29yZA==").same(401),
        row("scheme Token").authorization("Token {token}").same(401),
        row("scheme JWT").authorization("JWT {token}").same(401),
        row("scheme DPoP").authorization("DPoP {token}").same(401),
        row("scheme Bearer with a colon").authorization("Bearer: {token}").same(401),
        row("scheme Bearerish").authorization("Bearerish {token}").same(401),
        row("the token without a scheme").authorization("{token}").same(401),
        row("an empty header").authorization("").same(401),
        // Around the token.
        row("spaces before the scheme").authorization("   Bearer {token}").same(200),
        row("spaces after the token").authorization("Bearer {token}   ").same(200),
        row("two spaces before the token").authorization("Bearer  {token}").differs("several-spaces"),
        row("six spaces before the token").authorization("Bearer      {token}").differs("several-spaces"),
        row("nothing after the scheme").authorization("Bearer").differs("malformed-header"),
        row("a space after the scheme").authorization("Bearer ").differs("malformed-header"),
        row("two tokens").authorization("Bearer {token} {token}").differs("malformed-header"),
        row("a word after the token").authorization("Bearer {token} please").differs("malformed-header"),
        row("two credentials in one header").authorization("Bearer {token}, Bearer {token}").differs("malformed-header"),
        row("a tab before the token").authorization("Bearer\t{token}").differs("malformed-header"),
        row("quotes around the token").authorization("Bearer \"{token}\"").same(401),
        row("a comma after the token").authorization("Bearer {token},").same(401),
        row("the token as a parameter").authorization("Bearer token={token}").same(401),
        // The header twice (RFC 9110 section 5.3 lets only lists be repeated).
        row("the header twice, the same token").authorization("Bearer {token}").authorization("Bearer {token}").differs("header-twice"),
        row("the header twice, a valid token first").authorization("Bearer {token}").authorization("Bearer nonsense").differs("header-twice"),
        row("the header twice, a valid token last").authorization("Bearer nonsense").authorization("Bearer {token}").differs("header-twice-bad-first"),
        row("the header twice, Basic and Bearer").authorization("Basic dXNlcjpwYXNzd29yZA==").authorization("Bearer {token}").differs("header-twice-bad-first"),
        // Places that nobody looks at unless told to.
        row("the token in the query").target("/api/private?access_token={token}").same(401),
        row("the token in a cookie").header("Cookie", "access_token={token}").same(401),
        row("the token in X-Authorization").header("X-Authorization", "Bearer {token}").same(401),
        row("the token in Proxy-Authorization").header("Proxy-Authorization", "Bearer {token}").same(401),
        row("the token in the body").method("POST").target("/api/messages").json(r#"{"access_token":"{token}","text":"hello"}"#).same(401),
    ]
}
