//! The table of requests and answers that every adapter is held to.
//!
//! An adapter serves the routes that [`Setup`] lists on its framework, each route in the framework's
//! own idiom, and puts [`table!`] into a test:
//!
//! ```text
//! fn app(setup: &adapter_tests::Setup) -> impl adapter_tests::App { ... }
//!
//! adapter_tests::table!(app);
//! ```
//!
//! Every answer that is not the handler's own is compared to the byte: status, all headers but those
//! that frameworks add (`Date`, `Content-Length`, `Server`), body. So adapters that pass answer alike.

mod app;
mod case;
mod cases;
mod log;
mod setup;

pub use crate::{
    app::App,
    cases::{
        credentials, extractors, forgotten, instead_of_authorization, keys, metadata, methods,
        misfits, optional, outage, policies, references, rules, settings, sources, tenants, tokens,
    },
    setup::{Organization, ReadMessages, Seen, Setup, authorizer, tenant_policy},
};

/// A test of a whole service behind a table of rules: `$app` makes it of the setup and the table.
#[macro_export]
macro_rules! rules {
    ($app:path) => {
        #[tokio::test]
        async fn rules() {
            $crate::rules($app).await;
        }
    };
}

/// A test of the metadata: `$app` makes an app of their routes alone, `$nested` one that has them behind the
/// prefix `/api`.
#[macro_export]
macro_rules! metadata {
    ($app:path, $nested:path) => {
        #[tokio::test]
        async fn metadata() {
            $crate::metadata($app, $nested).await;
        }
    };
}

/// One test for each part of the table, run against the apps that `$app` makes.
#[macro_export]
macro_rules! table {
    ($app:path) => {
        $crate::table!(
            $app: credentials tokens policies tenants optional methods extractors misfits forgotten sources instead_of_authorization settings references outage keys
        );
    };
    ($app:path: $($part:ident)*) => {
        $(
            #[tokio::test]
            async fn $part() {
                $crate::$part($app).await;
            }
        )*
    };
}
