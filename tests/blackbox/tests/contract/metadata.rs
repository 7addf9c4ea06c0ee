//! The metadata of the protected resource: RFC 9728.

use serde_json::json;

use crate::{
    case::{self, check_refusal},
    stage::{self, Issuer, RESOURCE, Subject},
};

pub(crate) fn of_the_resource(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::ready(subject, &issuer);
    let answer = stage::get(&server, "/.well-known/oauth-protected-resource");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let document = case::json(&answer).unwrap();
    assert_eq!(document["resource"], RESOURCE);
    assert_eq!(document["authorization_servers"], json!([issuer.issuer()]));
    assert_eq!(document["bearer_methods_supported"], json!(["header"]));
}

/// RFC 9728 section 3.1: the well-known part goes between host and path.
pub(crate) fn of_a_resource_with_a_path(subject: Subject) {
    let issuer = Issuer::start();
    // A slash at the end is part of the path.
    for path in ["/v1/api", "/v1/api/"] {
        let resource = format!("https://quickstart.example{path}");
        let launch = stage::configured(subject, &issuer).env("AUTHZ_RESOURCE", &*resource);
        let server = stage::start_ready(launch);
        let answer = stage::get(&server, "/api/private");
        let well_known = "/.well-known/oauth-protected-resource";
        let place = format!("{well_known}{path}");
        let metadata = format!("https://quickstart.example{place}");
        assert_eq!(
            check_refusal(&answer, None, Some("read:messages"), Some(&metadata), false),
            Ok(())
        );
        for path in [well_known, &*place] {
            let document = case::json(&stage::get(&server, path)).unwrap();
            assert_eq!(document["resource"], resource, "{path}");
        }
    }
}
