//! What the OpenAPI document says of a policy, and that the route enforces the same policy.

use authz_axum::{
    Algorithm, Authorizer, Issuer, Policy,
    openapi::{DocumentPolicy as _, IssuerModifier, IssuerScheme, RequireRoutesExt as _},
    scope,
};
use authz_testkit::DevIssuer;
use axum::{Router, body::Body, http::Request};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use utoipa::{Modify as _, openapi::path::Operation};
use utoipa_axum::{router::OpenApiRouter, routes};

fn operation(policies: &[&str]) -> Value {
    let mut operation = Operation::new();
    for policy in policies {
        operation.require(&policy.parse::<Policy>().unwrap());
    }
    json!(operation)
}

#[test]
fn each_alternative_of_scopes_is_a_requirement() {
    for (policies, expected) in [
        (&[r#"scope("a")"#][..], json!([["a"]])),
        (&[r#"scope("a") or scope("b")"#], json!([["a"], ["b"]])),
        (&[r#"scope("a") and scope("b")"#], json!([["a", "b"]])),
        (&["any_valid_token"], json!([[]])),
        (&[r#"role("r")"#], json!([[]])),
        // Not an empty list, which would declare the operation public.
        (&["deny"], json!([[]])),
        // Two layers: both policies.
        (&["any_valid_token", r#"scope("a")"#], json!([["a"]])),
        (
            &[r#"scope("a") or scope("b")"#, r#"scope("a")"#],
            json!([["a"], ["b", "a"]]),
        ),
    ] {
        let security = &operation(policies)["security"];
        let named = expected.as_array().unwrap().iter();
        let named: Value = named.map(|scopes| json!({ "oauth2": scopes })).collect();
        assert_eq!(*security, named, "{policies:?}");
    }
}

#[test]
fn what_scopes_cannot_say_is_in_the_description() {
    let simple = operation(&[r#"scope("a")"#]);
    assert_eq!(simple["x-authz-policy"], r#"scope("a")"#);
    assert_eq!(simple.get("description"), None);
    let text = r#"scope("a") and claim("org_id") == path("org")"#;
    let more = operation(&[text]);
    assert_eq!(more["x-authz-policy"], text);
    assert_eq!(more["description"], format!("Authorization: `{text}`"));
    assert_eq!(operation(&["deny"])["description"], "Authorization: `deny`");
    // Two layers print as one policy.
    let both = operation(&[r#"scope("a") or scope("b")"#, r#"scope("c")"#]);
    let both: Policy = both["x-authz-policy"].as_str().unwrap().parse().unwrap();
    let expected = r#"(scope("a") or scope("b")) and scope("c")"#;
    assert_eq!(both.to_string(), expected);
}

#[test]
fn other_requirements_and_responses_stay() {
    let mut operation: Operation = serde_json::from_value(json!({
        "security": [{ "api_key": [] }],
        "responses": { "401": { "description": "mine" } },
    }))
    .unwrap();
    operation.require_optional(&scope("a"));
    let operation = json!(operation);
    let security = json!([{ "api_key": [], "oauth2": ["a"] }, { "api_key": [] }]);
    assert_eq!(operation["security"], security);
    assert_eq!(operation["responses"]["401"]["description"], "mine");
    let forbidden = json!({ "$ref": "#/components/responses/Forbidden" });
    assert_eq!(operation["responses"]["403"], forbidden);
}

/// Lists the messages.
#[utoipa::path(get, path = "/messages", responses((status = 200)))]
async fn list() {}
/// Adds a message.
#[utoipa::path(post, path = "/messages", responses((status = 200)))]
async fn add() {}
/// Describes the caller.
#[utoipa::path(get, path = "/me", responses((status = 200)))]
async fn me() {}
/// For everyone.
#[utoipa::path(get, path = "/public", responses((status = 200)))]
async fn public() {}

fn app(authorizer: &Authorizer, scheme: &IssuerScheme) -> (Router, Value) {
    let any = "any_valid_token".parse().unwrap();
    let (router, mut document) = OpenApiRouter::new()
        .routes(routes!(list).require(authorizer, scope("read:messages")))
        .routes(routes!(add).require(authorizer, scope("write:messages")))
        .routes(routes!(me).require(authorizer, any))
        .routes(routes!(public))
        .split_for_parts();
    IssuerModifier(scheme.clone()).modify(&mut document);
    (router, json!(document))
}

#[tokio::test]
async fn the_route_enforces_what_the_document_says() {
    let issuer = DevIssuer::start().await;
    let trusted = Issuer::new(issuer.issuer()).audience(issuer.audience());
    let authorizer = Authorizer::new(trusted.algorithms([Algorithm::RS256])).unwrap();
    let scheme = IssuerScheme::oauth2(
        "https://login.example/authorize",
        "https://login.example/oauth/token",
    );
    let (router, document) = app(&authorizer, &scheme);
    for (method, path) in [("get", "/messages"), ("post", "/messages"), ("get", "/me")] {
        let operation = &document["paths"][path][method];
        let needed = &operation["security"][0]["oauth2"];
        let needed: Vec<_> = needed.as_array().unwrap().iter().collect();
        for (scopes, expected) in [
            (needed.iter().filter_map(|it| it.as_str()).collect(), 200),
            (vec!["other"], if needed.is_empty() { 200 } else { 403 }),
        ] {
            let token = issuer.token().scope(&scopes.join(" ")).build();
            let request = Request::builder().method(&*method.to_uppercase()).uri(path);
            let request = request.header("authorization", format!("Bearer {token}"));
            let response = router.clone().oneshot(request.body(Body::empty()).unwrap());
            let status = response.await.unwrap().status().as_u16();
            assert_eq!(status, expected, "{method} {path} {scopes:?}");
            let is_listed = operation["responses"].get(status.to_string()).is_some();
            assert!(is_listed, "{method} {path} {status}");
        }
        let without = Request::builder().method(&*method.to_uppercase()).uri(path);
        let response = router.clone().oneshot(without.body(Body::empty()).unwrap());
        assert_eq!(response.await.unwrap().status(), 401);
    }
    assert_eq!(
        document["paths"]["/me"]["get"]["responses"].get("403"),
        None
    );
    assert_eq!(document["paths"]["/public"]["get"].get("security"), None);
}

#[tokio::test]
async fn the_scheme_names_the_issuer_and_every_scope() {
    let authorizer = Authorizer::new(Issuer::new("https://login.example").audience("api")).unwrap();
    let scheme = IssuerScheme::oauth2(
        "https://login.example/authorize",
        "https://login.example/oauth/token",
    );
    let scheme = scheme.scope("read:messages", "Read messages");
    let (_, document) = app(&authorizer, &scheme);
    let scopes = json!({ "read:messages": "Read messages", "write:messages": "" });
    let expected = json!({
        "type": "oauth2",
        "flows": {
            "authorizationCode": {
                "authorizationUrl": "https://login.example/authorize",
                "tokenUrl": "https://login.example/oauth/token",
                "scopes": scopes,
            },
            "clientCredentials": {
                "tokenUrl": "https://login.example/oauth/token",
                "scopes": scopes,
            },
        },
    });
    let components = &document["components"];
    assert_eq!(components["securitySchemes"]["oauth2"], expected);
    let unauthorized = &components["responses"]["Unauthorized"];
    assert!(unauthorized["headers"]["WWW-Authenticate"].is_object());
    let schema = &unauthorized["content"]["application/json"]["schema"]["$ref"];
    assert_eq!(*schema, "#/components/schemas/Rejection");
    let members = &components["schemas"]["Rejection"]["required"];
    assert_eq!(*members, json!(["error", "error_description"]));
    let unavailable = &components["responses"]["KeysUnavailable"];
    assert!(unavailable["headers"]["Retry-After"].is_object());

    let (_, document) = app(
        &authorizer,
        &IssuerScheme::open_id_connect("https://login.example").problem_details(),
    );
    let url = &document["components"]["securitySchemes"]["oauth2"]["openIdConnectUrl"];
    assert_eq!(
        *url,
        "https://login.example/.well-known/openid-configuration"
    );
    let forbidden = &document["components"]["responses"]["Forbidden"]["content"];
    assert!(forbidden["application/problem+json"].is_object());
}

#[tokio::test]
async fn the_endpoints_come_from_the_issuers_metadata() {
    let issuer = DevIssuer::start().await;
    let mut metadata = issuer.discovery_document();
    metadata["authorization_endpoint"] = json!("https://login.example/a");
    metadata["token_endpoint"] = json!("https://login.example/t");
    issuer.set_discovery_document(Some(metadata));
    let of = |trusted: Issuer| {
        let trusted = trusted.audience(issuer.audience());
        Authorizer::new(trusted.algorithms([Algorithm::RS256])).unwrap()
    };
    for (authorizer, expected) in [
        (of(Issuer::new(issuer.issuer())), "https://login.example/a"),
        // Keys at a given address are found without metadata.
        (
            of(Issuer::new(issuer.issuer()).jwks_uri(issuer.jwks_uri())),
            "",
        ),
    ] {
        authorizer.ready().await;
        let scheme = IssuerScheme::from_status(&authorizer.key_status()[0]);
        let scheme = app(&authorizer, &scheme).1["components"]["securitySchemes"]["oauth2"].take();
        let url = &scheme["flows"]["authorizationCode"]["authorizationUrl"];
        assert_eq!(url.as_str().unwrap_or_default(), expected, "{scheme}");
        assert_eq!(scheme["openIdConnectUrl"].is_string(), expected.is_empty());
    }
}
