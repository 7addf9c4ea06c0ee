//! The table that all adapters share, on axum.

use adapter_tests::{App, Organization, ReadMessages, Seen, Setup};
#[cfg(feature = "rules")]
use authz_axum::RulesExt as _;
use authz_axum::{
    Authorized, Authorizer, FromState, MetadataError, RequireExt as _, Scoped, all_scopes,
    any_scope, any_valid_token, permission, scope,
};
use axum::{
    Router,
    extract::{FromRef, State},
    routing::{any, get, post},
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

adapter_tests::table!(app);
adapter_tests::metadata!(metadata_routes, nested_metadata_routes);

fn metadata_routes(authorizer: &Authorizer) -> Result<OnAxum, MetadataError> {
    let routes = Router::new().merge(authorizer.metadata_routes()?);
    Ok(OnAxum(routes))
}

fn nested_metadata_routes(authorizer: &Authorizer) -> Result<OnAxum, MetadataError> {
    let routes = authorizer.metadata_routes()?;
    Ok(OnAxum(Router::new().nest("/api", routes)))
}

#[cfg(feature = "rules")]
use authz_axum::RulePaths;
#[cfg(feature = "rules")]
adapter_tests::rules!(ruled);

#[cfg(feature = "rules")]
fn ruled(setup: &Setup, rules: authz_axum::rules::Rules) -> OnAxum {
    // A router inside another does not see the whole path, which is what the rules are about.
    let whole_paths = setup.plain.rules(rules.clone());
    let organization = Router::new()
        .route("/messages", get(caller))
        .layer(whole_paths.rule_paths(RulePaths::Original));
    let router = Router::new()
        .route("/public", get(nobody))
        .route("/unlisted", get(nobody))
        .route("/off", get(nobody))
        .route("/messages", get(caller).post(caller))
        .route("/feed", any(maybe))
        .layer(setup.plain.rules(rules))
        .nest("/orgs/{org}", organization);
    OnAxum(router.with_state(AppState(setup.clone())))
}

fn app(setup: &Setup) -> OnAxum {
    let Setup { plain, typed, .. } = setup;
    let messages = get(caller)
        .layer(plain.require(scope("read:messages")))
        .merge(post(caller).layer(plain.require(scope("write:messages"))));
    let either = plain.require(any_scope(["a", "b"]));
    let both = plain.require(all_scopes(["a", "b"]));
    let permitted = plain.require(permission("delete:messages"));
    let whoever = plain.require(any_valid_token()).optional();
    let whoever_reads = plain.require(scope("read:messages")).optional();
    let router = Router::new()
        .route("/any", get(caller))
        .route("/scoped", get(scoped))
        .route("/preflight", any(nobody))
        .route_layer(plain.require(any_valid_token()))
        .route("/public", get(nobody))
        .route("/messages", messages)
        .route("/either", get(caller).layer(either))
        .route("/both", get(caller).layer(both))
        .route(
            "/orgs/{org}/messages",
            get(caller).layer(plain.require(adapter_tests::tenant_policy())),
        )
        .route("/permission", get(caller).layer(permitted))
        .route("/optional", get(maybe).layer(whoever))
        .route("/optional/scope", get(maybe).layer(whoever_reads))
        .route(
            "/typed",
            get(organization).layer(typed.require(any_valid_token())),
        )
        .route("/alone", get(alone))
        .route("/alone/optional", get(alone_maybe))
        .route("/alone/scoped", get(alone_scoped))
        .route("/forgotten", get(caller))
        .route("/forgotten/optional", get(maybe))
        .route("/forgotten/scoped", get(scoped));
    OnAxum(router.with_state(AppState(setup.clone())))
}

async fn nobody(State(seen): State<Seen>) -> String {
    seen.nobody()
}

async fn caller(State(seen): State<Seen>, caller: Authorized) -> String {
    seen.caller(&caller)
}

async fn maybe(State(seen): State<Seen>, caller: Option<Authorized>) -> String {
    seen.maybe(caller.as_deref())
}

async fn organization(State(seen): State<Seen>, caller: Authorized<Organization>) -> String {
    seen.organization(&caller)
}

async fn scoped(State(seen): State<Seen>, caller: Scoped<ReadMessages>) -> String {
    seen.caller(&caller)
}

async fn alone(State(seen): State<Seen>, caller: FromState<Authorized>) -> String {
    seen.caller(&caller.0)
}

async fn alone_maybe(State(seen): State<Seen>, caller: FromState<Option<Authorized>>) -> String {
    seen.maybe(caller.0.as_deref())
}

async fn alone_scoped(State(seen): State<Seen>, caller: FromState<Scoped<ReadMessages>>) -> String {
    seen.caller(&caller.0)
}

#[derive(Clone)]
struct AppState(Setup);

impl FromRef<AppState> for Authorizer {
    fn from_ref(AppState(setup): &AppState) -> Self {
        setup.plain.clone()
    }
}

impl FromRef<AppState> for Seen {
    fn from_ref(AppState(setup): &AppState) -> Self {
        setup.seen.clone()
    }
}

struct OnAxum(Router);

impl App for OnAxum {
    const CAN_FORGET: bool = true;

    async fn call(&self, request: Request<String>) -> Response<Bytes> {
        let (parts, body) = (self.0.clone().oneshot(request).await.unwrap()).into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Response::from_parts(parts, body)
    }
}
