use authz_core::Reason;
use serde_json::json;

use crate::{
    App, Setup,
    case::{
        check_all, dev_user, get, insufficient_scope, invalid_request, invalid_token, no_token,
    },
};

/// What handlers ask for themselves: claims of their own type, a scope, a token.
pub async fn extractors<A: App>(app: impl Fn(&Setup) -> A) {
    check_all(app, |issuer| {
        let token = |scopes: &str| issuer.token().scope(scopes).build();
        let expired = issuer.token().expires_in(-3600).build();
        let org = |org: serde_json::Value| issuer.token().claim("org_id", org).build();
        let reader = || dev_user(&["read:messages"]);
        let acme = json!({"sub": "dev-user", "org_id": "acme"}).to_string();
        let misfit = || invalid_token(Reason::ClaimsMismatch);
        let mut cases = vec![
            get("/typed")
                .bearer(&org(json!("acme")))
                .served("claims that fit", acme),
            get("/typed")
                .bearer(&token(""))
                .refused("a claim is missing", misfit()),
            get("/typed")
                .bearer(&org(json!(7)))
                .refused("a claim of another type", misfit()),
            get("/typed")
                .bearer(&expired)
                .refused("expired", invalid_token(Reason::Expired)),
            get("/typed").refused("no token", no_token()),
            get("/alone")
                .bearer(&token(""))
                .served("any token", dev_user(&[])),
        ];
        for path in ["/scoped", "/alone/scoped"] {
            cases.extend([
                get(path)
                    .bearer(&token("read:messages"))
                    .served("the scope", reader()),
                get(path)
                    .bearer(&token("write:messages"))
                    .refused("another scope", insufficient_scope("read:messages")),
            ]);
        }
        // Where a scope is asked for, warp's filter knows it before the token and names it.
        cases.push(get("/alone").refused("no token", no_token()));
        for path in ["/scoped", "/alone", "/alone/scoped"] {
            cases.extend([
                get(path)
                    .bearer(&expired)
                    .refused("expired", invalid_token(Reason::Expired)),
                get(path).authorization("Bearer").refused(
                    "no token after the scheme",
                    invalid_request(Reason::MalformedCredentials),
                ),
            ]);
        }
        cases
    })
    .await;
}
