//! The protected resource (RFC 9728): its metadata, and the audience that follows from it.

mod support;

use std::collections::BTreeMap;

use authz_core::{
    Algorithm, Authorizer, AuthorizerBuilder, BuildErrorKind, Issuer, Reason, Resource, Tenants,
    TokenSource, any_scope, any_valid_token, async_trait,
    jwks::{FetchError, FetchRequest, Fetched, Fetcher, StaticKeys},
    scope,
};
use authz_testkit::{SigningKey, TokenBuilder};
use http::Method;
use serde_json::{Value, json};
use support::{ISSUER, KeyServer};

const RESOURCE: &str = "https://api.example";

fn key() -> SigningKey {
    SigningKey::shared(Algorithm::ES256)
}

fn issuer(iss: &str) -> Issuer {
    let jwks = json!({ "keys": [key().public_jwk()] }).to_string();
    Issuer::new(iss)
        .algorithms([Algorithm::ES256])
        .keys(StaticKeys::from_jwks(jwks.as_bytes()).unwrap())
}

fn with(resource: impl Into<Resource>) -> AuthorizerBuilder {
    support::authorizer()
        .issuer(issuer(ISSUER))
        .resource(resource)
}

fn document(builder: AuthorizerBuilder) -> Value {
    let authorizer = builder.build().unwrap();
    serde_json::from_str(authorizer.resource_metadata().unwrap().json()).unwrap()
}

async fn outcome(authorizer: &Authorizer, iss: &str, audience: &str) -> Option<Reason> {
    let token = TokenBuilder::new(&key()).issuer(iss).audience(audience);
    let outcome = authorizer.verify(&token.build()).await;
    outcome.err().map(|rejection| rejection.reason())
}

#[test]
fn has_every_member_of_the_standard_and_the_applications_own() {
    let resource = Resource::new("https://api.example/v1")
        .name("Messages")
        .name_in("de", "Nachrichten")
        .documentation("https://docs.example/")
        .documentation_in("pt-BR", "https://docs.example/br")
        .policy_uri("https://api.example/policy")
        .policy_uri_in("de", "https://api.example/policy/de")
        .tos_uri("https://api.example/tos")
        .tos_uri_in("de", "https://api.example/tos/de")
        .scopes_supported(["read:messages", "write:messages"])
        .jwks_uri("http://localhost:3010/keys")
        .signing_algorithms([Algorithm::ES256])
        .authorization_details_types(["message"])
        .certificate_bound_tokens()
        .dpop_bound_tokens()
        .dpop_algorithms([Algorithm::ES256, Algorithm::EdDSA])
        .signed_metadata("e30.e30.c2ln")
        .member("x", BTreeMap::from([("y", [1, 2])]))
        .member("empty", [0; 0])
        .member("none", None::<u8>);
    assert_eq!(
        document(with(resource)),
        json!({
            "resource": "https://api.example/v1",
            "authorization_servers": [ISSUER],
            "bearer_methods_supported": ["header"],
            "resource_name": "Messages",
            "resource_name#de": "Nachrichten",
            "resource_documentation": "https://docs.example/",
            "resource_documentation#pt-BR": "https://docs.example/br",
            "resource_policy_uri": "https://api.example/policy",
            "resource_policy_uri#de": "https://api.example/policy/de",
            "resource_tos_uri": "https://api.example/tos",
            "resource_tos_uri#de": "https://api.example/tos/de",
            "scopes_supported": ["read:messages", "write:messages"],
            "jwks_uri": "http://localhost:3010/keys",
            "resource_signing_alg_values_supported": ["ES256"],
            "authorization_details_types_supported": ["message"],
            "tls_client_certificate_bound_access_tokens": true,
            "dpop_bound_access_tokens_required": true,
            "dpop_signing_alg_values_supported": ["ES256", "EdDSA"],
            "signed_metadata": "e30.e30.c2ln",
            "x": {"y": [1, 2]},
        })
    );
}

#[test]
fn members_of_the_authorizers_own_settings() {
    assert_eq!(
        document(with(RESOURCE).instead_of_authorization(TokenSource::cookie("session"))),
        json!({
            "resource": RESOURCE,
            "authorization_servers": [ISSUER],
            "bearer_methods_supported": [],
        })
    );
    // Nobody can list the tenants that there will be.
    let tenants = || {
        let issuer = Issuer::new("https://{tenant}.login.example/")
            .key_settings(|keys| keys.fetcher(KeyServer::new([])));
        support::authorizer().tenants(Tenants::matching(issuer))
    };
    let servers = |resource: Resource| {
        document(tenants().resource(resource))
            .get("authorization_servers")
            .cloned()
    };
    let resource = Resource::new(RESOURCE);
    assert_eq!(servers(resource.clone()), None);
    let named = json!(["https://login.example"]);
    let resource = resource.member("authorization_servers", &named);
    assert_eq!(servers(resource), Some(named));
}

