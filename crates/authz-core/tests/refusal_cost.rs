//! What a bad token costs does not grow with what its sender puts into it. In a file of its own: the
//! subscriber is the process's.

mod support;

use allocation_counter::measure;
use authz_core::{Authorizer, Issuer, RequestParts, any_valid_token, jwks::StaticKeys};
use support::{AUDIENCE, key, token};

#[test]
fn a_refusal_that_nobody_reads_takes_little_memory() {
    let key = key();
    let set = serde_json::json!({"keys": [key.public_jwk()]}).to_string();
    let keys = || StaticKeys::from_jwks(set.as_bytes()).unwrap();
    let audiences = (0..1000).map(|i| format!("https://api-{i}.example"));
    let issuer = audiences.fold(support::issuer(), Issuer::audience);
    let mut builder = support::authorizer().issuer(issuer.keys(keys()));
    for i in 0..1000 {
        builder = builder.issuer(
            Issuer::new(format!("https://issuer-{i}.example/"))
                .audience(AUDIENCE)
                .keys(keys()),
        );
    }
    let authorizer = builder.build().unwrap();
    let long = "https://x.example/".to_owned() + &"a".repeat(11_000);
    let good = || token(&key);
    for (name, token) in [
        ("iss", good().issuer(long.clone())),
        ("aud", good().audience(long.clone())),
        ("exp", good().expires_in(-3600)),
        ("alg", good().header("alg", "none")),
        ("typ", good().typ(Some("logout+jwt"))),
        ("sub", good().claim("sub", 42)),
    ] {
        let token = token.build();
        let cost = refusals(&authorizer, &token);
        // The decoded token, the answer's few texts, and the log's line where there is one.
        for (logged, bytes) in [(false, cost.unlogged), (true, cost.logged)] {
            let limit = 2 * token.len() as u64 + if logged { 8192 } else { 2048 };
            assert!(bytes < limit, "{name}, logged {logged}: {bytes} bytes");
        }
    }
}

struct Cost {
    unlogged: u64,
    logged: u64,
}

fn refusals(authorizer: &Authorizer, token: &str) -> Cost {
    let request = http::Request::get("/")
        .header("authorization", format!("Bearer {token}"))
        .body(())
        .unwrap();
    let policy = any_valid_token();
    let refuse = || {
        let outcome = authorizer.decide(&RequestParts::from(&request), &policy);
        assert!(matches!(outcome, authz_core::Admission::Ready(Err(_))));
    };
    refuse();
    let unlogged = measure(refuse).bytes_total;
    let subscriber = tracing_subscriber::fmt()
        .with_writer(std::io::sink)
        .finish();
    let logged = tracing::subscriber::with_default(subscriber, || {
        refuse();
        measure(refuse).bytes_total
    });
    Cost { unlogged, logged }
}
