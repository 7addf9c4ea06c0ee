//! Policies in the OpenAPI document of [poem-openapi](https://docs.rs/poem-openapi).
//!
//! [`Protected`] is a security scheme of poem-openapi. It verifies the token with the [`Authorizer`](crate::Authorizer)
//! from the request's data, requires a policy, and is the caller:
//!
//! ```
//! use authz_poem::{Authorizer, openapi::{self, IssuerScheme, Protected}, route_policy, scope};
//! use poem::{Endpoint, EndpointExt as _, Route, endpoint::make_sync};
//! use poem_openapi::{OpenApi, OpenApiService, payload::PlainText};
//!
//! route_policy!(pub ReadMessages = scope("read:messages"));
//!
//! struct Api;
//!
//! #[OpenApi]
//! impl Api {
//!     /// Lists the messages.
//!     #[oai(path = "/messages", method = "get")]
//!     async fn index(&self, caller: Protected<ReadMessages>) -> PlainText<String> {
//!         PlainText(format!("for {:?}", caller.subject()))
//!     }
//! }
//!
//! fn app(authorizer: Authorizer) -> impl Endpoint {
//!     let service = OpenApiService::new(Api, "Messages", "1.0");
//!     let scheme = IssuerScheme::oauth2("https://login.example/authorize", "https://login.example/token")
//!         .scope("read:messages", "Read messages");
//!     let document = openapi::document(&service, &scheme);
//!     Route::new()
//!         .at("/openapi.json", make_sync(move |_| document.clone()))
//!         .nest("/", service)
//!         .data(authorizer)
//! }
//! ```
//!
//! The operation then has:
//!
//! | member | value |
//! |---|---|
//! | `security` | `[{"oauth2": ["read:messages"]}]`. Each alternative of an `or` is one element, and an `and` merges scopes. |
//! | `x-authz-policy` | the policy as text |
//! | `description` | also the policy, if it requires more than scopes can say |
//! | `responses` | 401, 403 and 503 with their header fields and body, unless the handler documents them itself |
//!
//! Serve the result of [`document`], not `spec()` or `swagger_ui()` of the service. In poem-openapi, the
//! scopes of an operation come from an attribute of the parameter and never from its type, and the addresses of a
//! scheme are constants. So `spec()` only refers to the policies by their texts, and `document` writes them out.
//!
//! With the feature `rules`, `document_with_rules` documents a service that a table of rules guards.
//!
//! poem-openapi's router knows the path parameters as `param0`, `param1` and so on, in the order of the path. A policy
//! has to use these names: `path("param0")` for `/orgs/:org`. With `path("org")`, it rejects every request.

mod document;
mod protected;

pub use authz_core::openapi::{IssuerScheme, SECURITY_SCHEME};

#[cfg(feature = "rules")]
pub use self::document::document_with_rules;
pub use self::{
    document::document,
    protected::{Protected, RoutePolicy},
};

#[doc(hidden)]
pub use std::sync::LazyLock;
