//! The others.

use std::sync::Arc;

use authz_benches::{
    Case,
    fixture::{AUDIENCE, SCOPE, at_once, request, runtime},
};
use http::{HeaderMap, Method, Uri};
use serde::{Deserialize, Serialize};

use crate::token::Issued;

/// What the application reads, for those that read into a type.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Caller {
    org_id: String,
    azp: String,
}

pub fn cases(issued: &Issued) -> Vec<Case> {
    vec![
        #[cfg(feature = "aws-lc-rs")]
        jsonwebtoken(issued),
        jwt_authorizer(issued),
        axum_jwt_auth(issued),
        oauth_resource_server(issued),
        huskarl(issued),
        #[cfg(feature = "aws-lc-rs")]
        tower_oauth2(issued),
        #[cfg(feature = "rust-crypto")]
        authkestra(issued),
    ]
}

/// The key parsed from its JWK once, as far as this crate keeps it parsed.
#[cfg(feature = "aws-lc-rs")]
fn jsonwebtoken(issued: &Issued) -> Case {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, jwk::Jwk};

    let jwk: Jwk = serde_json::from_value(issued.signed.key.public_jwk()).expect("a JWK");
    let key = DecodingKey::from_jwk(&jwk).expect("a key");
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&[issued.issuer()]);
    validation.set_audience(&[AUDIENCE]);
    let token = issued.token().to_owned();
    Case::new("jsonwebtoken-11", move || {
        decode::<Caller>(&token, &key, &validation).expect("a good token")
    })
}

fn jwt_authorizer(issued: &Issued) -> Case {
    use jwt_authorizer::{JwtAuthorizer, Validation};

    let validation = Validation::new().iss(&[issued.issuer()]).aud(&[AUDIENCE]);
    let builder = JwtAuthorizer::<Caller>::from_jwks_url(&issued.jwks_uri()).validation(validation);
    let authorizer = runtime().block_on(builder.build()).expect("good settings");
    let token = issued.token().to_owned();
    // The first token makes it fetch its keys.
    runtime()
        .block_on(authorizer.check_auth(&token))
        .expect("a good token");
    Case::new("jwt-authorizer-0.15", move || {
        at_once(authorizer.check_auth(&token)).expect("a good token")
    })
}

fn axum_jwt_auth(issued: &Issued) -> Case {
    use axum_jwt_auth::{JwtDecoder, RemoteJwksDecoder};
    use jsonwebtoken_10::{Algorithm, Validation};

    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[issued.issuer()]);
    let decoder = RemoteJwksDecoder::builder()
        .jwks_url(issued.jwks_uri())
        .validation(validation)
        .build()
        .expect("good settings");
    let running = runtime().block_on(decoder.initialize()).expect("keys");
    let token = issued.token().to_owned();
    Case::new("axum-jwt-auth-0.7", move || {
        let _ = &running;
        let decoded = JwtDecoder::<Caller>::decode(&decoder, &token);
        at_once(decoded).expect("a good token")
    })
}

fn oauth_resource_server(issued: &Issued) -> Case {
    let (_, validator) = resource_server(issued);
    let token = issued.token().to_owned();
    Case::new("oauth-resource-server-0.4", move || {
        at_once(validator.validate(&token)).expect("a good token")
    })
}

/// The settings and the validator of oauth-resource-server, its keys fetched.
pub fn resource_server(
    issued: &Issued,
) -> (
    oauth_resource_server::ResolvedOAuthConfig,
    Arc<oauth_resource_server::OAuthValidator>,
) {
    use oauth_resource_server::{KeyNaming, OAuthConfig, OAuthValidator};

    let config = OAuthConfig {
        enabled: true,
        issuer: issued.issuer().into(),
        audience: AUDIENCE.into(),
        resource: "https://quickstarts.example".into(),
        required_scope: Some(SCOPE.into()),
        scopes_supported: Some(vec![SCOPE.into()]),
        ..OAuthConfig::default()
    };
    let resolved = config.resolve(KeyNaming::Dotted("oauth"));
    let resolved = resolved.expect("good settings").expect("enabled");
    let validator = Arc::new(OAuthValidator::new(&resolved).expect("good settings"));
    let _inside = runtime().enter();
    validator.spawn_background_refresh();
    let first = runtime().block_on(validator.validate(issued.token()));
    first.expect("a good token");
    (resolved, validator)
}