#[test]
fn a_member_that_clients_could_not_use_is_an_error() {
    let not_json = BTreeMap::from([(vec![1], 1)]);
    let resource = || Resource::new(RESOURCE);
    for (member, resource) in [
        (
            "scopes_supported",
            resource().scopes_supported(["read", "offline_access"]),
        ),
        (
            "scopes_supported",
            resource().scopes_supported(["read write"]),
        ),
        (
            "scopes_supported",
            resource().member("scopes_supported", "read"),
        ),
        ("resource_documentation", resource().documentation("/docs")),
        (
            "resource_policy_uri#de",
            resource().policy_uri_in("de", "ftp://api.example"),
        ),
        (
            "resource_tos_uri",
            resource().tos_uri("http://api.example/tos"),
        ),
        ("jwks_uri", resource().jwks_uri("https://api.example/ keys")),
        ("jwks_uri", resource().member("jwks_uri", 1)),
        ("resource_name#", resource().name_in("", "x")),
        ("resource_name#de_DE", resource().name_in("de_DE", "x")),
        ("", resource().member("", 1)),
        (
            "resource",
            resource().member("resource", "https://other.example"),
        ),
        ("x", resource().member("x", not_json)),
    ] {
        let error = with(resource).build().unwrap_err();
        let text = error.to_string();
        assert!(text.contains(&format!("member {member:?} of")), "{text}");
        assert!(error.kind() == BuildErrorKind::InvalidMetadata, "{text}");
    }
}

