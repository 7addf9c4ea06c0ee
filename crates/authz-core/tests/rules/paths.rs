//! Paths that a router or a proxy could take for others find no rule, or the same one.

use crate::service::{guard, status, token};

#[tokio::test]
async fn no_spelling_of_a_path_meets_another_rule() {
    let guard = guard(
        r#"
        [[rules]]
        path = "/{*rest}"
        policy = "public"

        [[rules]]
        path = "/admin/{*rest}"
        policy = 'scope("admin")'

        [[rules]]
        path = "/admin"
        policy = 'scope("admin")'

        [[rules]]
        path = "/user/{id}"
        policy = "public"

        [[rules]]
        path = "/caf%C3%A9"
        policy = 'public'
        "#,
    );
    let nobody = token("other").build();
    for (path, expected) in [
        ("/open", 204),
        ("/open/more", 204),
        ("/user/J%C3%BCrgen", 204),
        ("/user/a%20b", 204),
        ("/caf%C3%A9", 204),
        ("/%6Fpen", 204),
        // Every way to spell `/admin/users`: refused by its rule, or by none.
        ("/admin", 403),
        ("/admin/", 403),
        ("/admin/users", 403),
        ("//admin/users", 403),
        ("/admin//users", 403),
        ("/./admin/users", 403),
        ("/open/../admin/users", 403),
        ("/open/%2e%2e/admin/users", 403),
        ("/open/.%2E/admin/users", 403),
        ("/open%2F..%2Fadmin/users", 403),
        ("/%61dmin/users", 403),
        ("/admin%2Fusers", 403),
        ("/%2Fadmin/users", 403),
        ("/%2561dmin/users", 403),
        ("/open/..%5Cadmin", 403),
        ("/admin%00", 403),
        ("/admin%0A", 403),
        ("/admin/%", 403),
        ("/admin/%F", 403),
        ("/admin/%FF", 403),
        // Two segments when sent, three when decoded: within `{*rest}` only does it not matter.
        ("/user/a%2Fb", 403),
        ("/open/a%2Fb", 204),
        ("/caf%c3%a9", 403),
    ] {
        assert_eq!(
            status(&guard, "GET", path, Some(&nobody)).await,
            expected,
            "{path}"
        );
    }
}
