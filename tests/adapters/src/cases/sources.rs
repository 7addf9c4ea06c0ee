use authz_core::{Reason, TokenSource};

use crate::{
    App, Setup,
    case::{check_all_with, dev_user, get, invalid_request, invalid_token, no_token_for, nobody},
};

/// Places besides the `Authorization` header, each of which was asked for.
pub async fn sources<A: App>(app: impl Fn(&Setup) -> A) {
    let header = TokenSource::header("x-token").expect("a header name");
    check_all_with(
        app,
        |builder| {
            builder
                .token_source(TokenSource::cookie("session"))
                .token_source(header.clone())
                .token_source(TokenSource::query("access_token"))
                .token_source(TokenSource::websocket_protocol("access_token"))
        },
        |issuer| {
            let token = issuer.token().scope("read:messages").build();
            let expired = issuer.token().expires_in(-3600).build();
            let served = dev_user(&["read:messages"]);
            let several = || invalid_request(Reason::MultipleTokens);
            let malformed = || invalid_request(Reason::MalformedCredentials);
            let cookie = |token: &str| format!("theme=dark; session={token}; lang=en");
            let escaped = token.replace('.', "%2E");
            let messages = || get("/messages");
            vec![
                messages().bearer(&token).served("header", &*served),
                messages()
                    .header("cookie", cookie(&token))
                    .served("cookie", &*served),
                messages()
                    .header("x-token", &token)
                    .served("another header", &*served),
                get(&format!("/messages?access_token={token}")).served("query", &*served),
                get(&format!("/messages?a=%20&access%5Ftoken={escaped}&b"))
                    .served("query, escaped", &*served),
                messages()
                    .header(
                        "sec-websocket-protocol",
                        format!("chat, access_token, {token}"),
                    )
                    .served("WebSocket", &*served),
                messages().refused("nowhere", no_token_for("read:messages")),
                get("/messages?").refused("an empty query", no_token_for("read:messages")),
                get("/messages?token=x")
                    .refused("another parameter", no_token_for("read:messages")),
                messages()
                    .header("cookie", "theme=dark")
                    .refused("other cookies", no_token_for("read:messages")),
                get("/optional?x=1")
                    .header("cookie", "theme=dark")
                    .served("nowhere", nobody()),
                messages()
                    .header("cookie", cookie(&expired))
                    .refused("expired, in a cookie", invalid_token(Reason::Expired)),
                get("/optional").header("cookie", cookie(&expired)).refused(
                    "expired, in a cookie, optional",
                    invalid_token(Reason::Expired),
                ),
                messages()
                    .header("cookie", cookie(""))
                    .refused("an empty cookie", no_token_for("read:messages")),
                get("/optional")
                    .header("cookie", cookie(""))
                    .served("an empty cookie, optional", nobody()),
                get("/optional")
                    .header("cookie", cookie("\"\""))
                    .served("an empty cookie in quotes, optional", nobody()),
                get("/messages?access_token=").refused("an empty parameter", malformed()),
                messages()
                    .header("sec-websocket-protocol", "access_token")
                    .refused("nothing after the marker", malformed()),
                messages()
                    .bearer(&token)
                    .header("cookie", cookie(&token))
                    .refused("header and cookie", several()),
                get(&format!("/messages?access_token={token}"))
                    .bearer(&token)
                    .refused("header and query", several()),
                get(&format!(
                    "/messages?access_token={token}&access_token={token}"
                ))
                .refused("query, twice", several()),
                get(&format!("/optional?access_token={token}"))
                    .header("x-token", &token)
                    .refused("query and another header, optional", several()),
            ]
        },
    )
    .await;
}

/// A place instead of the `Authorization` header, which holds a token of the gateway's.
pub async fn instead_of_authorization<A: App>(app: impl Fn(&Setup) -> A) {
    let forwarded = TokenSource::bearer_header("x-forwarded-authorization").expect("a header name");
    check_all_with(
        app,
        |builder| {
            builder
                .instead_of_authorization(forwarded.clone())
                .token_source(TokenSource::websocket_protocol_prefix("bearer."))
        },
        |issuer| {
            let token = issuer.token().scope("read:messages").build();
            let served = dev_user(&["read:messages"]);
            let messages = || get("/messages");
            vec![
                messages()
                    .bearer("gateway")
                    .header("x-forwarded-authorization", format!("Bearer {token}"))
                    .served("beside the gateway's", &*served),
                messages()
                    .header("sec-websocket-protocol", format!("chat, bearer.{token}"))
                    .served("WebSocket, one entry", &*served),
                messages()
                    .bearer(&token)
                    .refused("in the gateway's place", no_token_for("read:messages")),
                get("/optional")
                    .bearer(&token)
                    .served("in the gateway's place, optional", nobody()),
                messages()
                    .header("x-forwarded-authorization", &token)
                    .refused("without a scheme", no_token_for("read:messages")),
                messages()
                    .header("x-forwarded-authorization", format!("Bearer {token}"))
                    .header("sec-websocket-protocol", format!("bearer.{token}"))
                    .refused("in two places", invalid_request(Reason::MultipleTokens)),
            ]
        },
    )
    .await;
}
