//! The table that all adapters share, on poem.

use adapter_tests::{App, Organization, ReadMessages, Seen, Setup};
#[cfg(feature = "rules")]
use authz_poem::RulesExt as _;
use authz_poem::{
    Authorized, Authorizer, FromData, MaybeAuthorized, MetadataError, RequireExt as _, Scoped,
    all_scopes, any_scope, any_valid_token, permission, scope,
};
use bytes::Bytes;
use http::{Request, Response};
use poem::{
    Endpoint, EndpointExt as _, Route,
    endpoint::BoxEndpoint,
    get, handler,
    http::uri::Scheme,
    web::{Data, LocalAddr, RemoteAddr},
};

adapter_tests::table!(app);
adapter_tests::metadata!(metadata_routes, nested_metadata_routes);

fn metadata_routes(authorizer: &Authorizer) -> Result<OnPoem, MetadataError> {
    let routes = authorizer.metadata_routes(Route::new())?;
    Ok(OnPoem(routes.map_to_response().boxed()))
}

fn nested_metadata_routes(authorizer: &Authorizer) -> Result<OnPoem, MetadataError> {
    let routes = Route::new().nest("/api", authorizer.metadata_routes(Route::new())?);
    Ok(OnPoem(routes.map_to_response().boxed()))
}

#[test]
fn a_path_that_cannot_be_routed_is_an_error() {
    let authorizer = |resource: &str| {
        let keys = authz_poem::jwks::SharedSecret::hs256([7; 32]).unwrap();
        let issuer = authz_poem::Issuer::new("https://login.example/").keys(keys);
        let issuer = issuer.algorithms([authz_poem::Algorithm::HS256]);
        let builder = adapter_tests::authorizer()
            .issuer(issuer)
            .resource(resource);
        builder.build().unwrap()
    };
    let path = "/.well-known/oauth-protected-resource";
    let taken = || Route::new().at(path, get(show_nobody));
    let error = |result: Result<Route, MetadataError>| result.err().map(|it| it.to_string());
    for (resource, route, path) in [
        ("https://api.example", taken(), Some(format!("{path:?}"))),
        ("https://api.example/v1", taken(), None),
        (
            "https://api.example//v1",
            Route::new(),
            Some(format!("{:?}", format!("{path}//v1"))),
        ),
    ] {
        let error = error(authorizer(resource).metadata_routes(route));
        let named = error
            .as_ref()
            .map(|it| path.as_ref().is_some_and(|path| it.contains(path)));
        assert_eq!(named, path.as_ref().map(|_| true), "{error:?}");
    }
}

#[cfg(feature = "rules")]
use authz_poem::RulePaths;
#[cfg(feature = "rules")]
adapter_tests::rules!(ruled);

#[cfg(feature = "rules")]
fn ruled(setup: &Setup, rules: authz_poem::rules::Rules) -> OnPoem {
    let app = Route::new()
        .at("/public", get(show_nobody))
        .at("/unlisted", get(show_nobody))
        .at("/off", get(show_nobody))
        .at("/messages", get(show_caller).post(show_caller))
        .at("/feed", show_maybe)
        .with(setup.plain.rules(rules.clone()));
    // A route inside another does not see the whole path, which is what the rules are about.
    let whole_paths = setup.plain.rules(rules).rule_paths(RulePaths::Original);
    let organizations = Route::new()
        .at("/:org/messages", get(show_caller))
        .with(whole_paths);
    let app = Route::new()
        .nest("/orgs", organizations)
        .nest("/", app)
        .data(setup.seen.clone());
    OnPoem(app.map_to_response().boxed())
}

fn app(setup: &Setup) -> OnPoem {
    let Setup {
        plain, typed, seen, ..
    } = setup;
    let messages = get(show_caller.with(plain.require(scope("read:messages"))))
        .post(show_caller.with(plain.require(scope("write:messages"))));
    let any_token = || plain.require(any_valid_token());
    let either = plain.require(any_scope(["a", "b"]));
    let both = plain.require(all_scopes(["a", "b"]));
    let permitted = plain.require(permission("delete:messages"));
    let whoever = plain.require(any_valid_token()).optional();
    let whoever_reads = plain.require(scope("read:messages")).optional();
    let app = Route::new()
        .at("/public", get(show_nobody))
        .at("/messages", messages)
        .at("/any", get(show_caller).with(any_token()))
        .at("/either", get(show_caller).with(either))
        .at("/both", get(show_caller).with(both))
        .at(
            "/orgs/:org/messages",
            get(show_caller).with(plain.require(adapter_tests::tenant_policy())),
        )
        .at("/permission", get(show_caller).with(permitted))
        .at("/optional", get(show_maybe).with(whoever))
        .at("/optional/scope", get(show_maybe).with(whoever_reads))
        .at(
            "/typed",
            get(show_organization).with(typed.require(any_valid_token())),
        )
        .at("/scoped", get(show_scoped).with(any_token()))
        .at("/preflight", show_nobody.with(any_token()))
        .at("/alone", get(show_alone))
        .at("/alone/optional", get(show_alone_maybe))
        .at("/alone/scoped", get(show_alone_scoped))
        .at("/forgotten", get(show_caller))
        .at("/forgotten/optional", get(show_maybe))
        .at("/forgotten/scoped", get(show_scoped))
        .data(plain.clone())
        .data(seen.clone());
    OnPoem(app.map_to_response().boxed())
}

#[handler]
async fn show_nobody(Data(seen): Data<&Seen>) -> String {
    seen.nobody()
}

#[handler]
async fn show_caller(Data(seen): Data<&Seen>, caller: Authorized) -> String {
    seen.caller(&caller)
}

#[handler]
async fn show_maybe(Data(seen): Data<&Seen>, caller: MaybeAuthorized) -> String {
    seen.maybe(caller.0.as_deref())
}

#[handler]
async fn show_organization(Data(seen): Data<&Seen>, caller: Authorized<Organization>) -> String {
    seen.organization(&caller)
}

#[handler]
async fn show_scoped(Data(seen): Data<&Seen>, caller: Scoped<ReadMessages>) -> String {
    seen.caller(&caller)
}

#[handler]
async fn show_alone(Data(seen): Data<&Seen>, caller: FromData<Authorized>) -> String {
    seen.caller(&caller.0)
}

#[handler]
async fn show_alone_maybe(Data(seen): Data<&Seen>, caller: FromData<MaybeAuthorized>) -> String {
    seen.maybe(caller.0.0.as_deref())
}

#[handler]
async fn show_alone_scoped(
    Data(seen): Data<&Seen>,
    caller: FromData<Scoped<ReadMessages>>,
) -> String {
    seen.caller(&caller.0)
}

struct OnPoem(BoxEndpoint<'static>);

impl App for OnPoem {
    const CAN_FORGET: bool = true;

    async fn call(&self, request: Request<String>) -> Response<Bytes> {
        let (parts, body) = request.into_parts();
        // As poem's server makes it; the builder leaves out the original target.
        let (local, remote) = (LocalAddr::default(), RemoteAddr::default());
        let parts = (parts, local, remote, Scheme::HTTP).into();
        let request = poem::Request::from_parts(parts, body.into());
        let answer = self.0.get_response(request).await;
        let (parts, body) = answer.into_parts();
        let mut response = Response::new(body.into_bytes().await.unwrap());
        *response.status_mut() = parts.status;
        *response.headers_mut() = parts.headers;
        *response.extensions_mut() = parts.extensions;
        response
    }
}
