//! What the issuer says of itself: nobody is to mistake it for a real one.

use std::{
    io,
    sync::{Arc, Mutex},
};

use authz_testkit::DevIssuer;

#[tokio::test]
async fn it_says_that_it_is_for_development() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let issuer = DevIssuer::start().await;
    drop(guard);

    let lines = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(lines.contains("WARN"), "{lines}");
    assert!(lines.contains("for development and tests only"), "{lines}");
    assert!(lines.contains(issuer.issuer()), "{lines}");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
