use authz_core::Reason;
use http::Method;

use crate::{
    App, Setup,
    case::{
        RequestBuilder, check_all, dev_user, insufficient_scope, invalid_token, method, no_token,
        nobody,
    },
};

/// `HEAD` is treated as `GET`, and CORS preflights pass without a token.
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
            head().refused("no token", no_token()),
            head()
                .bearer("forged")
                .refused("a bad token", invalid_token(Reason::OpaqueToken)),
            head()
                .bearer(&weak)
                .refused("no scope", insufficient_scope("read:messages")),
            method(Method::HEAD, "/optional").served("no token where it is optional", nobody()),
            preflight(options()).served("a preflight", nobody()),
            preflight(options())
                .authorization("Bearer")
                .served("a preflight, whatever it carries", nobody()),
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
