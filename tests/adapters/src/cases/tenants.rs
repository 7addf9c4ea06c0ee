use crate::{
    App, Setup,
    case::{check_all, dev_user, get, insufficient_scope, no_token_for},
};

/// A path parameter compared with a claim: a caller is served within its own organization.
pub async fn tenants<A: App>(app: impl Fn(&Setup) -> A) {
    check_all(app, |issuer| {
        let of = |org: &str| {
            let token = issuer.token().scope("read:messages");
            token.claim("org_id", org).build()
        };
        let stranger = issuer.token().scope("read:messages").build();
        let weak = issuer.token().claim("org_id", "org_7").build();
        let numbered = issuer.token().scope("read:messages").claim("org_id", 7);
        let ours = || get("/orgs/org_7/messages");
        // What is wrong is the organization, and no scope helps.
        let other = || insufficient_scope(None);
        let served = || dev_user(&["read:messages"]);
        vec![
            ours().bearer(&of("org_7")).served("one's own", served()),
            ours().bearer(&of("org_8")).refused("another's", other()),
            ours().bearer(&of("org_")).refused("part of it", other()),
            ours().bearer(&of("")).refused("empty", other()),
            ours().bearer(&stranger).refused("none", other()),
            ours()
                .bearer(&weak)
                .refused("without the scope", insufficient_scope("read:messages")),
            ours().refused("nobody", no_token_for("read:messages")),
            get("/orgs/a%20b/messages")
                .bearer(&of("a b"))
                .served("encoded", served()),
            get("/orgs/a%20b/messages")
                .bearer(&of("a%20b"))
                .refused("as it is sent", other()),
            get("/orgs/%FF/messages")
                .bearer(&of("\u{fffd}"))
                .refused("not UTF-8", other()),
            get("/orgs/7/messages")
                .bearer(&numbered.clone().build())
                .served("a number", served()),
            get("/orgs/07/messages")
                .bearer(&numbered.build())
                .refused("another way to write it", other()),
            get("/orgs/org_8/messages?org=org_7")
                .bearer(&of("org_7"))
                .refused("in the query", other()),
        ]
    })
    .await;
}
