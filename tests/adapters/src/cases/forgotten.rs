use authz_testkit::DevIssuer;

use crate::{App, Setup, case::get, log::Log};

/// Handlers that ask for a caller where nothing guards them: 500, whatever the request carries, and a
/// line for the operator that says where.
pub async fn forgotten<A: App>(app: impl Fn(&Setup) -> A) {
    if !A::CAN_FORGET {
        return;
    }
    let issuer = DevIssuer::start().await;
    let setup = Setup::new(&issuer, |builder| builder);
    let app = app(&setup);
    let token = issuer.token().scope("read:messages").build();
    for (path, extractor) in [
        ("/forgotten", "Authorized"),
        ("/forgotten/optional", "Authorized"),
        ("/forgotten/scoped", "Scoped<"),
    ] {
        let log = Log::default();
        let guard = log.listen();
        let cases = [
            get(path).server_error("forgotten, no token"),
            get(path)
                .bearer(&token)
                .server_error("forgotten, a good token"),
        ];
        for case in cases {
            case.check(&app, &setup.seen).await;
        }
        drop(guard);

        let lines = log.text();
        assert_eq!(lines.matches("ERROR").count(), 2, "{lines}");
        for part in [
            "reason=\"missing_guard\"",
            extractor,
            path,
            "authorizer.require(policy)",
        ] {
            assert!(lines.matches(part).count() >= 2, "no {part} in {lines}");
        }
        assert!(!lines.contains(&token), "{lines}");
    }
}
