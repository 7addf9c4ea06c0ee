//! What a policy costs, on a token that is already verified: issue 6 asks for less than 300 ns for
//! ten requirements.

use authz_core::{Algorithm, Authorized, Authorizer, Policy, RequestParts, scope};
use http::Request;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::{
    Case, Group,
    fixture::{AnyClaims, Caller, SCOPE, Signed, runtime, token},
};

pub(super) fn groups() -> Vec<Group> {
    vec![Group::new("policy", cases)]
}

const TEN: &str = r#"
    scope("read:messages") and permission("write:messages") and method("GET")
    and (role("admin") or role("editor"))
    and claim("org_id") == path("org")
    and claim("email_verified") == true
    and claim("https://quickstarts.example/plan") in ["gold", "silver"]
    and amr("mfa")
    and not client("batch-import")
"#;

fn cases() -> Vec<Case> {
    let signed = Signed::new(Algorithm::HS256);
    let token = token(&signed.key)
        .claim("roles", json!(["reader", "writer", "editor"]))
        .claim("email_verified", true)
        .claim("https://quickstarts.example/plan", "silver")
        .claim("amr", json!(["pwd", "mfa"]))
        .build();
    let typed = signed.authorizer::<Caller>(32 << 20);
    let map = signed.authorizer::<AnyClaims>(32 << 20);
    let ten: Policy = TEN.parse().expect("a policy");
    vec![
        case("one", &typed, &token, scope(SCOPE), true),
        case("ten", &typed, &token, ten.clone(), true),
        case("ten-map", &map, &token, ten.clone(), true),
        case("ten-refused", &typed, &token, ten & scope("admin"), false),
    ]
}

fn case<C: DeserializeOwned + Send + Sync + 'static>(
    id: &str,
    authorizer: &Authorizer<C>,
    token: &str,
    policy: Policy,
    allowed: bool,
) -> Case {
    let authorizer = authorizer.clone();
    let verified = runtime().block_on(authorizer.verify(token));
    let caller: Authorized<C> = verified.expect("a good token");
    let request = Request::get("/orgs/org_9ybsU1dN2dKfDkBi/messages");
    let request = request.body(()).expect("a request");
    let decide = move || {
        let params = [("org", "org_9ybsU1dN2dKfDkBi")];
        let parts = RequestParts::from(&request).with_path_params(&params);
        caller.check_for(&policy, &parts).is_ok()
    };
    assert_eq!(decide(), allowed, "{id}");
    Case::new(id, decide)
}
