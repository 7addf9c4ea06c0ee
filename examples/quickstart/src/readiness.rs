use authz_core::Authorizer;
use http::StatusCode;

/// What `/readyz` answers: requests can be decided about once the issuer's keys are there.
#[must_use]
pub fn readiness(authorizer: &Authorizer) -> (StatusCode, &'static str) {
    match authorizer.is_ready() {
        true => (StatusCode::OK, "ready"),
        false => (
            StatusCode::SERVICE_UNAVAILABLE,
            "waiting for the issuer's keys",
        ),
    }
}

#[cfg(test)]
mod tests {
    use authz_core::{Algorithm, Issuer, jwks::SharedSecret};

    use super::*;

    #[test]
    fn keys_at_hand_are_readiness() {
        let issuer = Issuer::new("https://issuer.example/")
            .audience("https://api.example")
            .algorithms([Algorithm::HS256])
            .keys(SharedSecret::hs256([7; 32]).unwrap());
        let authorizer = Authorizer::new(issuer).unwrap();
        assert_eq!(readiness(&authorizer), (StatusCode::OK, "ready"));
    }
}
