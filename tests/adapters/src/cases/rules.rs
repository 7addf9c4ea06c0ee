use authz_core::{Reason, rules::Rules};
use http::Method;

use crate::{
    App, Setup,
    case::{
        check_all, dev_user, get, insufficient_scope, invalid_token, method, no_token,
        no_token_for, nobody,
    },
};

/// The table of rules for a service whose routes ask for nothing themselves:
///
/// | route | handler |
/// |---|---|
/// | `/public`, `/unlisted`, `/off` | [`Seen::nobody`](crate::Seen::nobody) |
/// | `/messages`, `POST /messages`, `/orgs/{org}/messages` | [`Seen::caller`](crate::Seen::caller) |
/// | any method of `/feed` | [`Seen::maybe`](crate::Seen::maybe) |
const RULES: &str = r#"
    [[rules]]
    path = "/public"
    policy = "public"

    [[rules]]
    methods = ["GET"]
    path = "/messages"
    policy = 'scope("read:messages")'

    [[rules]]
    methods = ["POST"]
    path = "/messages"
    policy = 'scope("write:messages")'

    [[rules]]
    methods = ["GET"]
    path = "/orgs/{org}/messages"
    policy = 'scope("read:messages") and claim("org_id") == path("org")'

    [[rules]]
    methods = ["GET"]
    path = "/feed"
    policy = "any_valid_token"
    optional = true

    [[rules]]
    path = "/off"
    policy = "deny"
"#;

/// A whole service behind a table of rules.
pub async fn rules<A: App>(app: impl Fn(&Setup, Rules) -> A) {
    let rules = Rules::from_toml(RULES).expect("the rules are fine");
    let app = |setup: &Setup| app(setup, rules.clone());
    check_all(app, |issuer| {
        let reads = issuer.token().scope("read:messages");
        let ours = reads.clone().claim("org_id", "org_7").build();
        let reads = reads.build();
        let writes = issuer.token().scope("write:messages").build();
        let served = || dev_user(&["read:messages"]);
        let denied = || insufficient_scope(None);
        vec![
            get("/public").served("public", nobody()),
            get("/public")
                .bearer("forged")
                .served("public to all", nobody()),
            get("/messages")
                .bearer(&reads)
                .served("its scope", served()),
            get("/messages").refused("no token", no_token_for("read:messages")),
            get("/messages")
                .bearer("forged")
                .refused("a bad token", invalid_token(Reason::OpaqueToken)),
            get("/messages")
                .bearer(&writes)
                .refused("another scope", insufficient_scope("read:messages")),
            method(Method::HEAD, "/messages")
                .bearer(&writes)
                .refused("HEAD as GET", insufficient_scope("read:messages")),
            method(Method::POST, "/messages")
                .bearer(&writes)
                .served("its method's scope", dev_user(&["write:messages"])),
            method(Method::POST, "/messages")
                .bearer(&reads)
                .refused("another method's", insufficient_scope("write:messages")),
            method(Method::DELETE, "/feed")
                .bearer(&writes)
                .refused("a method without a rule", denied()),
            get("/orgs/org_7/messages")
                .bearer(&ours)
                .served("one's own organization", served()),
            get("/orgs/org_8/messages")
                .bearer(&ours)
                .refused("another's", denied()),
            get("/feed").served("optional", nobody()),
            get("/feed").bearer(&reads).served("optional", served()),
            get("/feed")
                .bearer("forged")
                .refused("optional, but not bad", invalid_token(Reason::OpaqueToken)),
            get("/off").bearer(&reads).refused("switched off", denied()),
            get("/unlisted")
                .bearer(&reads)
                .refused("served, but without a rule", denied()),
            get("/unlisted").refused("nor without a token", no_token()),
            get("/nothing")
                .bearer(&reads)
                .refused("not even served", denied()),
            // However a path is written, it is not let pass as another.
            get("//messages")
                .bearer(&writes)
                .refused("doubled", denied()),
            get("/public/../messages")
                .bearer(&writes)
                .refused("dots", denied()),
            get("/public/%2e%2e/messages")
                .bearer(&writes)
                .refused("encoded dots", denied()),
            get("/%6Dessages")
                .bearer(&writes)
                .refused("encoded", denied()),
            get("/messages/")
                .bearer(&writes)
                .refused("a slash at the end", insufficient_scope("read:messages")),
        ]
    })
    .await;
}
