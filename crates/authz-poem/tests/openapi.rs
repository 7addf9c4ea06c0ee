//! What the OpenAPI document says of a policy, and that the operation enforces the same policy.

use authz_poem::{
    Authorizer, Issuer, any_valid_token, claim, deny,
    openapi::{self, IssuerScheme, Protected},
    path, role, route_policy, scope,
};
use authz_testkit::DevIssuer;
use poem::{Endpoint as _, EndpointExt as _, Request, Route, http::StatusCode};
use poem_openapi::{OpenApi, OpenApiService, param::Path, payload::PlainText};
use serde_json::{Value, json};

route_policy!(Read = scope("read:messages"));
route_policy!(ReadOrAdmin = scope("read:messages") | scope("admin"));
route_policy!(Member = scope("read:messages") & claim("org_id").equals(path("param0")));
route_policy!(AnyToken = any_valid_token());
route_policy!(Auditor = role("auditor"));
route_policy!(Nobody = deny());

struct Api;

#[OpenApi]
impl Api {
    /// Lists the messages.
    #[oai(path = "/read", method = "get")]
    async fn read(&self, caller: Protected<Read>) -> PlainText<String> {
        PlainText(caller.subject().unwrap_or_default().to_owned())
    }
    #[oai(path = "/either", method = "get")]
    async fn either(&self, _caller: Protected<ReadOrAdmin>) -> PlainText<String> {
        PlainText(String::new())
    }
    /// Lists the messages.
    ///
    /// Of one organization.
    #[oai(path = "/orgs/:org", method = "get")]
    async fn of(&self, _caller: Protected<Member>, org: Path<String>) -> PlainText<String> {
        PlainText(org.0)
    }
    #[oai(path = "/me", method = "get")]
    async fn me(&self, _caller: Protected<AnyToken>) -> PlainText<String> {
        PlainText(String::new())
    }
    #[oai(path = "/both", method = "get")]
    async fn both(&self, _one: Protected<Read>, _two: Protected<Auditor>) -> PlainText<String> {
        PlainText(String::new())
    }
    #[oai(path = "/off", method = "get")]
    async fn off(&self, _caller: Protected<Nobody>) -> PlainText<String> {
        PlainText(String::new())
    }
    #[oai(path = "/public", method = "get")]
    async fn public(&self) -> PlainText<String> {
        PlainText(String::new())
    }
}

fn document(scheme: &IssuerScheme) -> Value {
    let service = OpenApiService::new(Api, "Messages", "1.0");
    serde_json::from_str(&openapi::document(&service, scheme)).unwrap()
}

#[test]
fn each_operation_has_the_scopes_of_its_policy() {
    let document = document(&IssuerScheme::oauth2(
        "https://login.example/authorize",
        "https://login.example/oauth/token",
    ));
    for (path, alternatives, policy, is_more) in [
        (
            "/read",
            json!([["read:messages"]]),
            r#"scope("read:messages")"#,
            false,
        ),
        (
            "/either",
            json!([["read:messages"], ["admin"]]),
            r#"scope("read:messages") or scope("admin")"#,
            false,
        ),
        (
            "/orgs/{org}",
            json!([["read:messages"]]),
            r#"scope("read:messages") and claim("org_id") == path("param0")"#,
            true,
        ),
        ("/me", json!([[]]), "any_valid_token", false),
        (
            "/both",
            json!([["read:messages"]]),
            r#"scope("read:messages") and role("auditor")"#,
            true,
        ),
        // Not an empty list, which would declare the operation public.
        ("/off", json!([[]]), "deny", true),
    ] {
        let operation = &document["paths"][path]["get"];
        let expected = alternatives.as_array().unwrap().iter();
        let expected: Value = expected.map(|it| json!({ "oauth2": it })).collect();
        assert_eq!(operation["security"], expected, "{path}");
        assert_eq!(operation["x-authz-policy"], policy, "{path}");
        let description = operation["description"].as_str().unwrap_or_default();
        let more = format!("Authorization: `{policy}`");
        assert_eq!(
            description.ends_with(&more),
            is_more,
            "{path}: {description}"
        );
        for (status, is_listed) in [("401", true), ("403", path != "/me"), ("503", true)] {
            let response = operation["responses"].get(status);
            assert_eq!(response.is_some(), is_listed, "{path} {status}");
        }
    }
    // poem-openapi takes the first paragraph as the summary.
    let of = document["paths"]["/orgs/{org}"]["get"]["description"].as_str();
    assert!(of.unwrap().starts_with("Of one organization."), "{of:?}");
    let public = &document["paths"]["/public"]["get"];
    assert!(public.get("security").is_none() && public["responses"].get("401").is_none());
}

