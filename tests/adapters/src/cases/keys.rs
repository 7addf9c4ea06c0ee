use authz_testkit::DevIssuer;
use http::Response;

use crate::{
    App, Setup,
    case::{dev_user, get, keys_unavailable, nobody},
};

/// No keys, because the key server can't be reached: 503, and nobody is blamed.
pub async fn outage<A: App>(app: impl Fn(&Setup) -> A) {
    let issuer = DevIssuer::start().await;
    issuer.go_offline().await;
    let setup = Setup::new(&issuer, |builder| builder);
    let app = app(&setup);
    let token = issuer.token().scope("read:messages").build();
    for case in [
        get("/public").served("nothing is asked", nobody()),
        get("/optional").served("no token where it is optional", nobody()),
        get("/messages")
            .bearer(&token)
            .refused("no keys", keys_unavailable()),
        get("/optional")
            .bearer(&token)
            .refused("no keys, optional", keys_unavailable()),
        get("/typed")
            .bearer(&token)
            .refused("no keys, typed", keys_unavailable()),
        get("/alone")
            .bearer(&token)
            .refused("no keys, alone", keys_unavailable()),
    ] {
        case.check(&app, &setup.seen).await;
    }
}

/// Requests wait for keys that are not there yet, those before them and others don't.
pub async fn keys<A: App>(app: impl Fn(&Setup) -> A) {
    let issuer = DevIssuer::start().await;
    let held = issuer.hold();
    let setup = Setup::new(&issuer, |builder| builder);
    let app = app(&setup);
    let served = || dev_user(&["read:messages"]);

    let first = issuer.token().scope("read:messages").build();
    let waits = get("/messages")
        .bearer(&first)
        .served("the first request", served());
    tokio::join!(waits.check(&app, &setup.seen), async {
        // Both authorizers ask.
        issuer.jwks_requested(2).await;
        assert_eq!(setup.seen.times(), 0, "served without keys");
        held.release();
    });

    let new = issuer.rotate();
    let rotated = issuer.token().key(&new).scope("read:messages").build();
    let held = issuer.hold();
    let before = (setup.seen.times(), issuer.requests().jwks);
    let waiting = app.call(request("/messages", &rotated));
    let meanwhile = async {
        issuer.jwks_requested(before.1 + 1).await;
        assert_eq!(setup.seen.times(), before.0, "served without its key");
        let known = get("/messages")
            .bearer(&first)
            .served("a known key meanwhile", served());
        known.check(&app, &setup.seen).await;
        held.release();
    };
    let (answer, ()): (Response<_>, ()) = tokio::join!(waiting, meanwhile);
    assert_eq!(
        (answer.status().as_u16(), &*served().into_bytes()),
        (200, &**answer.body())
    );

    for case in [
        get("/messages")
            .bearer(&rotated)
            .served("the new key from then on", served()),
        get("/scoped")
            .bearer(&rotated)
            .served("the new key from then on", served()),
    ] {
        case.check(&app, &setup.seen).await;
    }
    assert_eq!(
        issuer.requests().jwks,
        before.1 + 1,
        "fetched more often than needed"
    );
}

fn request(path: &str, token: &str) -> http::Request<String> {
    http::Request::get(path)
        .header("authorization", format!("Bearer {token}"))
        .body(String::new())
        .expect("a request")
}
