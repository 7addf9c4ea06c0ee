//! The table that all adapters share, on warp.

use adapter_tests::{App, Organization, Setup};
#[cfg(feature = "rules")]
use authz_warp::RulesExt as _;
use authz_warp::{
    Authorized, Authorizer, MetadataError, Policy, RequireExt as _, RequiredScope as _, all_scopes,
    any_scope, any_valid_token, get_or_head, permission, scope,
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use tower_service::Service as _;
use warp::{Filter, Reply, filters::BoxedFilter, path, reply};

adapter_tests::table!(app);
adapter_tests::metadata!(metadata_routes, nested_metadata_routes);

fn metadata_routes(authorizer: &Authorizer) -> Result<OnWarp, MetadataError> {
    Ok(OnWarp(authorizer.metadata_routes()?.boxed()))
}

fn nested_metadata_routes(authorizer: &Authorizer) -> Result<OnWarp, MetadataError> {
    let routes = authorizer.metadata_routes()?;
    Ok(OnWarp(path("api").and(routes).boxed()))
}

#[cfg(feature = "rules")]
adapter_tests::rules!(ruled);

#[cfg(feature = "rules")]
fn ruled(setup: &Setup, rules: authz_warp::rules::Rules) -> OnWarp {
    let seen = setup.seen.clone();
    let nobody = warp::any()
        .map(move || seen.nobody().into_response())
        .boxed();
    let seen = setup.seen.clone();
    let caller = (setup.plain.require(any_valid_token()))
        .map(move |caller: Authorized| seen.caller(&caller).into_response())
        .boxed();
    let seen = setup.seen.clone();
    let maybe = (setup.plain.optional(any_valid_token()))
        .map(move |caller: Option<Authorized>| seen.maybe(caller.as_ref()).into_response())
        .boxed();
    let routes = [
        path!("public").and(nobody.clone()).boxed(),
        path!("unlisted").and(nobody.clone()).boxed(),
        path!("off").and(nobody).boxed(),
        path!("messages").and(caller.clone()).boxed(),
        path!("feed").and(maybe).boxed(),
        path!("orgs" / String / "messages")
            .map(|_| ())
            .untuple_one()
            .and(caller)
            .boxed(),
    ];
    let routes = routes
        .into_iter()
        .reduce(|routes, route| routes.or(route).unify().boxed())
        .unwrap();
    let guarded = setup.plain.rules(rules).and(routes);
    OnWarp(guarded.recover(authz_warp::recover).unify().boxed())
}

type Route = BoxedFilter<(reply::Response,)>;

fn app(setup: &Setup) -> OnWarp {
    let caller = |policy: Policy| {
        let seen = setup.seen.clone();
        setup
            .plain
            .require(policy)
            .map(move |caller: Authorized| seen.caller(&caller).into_response())
            .boxed()
    };
    let maybe = |policy: Policy| {
        let seen = setup.seen.clone();
        setup
            .plain
            .optional(policy)
            .map(move |caller: Option<Authorized>| seen.maybe(caller.as_ref()).into_response())
            .boxed()
    };
    let seen = setup.seen.clone();
    let nobody = warp::any()
        .map(move || seen.nobody().into_response())
        .boxed();
    let seen = setup.seen.clone();
    let organization = setup
        .typed
        .require(any_valid_token())
        .map(move |caller: Authorized<Organization>| seen.organization(&caller).into_response())
        .boxed();

    // A handler's own requirement is the filter's in warp: it extracts what the handler takes.
    let reads = || scope(adapter_tests::ReadMessages::NAME);
    let routes = [
        path!("public")
            .and(get_or_head())
            .and(nobody.clone())
            .boxed(),
        path!("messages")
            .and(get_or_head())
            .and(caller(reads()))
            .boxed(),
        path!("messages")
            .and(warp::post())
            .and(caller(scope("write:messages")))
            .boxed(),
        path!("any")
            .and(get_or_head())
            .and(caller(any_valid_token()))
            .boxed(),
        path!("either")
            .and(get_or_head())
            .and(caller(any_scope(["a", "b"])))
            .boxed(),
        path!("both")
            .and(get_or_head())
            .and(caller(all_scopes(["a", "b"])))
            .boxed(),
        path!("permission")
            .and(get_or_head())
            .and(caller(permission("delete:messages")))
            .boxed(),
        path!("orgs" / String / "messages")
            .and(get_or_head())
            .and(
                setup
                    .plain
                    .require_at("/orgs/{org}/messages", adapter_tests::tenant_policy()),
            )
            .map({
                let seen = setup.seen.clone();
                move |_, caller: Authorized| seen.caller(&caller).into_response()
            })
            .boxed(),
        path!("optional")
            .and(get_or_head())
            .and(maybe(any_valid_token()))
            .boxed(),
        path!("optional" / "scope")
            .and(get_or_head())
            .and(maybe(reads()))
            .boxed(),
        path!("typed").and(get_or_head()).and(organization).boxed(),
        path!("scoped")
            .and(get_or_head())
            .and(caller(reads()))
            .boxed(),
        path!("alone")
            .and(get_or_head())
            .and(caller(any_valid_token()))
            .boxed(),
        path!("alone" / "optional")
            .and(get_or_head())
            .and(maybe(any_valid_token()))
            .boxed(),
        path!("alone" / "scoped")
            .and(get_or_head())
            .and(caller(reads()))
            .boxed(),
        path!("preflight")
            .and(setup.plain.require(any_valid_token()))
            .map(|_| ())
            .untuple_one()
            .and(nobody)
            .boxed(),
    ];
    let routes = routes
        .into_iter()
        .reduce(|routes, route| routes.or(route).unify().boxed())
        .unwrap();
    OnWarp(routes.recover(authz_warp::recover).unify().boxed())
}

struct OnWarp(Route);

impl App for OnWarp {
    // A handler gets its caller from `require` and from nowhere else.
    const CAN_FORGET: bool = false;

    async fn call(&self, request: Request<String>) -> Response<Bytes> {
        let answer = warp::service(self.0.clone()).call(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Response::from_parts(parts, body)
    }
}
