//! Policies in the OpenAPI document of [utoipa](https://docs.rs/utoipa).
//!
//! With [utoipa-axum](https://docs.rs/utoipa-axum), [`require`](RequireRoutesExt::require) protects the routes
//! and documents them, both from the same policy:
//!
//! ```
//! use authz_axum::{Authorizer, openapi::{IssuerModifier, IssuerScheme, RequireRoutesExt as _}, scope};
//! use axum::{Router, routing::get};
//! use utoipa::Modify as _;
//! use utoipa_axum::{router::OpenApiRouter, routes};
//!
//! /// Lists the messages.
//! #[utoipa::path(get, path = "/messages", responses((status = 200, body = [String])))]
//! async fn list() -> axum::Json<Vec<String>> {
//!     axum::Json(Vec::new())
//! }
//!
//! fn app(authorizer: &Authorizer) -> Router {
//!     let (router, mut document) = OpenApiRouter::new()
//!         .routes(routes!(list).require(authorizer, scope("read:messages")))
//!         .split_for_parts();
//!     let scheme = IssuerScheme::oauth2("https://login.example/authorize", "https://login.example/token")
//!         .scope("read:messages", "Read messages");
//!     IssuerModifier(scheme).modify(&mut document);
//!     router.route("/openapi.json", get(async || axum::Json(document)))
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
//! [`IssuerModifier`] adds what these members refer to. Apply it last, because it lists the scopes of all operations.
//! Without utoipa-axum, call [`DocumentPolicy::require`] with the policy that the layer has:
//!
//! ```
//! use authz_axum::{openapi::{DocumentPolicy as _, IssuerModifier, IssuerScheme}, scope};
//! use utoipa::{Modify as _, OpenApi as _};
//!
//! # /// Lists the messages.
//! # #[utoipa::path(get, path = "/messages", responses((status = 200)))]
//! # async fn list() {}
//! #[derive(utoipa::OpenApi)]
//! #[openapi(paths(list))]
//! struct ApiDoc;
//!
//! let mut document = ApiDoc::openapi();
//! if let Some(messages) = document.paths.paths.get_mut("/messages") {
//!     messages.require(&scope("read:messages"));
//! }
//! IssuerModifier(IssuerScheme::open_id_connect("https://login.example")).modify(&mut document);
//! ```
//!
//! An operation without a policy stays as it is. A request with tokens in two places gets 400, which is not listed.

mod operation;
mod routes;
mod scheme;

pub use authz_core::openapi::{IssuerScheme, SECURITY_SCHEME};

pub use self::{operation::DocumentPolicy, routes::RequireRoutesExt, scheme::IssuerModifier};
