use authz_core::Reason;
use http::Method;

use crate::{
    App, Setup,
    case::{
        RequestBuilder, check_all, dev_user, insufficient_scope, invalid_request, invalid_token,
        method, no_token, no_token_for, nobody,
    },
};

/// `HEAD` is treated as `GET`, and a CORS preflight is a request like any other.
pub async fn methods<A: App>(app: impl Fn(&Setup) -> A) {
    check_all(app, |issuer| {
        let token = issuer.token().scope("read:messages").build();
        let weak = issuer.token().build();
        let head = || method(Method::HEAD, "/messages");
        let options = || method(Method::OPTIONS, "/preflight");
        vec![
            head()
                .bearer(&token)
                .served("a good token", dev_user(&["read:messages"])),
            head().refused("no token", no_token_for("read:messages")),
            head()
                .bearer("forged")
                .refused("a bad token", invalid_token(Reason::OpaqueToken)),
            head()
                .bearer(&weak)
                .refused("no scope", insufficient_scope("read:messages")),
            method(Method::HEAD, "/optional").served("no token where it is optional", nobody()),
            preflight(options()).refused("a preflight", no_token()),
            preflight(options()).authorization("Bearer").refused(
                "a preflight with credentials that are none",
                invalid_request(Reason::MalformedCredentials),
            ),
            preflight(options()).bearer("forged").refused(
                "a preflight with a bad token",
                invalid_token(Reason::OpaqueToken),
            ),
            preflight(options())
                .bearer(&token)
                .served("a preflight with a good token", nobody()),
            method(Method::OPTIONS, "/preflight")
                .header("access-control-request-method", "GET")
                .refused("a preflight without an origin", no_token()),
            options().refused("OPTIONS without a preflight's header", no_token()),
            preflight(method(Method::GET, "/preflight"))
                .refused("a preflight's header with another method", no_token()),
        ]
    })
    .await;
}

fn preflight(request: RequestBuilder) -> RequestBuilder {
    request
        .header("origin", "https://app.example")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "authorization")
}
