//! Each profile against tokens and key sets of the shape that its issuer sends.

mod support;

use authz_core::{
    Algorithm, Authorizer, Issuer, Policy, Reason, RequestParts,
    jwks::{SharedSecret, StaticKeys},
};
use authz_testkit::{SigningKey, TokenBuilder};
use serde_json::{Value, json};

struct Profile {
    name: &'static str,
    issuer: Issuer,
    /// The key set that the issuer publishes, around our key.
    keys: fn(Value) -> Value,
    header: Value,
    claims: Value,
    /// Met by the token, and not.
    met: &'static [&'static str],
    unmet: &'static [&'static str],
    /// What an ID token of the issuer's has otherwise, with `null` for what it does not have: the audience
    /// stays, so that nothing else refuses it. Empty where there are none but ID tokens.
    id_tokens: Vec<Value>,
    /// The claim without which the token would be anybody's, and the reason of its refusal.
    decisive: (&'static str, Reason),
}

fn profiles() -> Vec<Profile> {
    let plain = |key: Value| json!({ "keys": [key] });
    vec![
        Profile {
            name: "Auth0",
            issuer: Issuer::auth0("tenant.eu.auth0.com")
                .audience("https://quickstarts.example/api"),
            keys: |key| json!({"keys": [key, {"kty": "RSA", "use": "sig", "kid": "next", "n": "AQ", "e": "AQAB"}]}),
            header: json!({"alg": "RS256", "typ": "JWT", "kid": "k"}),
            claims: json!({
                "iss": "https://tenant.eu.auth0.com/", "sub": "auth0|61f0c2f4e2a4b50069c1e9a7",
                "aud": ["https://quickstarts.example/api", "https://tenant.eu.auth0.com/userinfo"],
                "azp": "my_client", "scope": "openid profile read:messages", "org_id": "org_9vT3kQ1hXsRz4bLm",
                "permissions": ["read:messages", "delete:messages"], "https://quickstarts.example/team": "blue",
            }),
            met: &[
                r#"scope("read:messages")"#,
                r#"permission("delete:messages")"#,
                r#"claim("org_id") == "org_9vT3kQ1hXsRz4bLm""#,
                r#"claim("https://quickstarts.example/team") == "blue""#,
                r#"client("my_client")"#,
            ],
            unmet: &[
                r#"scope("delete:messages")"#,
                r#"permission("write:messages")"#,
            ],
            id_tokens: vec![
                json!({"azp": null, "scope": null, "permissions": null, "sid": "s"}),
                json!({"nonce": "n"}),
                json!({"at_hash": "h"}),
                json!({"c_hash": "h"}),
            ],
            decisive: ("aud", Reason::WrongAudience),
        },
        Profile {
            name: "Keycloak",
            issuer: Issuer::keycloak("https://sso.example/", "shop")
                .roles_from(["realm_access.roles", "resource_access.my-api.roles"])
                .audience("my-api"),
            // An encryption key beside the signing key, and a post-quantum one.
            keys: |key| {
                json!({"keys": [
                    {"kid": "enc", "kty": "RSA", "alg": "RSA-OAEP", "use": "enc", "n": "AQ", "e": "AQAB"},
                    {"kid": "pq", "kty": "AKP", "alg": "ML-DSA-65", "use": "sig", "pub": "AQ"},
                    key,
                ]})
            },
            header: json!({"alg": "RS256", "typ": "JWT", "kid": "k"}),
            claims: json!({
                "iss": "https://sso.example/realms/shop", "aud": ["my-api", "account"], "typ": "Bearer",
                "sub": "f7b5c0de-6a1b-4a5e-9f3b-0f3f4b8e7b1d", "azp": "web", "scope": "profile email",
                "realm_access": {"roles": ["offline_access", "admin"]},
                "resource_access": {"my-api": {"roles": ["editor"]}, "account": {"roles": ["view-profile"]}},
            }),
            met: &[r#"role("admin")"#, r#"role("editor")"#, r#"scope("email")"#],
            // A role of another client's is none of ours.
            unmet: &[r#"role("view-profile")"#, r#"scope("admin")"#],
            id_tokens: vec![
                json!({"typ": "ID", "at_hash": "h", "nonce": "n", "scope": null}),
                json!({"typ": "Refresh"}),
                json!({"typ": "Offline"}),
                json!({"typ": "Logout"}),
                json!({"typ": ["Bearer"]}),
            ],
            decisive: ("aud", Reason::WrongAudience),
        },
        Profile {
            name: "Entra ID v2",
            issuer: Issuer::entra("6babcaad-604b-40ac-a9d7-9fd97c0b779f")
                .audience("6e74172b-be56-4843-9ff4-e66a39bb12e3"),
            // Keys without `alg`, with their issuer in the form for all tenants.
            keys: |mut key| {
                key.as_object_mut().unwrap().remove("alg");
                key["issuer"] = "https://login.microsoftonline.com/{tenantid}/v2.0".into();
                json!({ "keys": [key] })
            },
            header: json!({"alg": "RS256", "typ": "JWT", "kid": "k"}),
            claims: json!({
                "iss": "https://login.microsoftonline.com/6babcaad-604b-40ac-a9d7-9fd97c0b779f/v2.0",
                "aud": "6e74172b-be56-4843-9ff4-e66a39bb12e3", "azp": "client", "azpacr": "1", "ver": "2.0",
                "tid": "6babcaad-604b-40ac-a9d7-9fd97c0b779f", "oid": "o", "sub": "pairwise",
                "scp": "access_as_user read", "roles": ["Task.Write"], "groups": ["g1"], "acrs": ["c1"],
            }),
            met: &[
                r#"scope("access_as_user")"#,
                r#"role("Task.Write")"#,
                r#"group("g1")"#,
            ],
            unmet: &[r#"scope("access_as")"#, r#"role("Task")"#],
            id_tokens: vec![
                json!({"azp": null, "azpacr": null, "scp": null, "nonce": "n", "name": "N"}),
            ],
            decisive: ("aud", Reason::WrongAudience),
        },
        Profile {
            name: "Entra ID v1",
            issuer: Issuer::entra_v1("6babcaad-604b-40ac-a9d7-9fd97c0b779f")
                .audience("api://our-api"),
            keys: plain,
            header: json!({"alg": "RS256", "typ": "JWT", "kid": "k", "x5t": "k"}),
            claims: json!({
                "iss": "https://sts.windows.net/6babcaad-604b-40ac-a9d7-9fd97c0b779f/", "aud": "api://our-api",
                "appid": "client", "ver": "1.0", "scp": "read", "sub": "s",
            }),
            met: &[r#"scope("read")"#, r#"claim("appid") == "client""#],
            unmet: &[r#"client("client")"#],
            id_tokens: vec![json!({"appid": null, "scp": null, "nonce": "n"})],
            decisive: ("aud", Reason::WrongAudience),
        },
        Profile {
            name: "Okta",
            issuer: Issuer::okta("dev-123.okta.com", "default").audience("api://default"),
            keys: plain,
            header: json!({"alg": "RS256", "kid": "k"}),
            claims: json!({
                "ver": 1, "jti": "AT.x", "iss": "https://dev-123.okta.com/oauth2/default",
                "aud": "api://default", "cid": "0oa", "uid": "00u", "scp": ["openid", "read:messages"],
                "sub": "user@example.com", "groups": ["Everyone"],
            }),
            met: &[
                r#"scope("read:messages")"#,
                r#"group("Everyone")"#,
                r#"claim("cid") == "0oa""#,
            ],
            unmet: &[r#"scope("x")"#, r#"client("0oa")"#],
            id_tokens: vec![
                json!({"jti": "ID.x", "cid": null, "uid": null, "scp": null, "amr": ["pwd"], "idp": "00o"}),
            ],
            decisive: ("aud", Reason::WrongAudience),
        },
        Profile {
            name: "Cognito",
            issuer: Issuer::cognito("eu-west-1", "eu-west-1_aBcDeFgHi", ["1example23456789"]),
            keys: plain,
            header: json!({"alg": "RS256", "kid": "k"}),
            claims: json!({
                "iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_aBcDeFgHi",
                "client_id": "1example23456789", "token_use": "access", "scope": "phone read:messages",
                "cognito:groups": ["staff"], "username": "u", "sub": "aaaaaaaa-bbbb-cccc-dddd-example",
            }),
            met: &[r#"scope("read:messages")"#, r#"group("staff")"#],
            unmet: &[r#"group("admins")"#],
            id_tokens: vec![
                json!({"token_use": "id", "auth_time": 1}),
                json!({"token_use": null}),
            ],
            decisive: ("client_id", Reason::WrongClient),
        },
        Profile {
            name: "Google",
            issuer: Issuer::google().audience("1234.apps.googleusercontent.com"),
            keys: plain,
            header: json!({"alg": "RS256", "kid": "k", "typ": "JWT"}),
            claims: json!({
                "iss": "https://accounts.google.com", "azp": "1234.apps.googleusercontent.com",
                "aud": "1234.apps.googleusercontent.com", "sub": "110169484474386276334",
                "hd": "example.com", "email": "a@example.com", "email_verified": true,
            }),
            met: &[
                r#"claim("hd") == "example.com""#,
                r#"claim("email_verified") == true"#,
            ],
            unmet: &[r#"claim("hd") == "example.org""#],
            id_tokens: vec![],
            decisive: ("aud", Reason::WrongAudience),
        },
        Profile {
            name: "Zitadel",
            issuer: Issuer::zitadel("acme.zitadel.cloud", "69234237810729019"),
            // Keys of other kinds beside ours.
            keys: |key| {
                json!({"keys": [
                    {"kty": "OKP", "crv": "Ed448", "kid": "x", "use": "sig", "x": "AA"},
                    {"kty": "EC", "crv": "secp256k1", "kid": "y", "use": "sig", "x": "AA", "y": "AA"},
                    key,
                ]})
            },
            header: json!({"alg": "RS256", "kid": "k", "typ": "JWT"}),
            claims: json!({
                "iss": "https://acme.zitadel.cloud", "sub": "69629023906488334", "jti": "t",
                "aud": ["69234237810729234", "69234237810729019"],
                "urn:zitadel:iam:org:project:roles": {"editor": {"69234237810721234": "acme.zitadel.cloud"}},
            }),
            met: &[r#"role("editor")"#, "any_valid_token"],
            unmet: &[r#"role("69234237810721234")"#, r#"scope("editor")"#],
            id_tokens: vec![
                json!({"at_hash": "h", "jti": null, "azp": "69234237810729234", "client_id": "69234237810729234"}),
                json!({"auth_time": 1, "amr": ["pwd"]}),
                json!({"nonce": "n"}),
                json!({"c_hash": "h"}),
            ],
            decisive: ("aud", Reason::WrongAudience),
        },
        Profile {
            name: "Kubernetes",
            issuer: Issuer::new("https://kubernetes.default.svc.cluster.local")
                .audience("https://api.example"),
            keys: plain,
            header: json!({"alg": "RS256", "kid": "k"}),
            claims: json!({
                "iss": "https://kubernetes.default.svc.cluster.local", "aud": ["https://api.example"],
                "sub": "system:serviceaccount:jobs:runner", "jti": "j",
                "kubernetes.io": {"namespace": "jobs", "serviceaccount": {"name": "runner", "uid": "u"}, "warnafter": 1},
            }),
            met: &[
                r#"claim("'kubernetes.io'.namespace") == "jobs""#,
                r#"claim("'kubernetes.io'.serviceaccount.name") == "runner""#,
            ],
            unmet: &[r#"claim("kubernetes.io.namespace") == "jobs""#],
            id_tokens: vec![],
            decisive: ("aud", Reason::WrongAudience),
        },
        Profile {
            name: "GitHub Actions",
            issuer: Issuer::github_actions().audience("https://deploy.example"),
            keys: plain,
            header: json!({"alg": "RS256", "kid": "k", "typ": "JWT", "x5t": "k"}),
            claims: json!({
                "iss": "https://token.actions.githubusercontent.com", "aud": "https://deploy.example",
                "sub": "repo:acme/shop:ref:refs/heads/main", "repository_id": "74", "repository_owner_id": "65",
                "ref": "refs/heads/main", "environment": "production",
            }),
            met: &[r#"claim("repository_owner_id") == "65" and claim("ref") == "refs/heads/main""#],
            unmet: &[r#"claim("repository_owner_id") == "66""#],
            id_tokens: vec![],
            decisive: ("aud", Reason::WrongAudience),
        },
    ]
}

#[tokio::test]
async fn tokens_of_every_issuer_are_understood() {
    let key = SigningKey::shared(Algorithm::RS256).with_kid("k");
    for profile in profiles() {
        let (name, authorizer) = (profile.name, authorizer(&profile, &key));
        let token = token(&profile, &key);
        for (policies, expected) in [
            (profile.met, None),
            (profile.unmet, Some(Reason::InsufficientScope)),
        ] {
            for text in policies {
                let policy: Policy = text
                    .parse()
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(
                    authorize(&authorizer, &token, &policy).await,
                    expected,
                    "{name}: {text}"
                );
            }
        }
    }
}

#[tokio::test]
async fn no_profile_fails_open() {
    let key = SigningKey::shared(Algorithm::RS256).with_kid("k");
    for mut profile in profiles() {
        let (name, authorizer) = (profile.name, authorizer(&profile, &key));
        let (claim, reason) = profile.decisive;
        let policy = authz_core::any_valid_token();
        for value in [
            None,
            Some(json!("another")),
            Some(json!("")),
            Some(json!([])),
        ] {
            let claims = profile.claims.as_object_mut().unwrap();
            match &value {
                None => claims.remove(claim),
                Some(value) => claims.insert(claim.to_owned(), value.clone()),
            };
            let refused = authorize(&authorizer, &token(&profile, &key), &policy).await;
            let expected = match &value {
                Some(Value::Array(_)) if claim == "client_id" => Reason::MalformedClaims,
                _ => reason,
            };
            assert_eq!(refused, Some(expected), "{name}: {claim} = {value:?}");
        }
    }
}

#[tokio::test]
async fn an_id_token_for_the_same_audience_is_no_access_token() {
    let key = SigningKey::shared(Algorithm::RS256).with_kid("k");
    let policy = authz_core::any_valid_token();
    for mut profile in profiles() {
        let (name, authorizer) = (profile.name, authorizer(&profile, &key));
        let access = profile.claims.clone();
        assert_eq!(
            authorize(&authorizer, &token(&profile, &key), &policy).await,
            None,
            "{name}"
        );
        for differences in std::mem::take(&mut profile.id_tokens) {
            profile.claims = access.clone();
            let claims = profile.claims.as_object_mut().unwrap();
            for (claim, value) in differences.as_object().unwrap() {
                match value {
                    Value::Null => claims.remove(claim),
                    value => claims.insert(claim.clone(), value.clone()),
                };
            }
            assert_eq!(
                authorize(&authorizer, &token(&profile, &key), &policy).await,
                Some(Reason::WrongClaim),
                "{name}: {differences}"
            );
        }
    }
}

/// A name written with escapes is the same name.
#[tokio::test]
async fn rules_about_claims_see_through_escapes() {
    let key = SigningKey::shared(Algorithm::RS256).with_kid("k");
    let profile = profiles().remove(1);
    let authorizer = authorizer(&profile, &key);
    for (from, to, refused) in [
        (r#""typ""#, r#""\u0074yp""#, None),
        (
            r#""typ":"Bearer""#,
            r#""\u0074yp":"ID""#,
            Some(Reason::WrongClaim),
        ),
        (r#""typ":"Bearer""#, r#""typ": "\u0042earer""#, None),
        (
            r#""typ":"Bearer""#,
            r#""typ" : "ID""#,
            Some(Reason::WrongClaim),
        ),
        (
            r#""typ":"Bearer""#,
            r#""typ":null"#,
            Some(Reason::WrongClaim),
        ),
        (r#""typ":"Bearer","#, "", None),
    ] {
        let token = token_of(&profile, &key, |json| json.replacen(from, to, 1));
        let policy = authz_core::any_valid_token();
        assert_eq!(
            authorize(&authorizer, &token, &policy).await,
            refused,
            "{to}"
        );
    }
}

#[test]
fn a_realm_is_percent_encoded() {
    for (realm, encoded) in [
        ("Company GmbH", "Company%20GmbH"),
        ("Büro", "B%C3%BCro"),
        ("Company%20GmbH", "Company%20GmbH"),
        ("50%", "50%25"),
        ("a&b;c", "a&b;c"),
    ] {
        let issuer = Issuer::keycloak("https://sso.example/auth/", realm).audience("api");
        let authorizer = support::authorizer()
            .issuer(issuer.keys(no_keys()))
            .build()
            .unwrap();
        assert_eq!(
            authorizer.key_status()[0].issuer,
            format!("https://sso.example/auth/realms/{encoded}")
        );
    }
}

const TENANT: &str = "6babcaad-604b-40ac-a9d7-9fd97c0b779f";

#[test]
fn a_wrong_argument_is_an_error_that_shows_the_right_call() {
    let clients = ["client"];
    for (issuer, instead) in [
        (
            Issuer::auth0("https://t.eu.auth0.com/"),
            r#"Issuer::auth0("t.eu.auth0.com")"#,
        ),
        (
            Issuer::auth0("t.eu.auth0.com/"),
            r#"Issuer::auth0("t.eu.auth0.com")"#,
        ),
        (
            Issuer::auth0("tenant"),
            r#"Issuer::auth0("tenant.eu.auth0.com")"#,
        ),
        (Issuer::auth0(""), r#"Issuer::auth0("tenant.eu.auth0.com")"#),
        (
            Issuer::auth0("a@t.eu.auth0.com"),
            r#"Issuer::auth0("tenant.eu.auth0.com")"#,
        ),
        (
            Issuer::keycloak("sso.example", "shop"),
            r#"Issuer::keycloak("https://sso.example", "shop")"#,
        ),
        (
            Issuer::keycloak("shop", "https://sso.example"),
            r#"Issuer::keycloak("https://sso.example", "shop")"#,
        ),
        (
            Issuer::keycloak("https://sso.example/realms/shop", ""),
            r#"Issuer::keycloak("https://sso.example", "shop")"#,
        ),
        (
            Issuer::keycloak("https://sso.example/realms", "shop"),
            r#"Issuer::keycloak("https://sso.example", "shop")"#,
        ),
        (
            Issuer::keycloak("https://sso.example", "realms/shop"),
            r#"Issuer::keycloak("https://sso.example", "main")"#,
        ),
        (
            Issuer::keycloak("https://sso.example?x", "shop"),
            r#"Issuer::keycloak("https://sso.example", "shop")"#,
        ),
        (
            Issuer::keycloak("https://", "shop"),
            r#"Issuer::keycloak("https://sso.example", "shop")"#,
        ),
        (
            Issuer::entra("contoso.onmicrosoft.com"),
            r#"Issuer::entra("6babcaad-604b-40ac-a9d7-9fd97c0b779f")"#,
        ),
        (
            Issuer::entra("common"),
            r#"Tenants::matching(Issuer::entra("{tenant}"))"#,
        ),
        (
            Issuer::entra_v1("https://sts.windows.net/x/"),
            r#"Issuer::entra_v1("6babcaad-604b-40ac-a9d7-9fd97c0b779f")"#,
        ),
        (
            Issuer::okta("default", "dev-123.okta.com"),
            r#"Issuer::okta("dev-123.okta.com", "default")"#,
        ),
        (
            Issuer::okta("https://dev-123.okta.com", "aus1"),
            r#"Issuer::okta("dev-123.okta.com", "aus1")"#,
        ),
        (
            Issuer::okta("dev-123-admin.okta.com", "aus1"),
            r#"Issuer::okta("dev-123.okta.com", "aus1")"#,
        ),
        (
            Issuer::okta("dev-123.okta.com", ""),
            r#"Issuer::okta("dev-123.okta.com", "default")"#,
        ),
        (
            Issuer::okta("dev-123.okta.com", "api://default"),
            r#"Issuer::okta("dev-123.okta.com", "default")"#,
        ),
        (
            Issuer::cognito("eu-west-1_aBcDeFgHi", "eu-west-1", clients),
            r#"Issuer::cognito("eu-west-1", "eu-west-1_aBcDeFgHi", ..)"#,
        ),
        (
            Issuer::cognito("eu-west-1", "us-east-1_aBcDeFgHi", clients),
            r#"Issuer::cognito("us-east-1", "us-east-1_aBcDeFgHi", ..)"#,
        ),
        (
            Issuer::cognito("eu-west-1", "aBcDeFgHi", clients),
            r#"Issuer::cognito("eu-west-1", "eu-west-1_aBcDeFgHi", ..)"#,
        ),
        (
            Issuer::zitadel("69234237810729019", "acme.zitadel.cloud"),
            r#"Issuer::zitadel("acme.zitadel.cloud", "69234237810729019")"#,
        ),
        (
            Issuer::zitadel("https://acme.zitadel.cloud", "69234237810729019"),
            r#"Issuer::zitadel("acme.zitadel.cloud", "69234237810729019")"#,
        ),
    ] {
        let build = support::authorizer().issuer(issuer.audience("api")).build();
        let error = build.unwrap_err().to_string();
        assert!(error.starts_with("Issuer::"), "{error}");
        assert!(error.ends_with(&format!("; write {instead}")), "{error}");
    }
    // And what is right stays so, whatever it looks like at first.
    for issuer in [
        Issuer::auth0("login.example.com:8443"),
        Issuer::auth0("localhost:8080"),
        Issuer::keycloak("http://localhost:8080/auth/", "master"),
        Issuer::entra(TENANT.to_uppercase()),
        Issuer::okta("login.example.com", "aus_1-x"),
        Issuer::cognito("us-gov-west-1", "us-gov-west-1_aBcDeFgHi", clients),
        Issuer::zitadel("id.example.com", "my-project"),
    ] {
        let built = support::authorizer()
            .issuer(issuer.audience("api").keys(no_keys()))
            .build();
        assert!(built.is_ok(), "{:?}", built.err());
    }
}

fn no_keys() -> SharedSecret {
    SharedSecret::hs256([7; 32]).unwrap()
}

fn authorizer(profile: &Profile, key: &SigningKey) -> Authorizer {
    let keys = (profile.keys)(key.public_jwk()).to_string();
    let keys = StaticKeys::from_jwks(keys.as_bytes()).unwrap();
    let builder = support::authorizer().issuer(profile.issuer.clone().keys(keys));
    builder.build().unwrap()
}

fn token(profile: &Profile, key: &SigningKey) -> String {
    token_of(profile, key, |json| json)
}

/// The profile's token with its payload as `change` makes it.
fn token_of(profile: &Profile, key: &SigningKey, change: impl Fn(String) -> String) -> String {
    let mut claims = profile.claims.clone();
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    claims["iat"] = now.as_secs().into();
    claims["exp"] = (now.as_secs() + 300).into();
    TokenBuilder::new(key)
        .raw_header(profile.header.to_string())
        .raw_payload(change(claims.to_string()))
        .build()
}

async fn authorize(authorizer: &Authorizer, token: &str, policy: &Policy) -> Option<Reason> {
    let request = http::Request::get("/").header("authorization", format!("Bearer {token}"));
    let request = request.body(()).unwrap();
    let outcome = authorizer
        .authorize(&RequestParts::from(&request), policy)
        .await;
    outcome.err().map(|rejection| rejection.reason())
}

#[test]
fn keys_that_are_given_replace_the_address_of_a_profile() {
    let issuer = Issuer::entra_v1(TENANT)
        .audience("api")
        .key_settings(|_| panic!("nothing is fetched"))
        .keys(no_keys());
    support::authorizer().issuer(issuer).build().unwrap();
}