#[test]
fn the_scheme_names_the_issuer_and_every_scope() {
    let scheme = IssuerScheme::oauth2(
        "https://login.example/authorize",
        "https://login.example/oauth/token",
    )
    .scope("admin", "Everything");
    let components = &document(&scheme)["components"];
    let scopes = json!({ "admin": "Everything", "read:messages": "" });
    let token_url = "https://login.example/oauth/token";
    let code = json!({
        "authorizationUrl": "https://login.example/authorize",
        "tokenUrl": token_url,
        "scopes": scopes,
    });
    let flows = json!({
        "authorizationCode": code,
        "clientCredentials": { "tokenUrl": token_url, "scopes": scopes },
    });
    // And no scheme besides it.
    let expected = json!({ "oauth2": { "type": "oauth2", "flows": flows } });
    assert_eq!(components["securitySchemes"], expected);
    assert!(components["responses"]["Forbidden"]["headers"]["WWW-Authenticate"].is_object());
    assert!(components["responses"]["KeysUnavailable"]["headers"]["Retry-After"].is_object());
    let required = &components["schemas"]["Rejection"]["required"];
    assert_eq!(*required, json!(["error", "error_description"]));

    let scheme = IssuerScheme::open_id_connect("https://login.example").problem_details();
    let components = &document(&scheme)["components"];
    let url = &components["securitySchemes"]["oauth2"]["openIdConnectUrl"];
    assert_eq!(
        *url,
        "https://login.example/.well-known/openid-configuration"
    );
    let content = &components["responses"]["Unauthorized"]["content"];
    assert!(content["application/problem+json"].is_object());
}

#[tokio::test]
async fn the_operation_enforces_its_policy() {
    let issuer = DevIssuer::start().await;
    let trusted = Issuer::new(issuer.issuer()).audience(issuer.audience());
    let authorizer = Authorizer::new(trusted).unwrap();
    let service = OpenApiService::new(Api, "Messages", "1.0");
    let app = Route::new().nest("/", service).data(authorizer);
    let read = || issuer.token().subject("ada").scope("read:messages");
    for (path, token, expected) in [
        ("/read", Some(read()), 200),
        ("/read", Some(read().scope("other")), 403),
        ("/read", None, 401),
        ("/orgs/acme", Some(read().claim("org_id", "acme")), 200),
        ("/orgs/acme", Some(read().claim("org_id", "other")), 403),
        ("/both", Some(read()), 403),
        ("/both", Some(read().claim("roles", ["auditor"])), 200),
        ("/off", Some(read()), 403),
        ("/public", None, 200),
    ] {
        let mut request = Request::builder().uri(path.parse().unwrap());
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {}", token.build()));
        }
        let response = app.get_response(request.finish()).await;
        assert_eq!(response.status(), expected, "{path}");
        if (path, expected) == ("/read", 200) {
            assert_eq!(response.into_body().into_string().await.unwrap(), "ada");
        }
    }
}

#[tokio::test]
async fn without_an_authorizer_nothing_is_allowed() {
    let service = OpenApiService::new(Api, "Messages", "1.0");
    let app = Route::new().nest("/", service);
    let request = Request::builder().uri("/me".parse().unwrap());
    let response = app.get_response(request.finish()).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[cfg(feature = "rules")]
#[test]
fn rules_replace_the_policies_of_the_handlers() {
    let rules = authz_poem::rules::Rules::from_toml(
        r#"
        [[rules]]
        path = "/read"
        policy = 'scope("other")'

        [[rules]]
        path = "/public"
        policy = 'scope("read:messages")'
        optional = true

        [[rules]]
        path = "/orgs/{org}"
        policy = 'claim("org_id") == path("org")'

        [[rules]]
        path = "/me"
        policy = "public"
        "#,
    );
    let service = OpenApiService::new(Api, "Messages", "1.0");
    let scheme = IssuerScheme::open_id_connect("https://login.example");
    let document = openapi::document_with_rules(&service, &scheme, &rules.unwrap());
    let document: Value = serde_json::from_str(&document).unwrap();
    for (path, security, policy) in [
        (
            "/read",
            json!([{ "oauth2": ["other"] }]),
            json!(r#"scope("other")"#),
        ),
        (
            "/public",
            json!([{ "oauth2": ["read:messages"] }, {}]),
            json!(r#"scope("read:messages")"#),
        ),
        (
            "/orgs/{org}",
            json!([{ "oauth2": [] }]),
            json!(r#"claim("org_id") == path("org")"#),
        ),
        ("/me", json!([]), Value::Null),
        // No rule: every token is denied.
        ("/both", json!([]), Value::Null),
    ] {
        let operation = &document["paths"][path]["get"];
        assert_eq!(operation["security"], security, "{path}");
        assert_eq!(operation["x-authz-policy"], policy, "{path}");
    }
}
