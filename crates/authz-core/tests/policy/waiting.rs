//! A request that waits for its token's key is decided about as if it had not.

use authz_core::{Admission, PolicyGuard, RequestParts, policy::Policy};
use http::Request;

use crate::support::{KeyServer, key, token};

#[tokio::test(start_paused = true)]
async fn what_the_policy_asks_of_the_request_outlives_the_wait() {
    let key = key();
    for (org, expected) in [("acme", 200), ("other", 403)] {
        // Nothing has run yet that could have fetched the keys.
        let authorizer = KeyServer::new([key.clone()]).authorizer();
        let policy: Policy = r#"method("GET") and claim("org_id") == path("org")
            and claim("org_id") == query("org") and claim("org_id") == header("x-org")"#
            .parse()
            .unwrap();
        let guard = PolicyGuard::new(authorizer, policy);
        let admission = {
            let request = Request::get("/?org=acme")
                .header("x-org", "acme")
                .header(
                    "authorization",
                    format!("Bearer {}", token(&key).claim("org_id", org).build()),
                )
                .body(())
                .unwrap();
            let params = [("org", "acme")];
            guard.admit(&RequestParts::from(&request).with_path_params(&params))
        };
        assert!(matches!(admission, Admission::Pending(_)), "{admission:?}");
        let status = match admission.resolve().await {
            Ok(_) => 200,
            Err(rejection) => rejection.status().as_u16(),
        };
        assert_eq!(status, expected, "{org}");
    }
}
