//! What tenants write to the log. In a file of its own: a subscriber of one thread sees all events only
//! where no other thread of the process comes first.

mod support;

use std::time::Duration;

use authz_core::{Algorithm, Issuer, Tenants};
use authz_testkit::{SigningKey, TokenBuilder};
use support::{AUDIENCE, KeyServer, log::Log, pass, status};
use tracing_subscriber::filter::LevelFilter;

/// The only tenant there is room for is one that was good: nobody displaces it.
#[tokio::test(start_paused = true)]
async fn a_lack_of_room_is_logged_once_a_minute() {
    let log = Log::default();
    let _default = tracing::subscriber::set_default(log.subscriber(LevelFilter::INFO));
    let key = SigningKey::shared(Algorithm::ES256);
    let server = KeyServer::new([key.clone()]);
    let metadata = serde_json::json!({
        "issuer": "https://real.login.example/", "jwks_uri": "https://real.login.example/",
        "keys": [key.public_jwk()],
    });
    server.serve(metadata.to_string());
    let tenants = Tenants::matching(
        Issuer::new("https://{tenant}.login.example/")
            .audience(AUDIENCE)
            .key_settings(move |keys| keys.fetcher(server.clone()))
            .algorithms([Algorithm::ES256]),
    )
    .max(1);
    let authorizer = support::authorizer().tenants(tenants).build().unwrap();
    let token = |tenant: &str| {
        let issuer = format!("https://{tenant}.login.example/");
        TokenBuilder::new(&key)
            .issuer(issuer)
            .audience(AUDIENCE)
            .build()
    };
    assert_eq!(status(&authorizer, &token("real")).await, 200);
    for second in 0..150 {
        for i in 0..10 {
            let stranger = token(&format!("fake-{second}-{i}"));
            assert_eq!(status(&authorizer, &stranger).await, 503);
        }
        pass(Duration::from_secs(1)).await;
    }
    assert_eq!(status(&authorizer, &token("real")).await, 200);
    let log = log.text();
    let lines = log.matches("the maximum number of tenants is reached");
    assert_eq!(lines.count(), 3);
}