/// RFC 9728 section 3.3: clients compare to the letter.
#[test]
fn the_identifier_and_its_address_stay_as_written() {
    let written = "HTTPS://API.Example/V1";
    let authorizer = with(written).build().unwrap();
    let metadata = authorizer.resource_metadata().unwrap();
    assert!(
        metadata
            .json()
            .contains(r#""resource":"HTTPS://API.Example/V1""#)
    );
    let url = "HTTPS://API.Example/.well-known/oauth-protected-resource/V1";
    assert_eq!(metadata.url(), url);
    assert_eq!(metadata.path(), "/.well-known/oauth-protected-resource/V1");
    for strange in [
        " https://api.example",
        "https:api.example",
        r"https:\\api.example",
        "https://",
    ] {
        let error = with(strange).build().unwrap_err();
        assert!(error.kind() == BuildErrorKind::InvalidResource, "{strange}");
    }
}

#[test]
fn is_answered_to_everybody_at_its_own_path() {
    let own = "/.well-known/oauth-protected-resource/v1";
    let root = "/.well-known/oauth-protected-resource";
    let resource = || Resource::new("https://api.example/v1");
    let metadata = |resource: Resource| {
        let authorizer = with(resource).build().unwrap();
        authorizer.resource_metadata().unwrap().clone()
    };
    for (resource, paths) in [
        (resource(), &[own][..]),
        (resource().also_at_root(), &[own, root]),
        (Resource::new(RESOURCE).also_at_root(), &[root]),
    ] {
        let metadata = metadata(resource);
        assert_eq!(metadata.paths().collect::<Vec<_>>(), paths);
        for (method, path, status) in [
            (
                Method::GET,
                own,
                if paths.contains(&own) { 200 } else { 404 },
            ),
            (
                Method::HEAD,
                root,
                if paths.contains(&root) { 200 } else { 404 },
            ),
            (Method::OPTIONS, paths[0], 204),
            (
                Method::GET,
                "/api/.well-known/oauth-protected-resource/v1",
                404,
            ),
        ] {
            let response = metadata.response::<String>(&method, path);
            assert_eq!(response.status(), status, "{method} {path}");
            assert_eq!(response.headers()["access-control-allow-origin"], "*");
            let fields = match status {
                200 => [
                    ("content-type", "application/json"),
                    ("cache-control", "public, max-age=3600"),
                ]
                .to_vec(),
                204 => [
                    ("allow", "GET, HEAD"),
                    ("access-control-allow-methods", "GET, HEAD"),
                    ("access-control-allow-headers", "*"),
                ]
                .to_vec(),
                _ => Vec::new(),
            };
            assert_eq!(
                response.headers().len(),
                fields.len() + 1,
                "{method} {path}"
            );
            for (name, value) in fields {
                assert_eq!(response.headers()[name], value, "{method} {path}");
            }
            let body = if status == 200 { metadata.json() } else { "" };
            assert_eq!(response.body(), body);
        }
    }
}

#[tokio::test]
async fn is_the_audience_of_issuers_without_one() {
    let other = "https://other.example/";
    let authorizer = support::authorizer()
        .issuer(issuer(ISSUER))
        .issuer(issuer(other).audience("explicit"))
        .resource("HTTPS://API.example")
        .build()
        .unwrap();
    let wrong = Some(Reason::WrongAudience);
    for (iss, audience, refused) in [
        (ISSUER, "HTTPS://API.example", None),
        (ISSUER, "https://api.example", None),
        (ISSUER, "https://api.example/", None),
        (ISSUER, "https://api.example/v1", wrong),
        (ISSUER, "http://api.example", wrong),
        (ISSUER, "https://api.example.evil.example", wrong),
        (ISSUER, "explicit", wrong),
        (other, "explicit", None),
        (other, "HTTPS://API.example", wrong),
        (other, "https://api.example", wrong),
    ] {
        assert_eq!(
            outcome(&authorizer, iss, audience).await,
            refused,
            "{iss} {audience}"
        );
    }
    let rejection = authorizer.verify("x").await.unwrap_err();
    let challenge = rejection.challenge().unwrap();
    let challenge = challenge.to_str().unwrap();
    assert!(
        challenge.starts_with(r#"Bearer realm="HTTPS://API.example", "#),
        "{challenge}"
    );
}

/// A key server at the address of every tenant.
#[derive(Clone, Debug)]
struct Tenant(KeyServer);

#[async_trait]
impl Fetcher for Tenant {
    async fn get(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        if request.url.path() == "/jwks" {
            return self.0.get(request).await;
        }
        let host = request.url.host_str().unwrap();
        let metadata = json!({
            "issuer": format!("https://{host}/"),
            "jwks_uri": format!("https://{host}/jwks"),
        });
        Ok(Fetched {
            status: http::StatusCode::OK,
            headers: http::HeaderMap::new(),
            body: metadata.to_string().into(),
        })
    }
}

#[tokio::test(start_paused = true)]
async fn is_the_audience_of_tenants_without_one() {
    let fetcher = Tenant(KeyServer::new([key()]));
    let template = Issuer::new("https://{tenant}.login.example/")
        .algorithms([Algorithm::ES256])
        .key_settings(move |keys| keys.fetcher(fetcher.clone()));
    let built = |template: Issuer| {
        let tenants = support::authorizer().tenants(Tenants::matching(template));
        tenants.resource(RESOURCE).build().unwrap()
    };
    let implied = built(template.clone());
    let explicit = built(template.audience("explicit"));
    let wrong = Some(Reason::WrongAudience);
    for (name, authorizer, audience, refused) in [
        ("implied", &implied, RESOURCE, None),
        ("implied", &implied, "explicit", wrong),
        ("explicit", &explicit, RESOURCE, wrong),
        ("explicit", &explicit, "explicit", None),
    ] {
        let iss = "https://a.login.example/";
        assert_eq!(
            outcome(authorizer, iss, audience).await,
            refused,
            "{name}: {audience}"
        );
    }
}

/// Where an issuer's tokens have no audience, or a client as theirs, the resource says nothing about them.
#[tokio::test]
async fn is_not_the_audience_of_issuers_whose_tokens_have_another() {
    let google = support::authorizer()
        .issuer(Issuer::google())
        .resource(RESOURCE)
        .build();
    assert_eq!(google.unwrap_err().kind(), BuildErrorKind::MissingAudience);
    let by_client = issuer(ISSUER)
        .clients_instead_of_audience()
        .clients(["our-app"]);
    let authorizer = support::authorizer()
        .issuer(by_client)
        .resource(RESOURCE)
        .build()
        .unwrap();
    let token = TokenBuilder::new(&key())
        .issuer(ISSUER)
        .client_id("our-app");
    assert!(
        authorizer
            .verify(&token.clone().without("aud").build())
            .await
            .is_ok()
    );
    let refused = authorizer.verify(&token.audience(RESOURCE).build()).await;
    assert_eq!(refused.unwrap_err().reason(), Reason::WrongAudience);
}

#[test]
fn a_missing_audience_is_told_where_it_can_come_from() {
    let error = support::authorizer()
        .issuer(issuer(ISSUER))
        .build()
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(r#".resource("https://api.example")"#),
        "{error}"
    );
}

/// A client must not be sent for a refresh token by an API.
#[tokio::test]
async fn no_challenge_asks_for_offline_access() {
    let authorizer = with(RESOURCE).build().unwrap();
    let token = |scope: &str| {
        let token = TokenBuilder::new(&key()).issuer(ISSUER).audience(RESOURCE);
        token.scope(scope).build()
    };
    for (policy, asked) in [
        (scope("offline_access"), None),
        (scope("offline_access") & scope("read"), Some("read")),
        (scope("x:offline_access"), Some("x:offline_access")),
        (any_scope(["read", "offline_access"]), Some("read")),
    ] {
        let request = http::Request::get("/").body(()).unwrap().into_parts().0;
        let missing = authorizer.authorize(&(&request).into(), &policy).await;
        let caller = authorizer.verify(&token("other")).await.unwrap();
        for rejection in [missing.unwrap_err(), caller.check(&policy).unwrap_err()] {
            let challenge = rejection.challenge().unwrap();
            let challenge = challenge.to_str().unwrap();
            let found = challenge.split_once(", scope=\"");
            let found = found.and_then(|(_, rest)| rest.split('"').next());
            assert_eq!(found, asked, "{policy}: {challenge}");
        }
    }
    // A token that has it meets the policy all the same.
    let caller = authorizer.verify(&token("offline_access")).await.unwrap();
    assert!(caller.check(&scope("offline_access")).is_ok());
    assert!(caller.check(&any_valid_token()).is_ok());
}
