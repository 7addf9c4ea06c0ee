use http::Method;

use crate::{
    App, Setup,
    case::{check_all, dev_user, get, insufficient_scope, method},
};

/// Good tokens, and what the route asks for on top.
pub async fn policies<A: App>(app: impl Fn(&Setup) -> A) {
    check_all(app, |issuer| {
        let scopes = |scopes: &str| issuer.token().scope(scopes).build();
        let post = || method(Method::POST, "/messages");
        let permitted = issuer.token().permissions(["delete:messages"]).build();
        let array = issuer
            .token()
            .claim("scope", vec!["x", "read:messages"])
            .build();
        let scp = issuer.token().claim("scp", vec!["read:messages"]).build();
        vec![
            get("/any")
                .bearer(&scopes(""))
                .served("no scope is needed", dev_user(&[])),
            get("/messages")
                .bearer(&scopes("x read:messages y"))
                .served("among others", dev_user(&["x", "read:messages", "y"])),
            get("/messages")
                .bearer(&array)
                .served("as an array", dev_user(&["x", "read:messages"])),
            get("/messages")
                .bearer(&scp)
                .served("in scp", dev_user(&["read:messages"])),
            get("/messages")
                .bearer(&scopes(""))
                .refused("none", insufficient_scope("read:messages")),
            get("/messages")
                .bearer(&scopes("write:messages"))
                .refused("another", insufficient_scope("read:messages")),
            get("/messages")
                .bearer(&scopes("read:messages2 xread:messages read:"))
                .refused("part of others", insufficient_scope("read:messages")),
            get("/messages")
                .bearer(&scopes("READ:MESSAGES"))
                .refused("in upper case", insufficient_scope("read:messages")),
            get("/messages").bearer(&permitted).refused(
                "a permission is no scope",
                insufficient_scope("read:messages"),
            ),
            post()
                .bearer(&scopes("write:messages"))
                .served("its own method's", dev_user(&["write:messages"])),
            post()
                .bearer(&scopes("read:messages"))
                .refused("another method's", insufficient_scope("write:messages")),
            get("/either")
                .bearer(&scopes("b"))
                .served("one of two", dev_user(&["b"])),
            get("/either")
                .bearer(&scopes("c"))
                .refused("none of two", insufficient_scope("a")),
            get("/both")
                .bearer(&scopes("b a"))
                .served("both", dev_user(&["b", "a"])),
            get("/both")
                .bearer(&scopes("b"))
                .refused("one of both", insufficient_scope("a b")),
            get("/permission")
                .bearer(&permitted)
                .served("a permission", dev_user(&[])),
            // No scope would help, and so none is named.
            get("/permission")
                .bearer(&scopes("delete:messages"))
                .refused("a scope is no permission", insufficient_scope(None)),
        ]
    })
    .await;
}