fn huskarl(issued: &Issued) -> Case {
    use huskarl_reqwest::ReqwestClient;
    use huskarl_resource_server::validator::custom::CustomValidator;

    let validator = runtime().block_on(async {
        let client = ReqwestClient::builder().build().await.expect("a client");
        CustomValidator::builder()
            .authorization_server(issued.issuer())
            .iss(issued.issuer())
            .aud(AUDIENCE)
            .jwks_uri(issued.jwks_uri().parse().expect("an address"))
            .jwks_source(client)
            .with_claims::<Caller>()
            .build()
            .await
            .expect("good settings")
    });
    let headers: HeaderMap = request(issued.token()).headers().clone();
    let uri: Uri = "https://quickstarts.example/api/private"
        .parse()
        .expect("an address");
    let validate = move || {
        let validated = validator.validate_request(&headers, &Method::GET, &uri, None);
        at_once(validated)
            .outcome
            .expect("a good token")
            .expect("a token")
    };
    Case::new("huskarl-resource-server-0.11", validate)
}

/// It has no other door than its layer: a service that answers at once stands behind it.
#[cfg(feature = "aws-lc-rs")]
fn tower_oauth2(issued: &Issued) -> Case {
    use std::{
        convert::Infallible,
        thread,
        time::{Duration, Instant},
    };

    use http::{Request, Response};
    use tower::{Layer as _, ServiceExt as _, service_fn};
    use tower_oauth2_resource_server::{server::OAuth2ResourceServer, tenant::TenantConfiguration};

    let server = runtime().block_on(async {
        let tenant = TenantConfiguration::builder(issued.issuer())
            .audiences(&[AUDIENCE])
            .build()
            .await
            .expect("the issuer answers");
        OAuth2ResourceServer::<Caller>::builder()
            .add_tenant(tenant)
            .build()
            .await
            .expect("good settings")
    });
    let answer = async |_: Request<()>| Ok::<_, Infallible>(Response::new(String::new()));
    let service = server.into_layer().layer(service_fn(answer));
    let request = request(issued.token());
    // Its keys come in the background; until then it answers 401.
    let begin = Instant::now();
    while at_once(service.clone().oneshot(request.clone()))
        .expect("no error")
        .status()
        != 200
    {
        assert!(
            begin.elapsed() < Duration::from_secs(10),
            "its keys do not come"
        );
        thread::sleep(Duration::from_millis(10));
    }
    Case::new("tower-oauth2-resource-server-0.12", move || {
        let response = at_once(service.clone().oneshot(request.clone())).expect("no error");
        assert_eq!(response.status(), 200, "a good token is refused");
        response
    })
}

#[cfg(feature = "rust-crypto")]
fn authkestra(issued: &Issued) -> Case {
    use authkestra_resource::{
        AuthPolicy, Guard,
        jwt::{JwtStrategy, ValidationConfig},
    };

    let config = ValidationConfig::builder()
        .issuer(issued.issuer())
        .audience(AUDIENCE)
        .jwks_url(issued.jwks_uri())
        .build();
    let guard = Guard::<Caller>::builder()
        .strategy(JwtStrategy::new(config))
        .policy(AuthPolicy::FirstSuccess)
        .build();
    let (parts, ()) = request(issued.token()).into_parts();
    let first = runtime()
        .block_on(guard.authenticate(&parts))
        .expect("a good token");
    first.expect("a caller");
    Case::new("authkestra-resource-0.13", move || {
        let caller = at_once(guard.authenticate(&parts)).expect("a good token");
        caller.expect("a caller")
    })
}
