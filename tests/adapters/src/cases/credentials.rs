use authz_core::Reason;

use crate::{
    App, Setup,
    case::{
        check_all, dev_user, get, insufficient_scope, invalid_request, invalid_token, no_token_for,
        nobody,
    },
};

/// One request for each way to answer credentials. Which credentials are good is the matter of the
/// attacks' table.
pub async fn credentials<A: App>(app: impl Fn(&Setup) -> A) {
    check_all(app, |issuer| {
        let token = issuer.token().scope("read:messages").build();
        let messages = || get("/messages");
        let malformed = || invalid_request(Reason::MalformedCredentials);
        vec![
            get("/public").served("nothing is asked", nobody()),
            messages()
                .bearer(&token)
                .served("a good token", dev_user(&["read:messages"])),
            messages().refused("no header", no_token_for("read:messages")),
            messages()
                .authorization("Basic dXNlcjpwYXNz")
                .refused("another scheme", no_token_for("read:messages")),
            messages()
                .authorization("Bearer")
                .refused("nothing after the scheme", malformed()),
            messages()
                .bearer(&token)
                .bearer(&token)
                .refused("two headers", malformed()),
            messages()
                .authorization(b"Bearer \xff\xfe")
                .refused("not UTF-8", invalid_token(Reason::MalformedToken)),
        ]
    })
    .await;
}

/// An optional route tolerates that there is no token, and nothing else.
pub async fn optional<A: App>(app: impl Fn(&Setup) -> A) {
    check_all(app, |issuer| {
        let token = issuer.token().scope("read:messages").build();
        let expired = issuer
            .token()
            .scope("read:messages")
            .expires_in(-3600)
            .build();
        let weak = issuer.token().build();
        let served = dev_user(&["read:messages"]);
        let mut cases = Vec::new();
        for path in ["/optional", "/optional/scope", "/alone/optional"] {
            cases.extend([
                get(path).served("no token", nobody()),
                get(path)
                    .authorization("Basic dXNlcjpwYXNz")
                    .served("another scheme", nobody()),
                get(path).bearer(&token).served("a good token", &*served),
                get(path)
                    .bearer("forged")
                    .refused("no JWT", invalid_token(Reason::OpaqueToken)),
                get(path)
                    .bearer(&expired)
                    .refused("expired", invalid_token(Reason::Expired)),
                get(path).authorization("Bearer").refused(
                    "no token after the scheme",
                    invalid_request(Reason::MalformedCredentials),
                ),
                get(path)
                    .bearer(&token)
                    .bearer(&token)
                    .refused("two headers", invalid_request(Reason::MalformedCredentials)),
            ]);
        }
        cases.extend([
            get("/optional")
                .bearer(&weak)
                .served("a token without scopes", dev_user(&[])),
            get("/optional/scope").bearer(&weak).refused(
                "a token without the scope",
                insufficient_scope("read:messages"),
            ),
        ]);
        cases
    })
    .await;
}
