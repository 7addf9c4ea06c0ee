use std::{
    io,
    sync::{Arc, Mutex},
};

use authz_testkit::DevIssuer;

use crate::{App, Setup, case::get};

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
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        let guard = tracing::subscriber::set_default(subscriber);
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
            "reason=\"unguarded\"",
            extractor,
            path,
            "authorizer.require(policy)",
        ] {
            assert!(lines.matches(part).count() >= 2, "no {part} in {lines}");
        }
        assert!(!lines.contains(&token), "{lines}");
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("nobody panics writing")).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panics writing").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
