use authz_core::Reason;

use crate::{
    App, Setup,
    case::{
        check_all_with, dev_user, get, insufficient_scope, invalid_request, invalid_token,
        no_token, no_token_for,
    },
};

/// Settings that change how refusals look.
pub async fn settings<A: App>(app: impl Fn(&Setup) -> A) {
    check_all_with(
        &app,
        |builder| builder.unmet_policy_is_unauthorized(),
        |issuer| {
            let weak = issuer.token().build();
            let unauthorized = || insufficient_scope("read:messages").status(401);
            vec![
                get("/messages")
                    .bearer(&weak)
                    .refused("401 for 403", unauthorized()),
                get("/scoped")
                    .bearer(&weak)
                    .refused("401 for 403", unauthorized()),
                get("/alone/scoped")
                    .bearer(&weak)
                    .refused("401 for 403", unauthorized()),
                get("/messages").refused("no token", no_token_for("read:messages")),
                get("/alone/scoped").refused("no token", no_token_for("read:messages")),
            ]
        },
    )
    .await;

    check_all_with(
        &app,
        |builder| builder.problem_details(),
        |issuer| {
            let weak = issuer.token().build();
            let problem = |refusal: crate::case::Refusal| refusal.problem("Unauthorized");
            vec![
                get("/any").refused("no token, as a problem", problem(no_token())),
                get("/any").bearer("forged").refused(
                    "a bad token, as a problem",
                    problem(invalid_token(Reason::OpaqueToken)),
                ),
                get("/any").authorization("Bearer").refused(
                    "malformed, as a problem",
                    invalid_request(Reason::MalformedCredentials).problem("Bad Request"),
                ),
                get("/messages").bearer(&weak).refused(
                    "no scope, as a problem",
                    insufficient_scope("read:messages").problem("Forbidden"),
                ),
                get("/alone/scoped").bearer(&weak).refused(
                    "no scope in an extractor, as a problem",
                    insufficient_scope("read:messages").problem("Forbidden"),
                ),
            ]
        },
    )
    .await;

    check_all_with(
        &app,
        |builder| {
            builder
                .resource("https://api.example/v1")
                .realm("the \"API\"")
        },
        |issuer| {
            let weak = issuer.token().build();
            let described = |refusal: crate::case::Refusal| {
                refusal.realm(r#"the \"API\""#).resource_metadata(
                    "https://api.example/.well-known/oauth-protected-resource/v1",
                )
            };
            let malformed = invalid_request(Reason::MalformedCredentials);
            vec![
                get("/any")
                    .bearer(&weak)
                    .served("no challenge", dev_user(&[])),
                get("/any").refused("no token", described(no_token())),
                get("/any")
                    .authorization("Bearer")
                    .refused("malformed", described(malformed)),
                get("/any")
                    .bearer("forged")
                    .refused("a bad token", described(invalid_token(Reason::OpaqueToken))),
                get("/messages")
                    .bearer(&weak)
                    .refused("no scope", described(insufficient_scope("read:messages"))),
                // What the caller says about the server is not repeated.
                get("/any")
                    .header("host", "evil.example")
                    .header("x-forwarded-host", "evil.example")
                    .refused("another host", described(no_token())),
            ]
        },
    )
    .await;
}
