use authz_core::{Authorizer, ResourceMetadata};
use http::StatusCode;

/// Where the metadata of an API are looked for (RFC 9728 section 3). Those of a resource with a
/// path are below it as well.
pub const METADATA: &str = "/.well-known/oauth-protected-resource";

/// The metadata, if `path` is where they belong.
#[must_use]
pub fn resource_metadata<'a>(
    authorizer: &'a Authorizer,
    path: &str,
) -> Option<&'a ResourceMetadata> {
    authorizer
        .resource_metadata()
        .filter(|metadata| path == METADATA || path == metadata.path())
}

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

    fn authorizer(resource: Option<&str>) -> Authorizer {
        let builder = Authorizer::builder().issuer(
            Issuer::new("https://issuer.example/")
                .audience("https://api.example")
                .algorithms([Algorithm::HS256])
                .keys(SharedSecret::hs256([7; 32]).unwrap()),
        );
        match resource {
            Some(resource) => builder.resource(resource),
            None => builder,
        }
        .build()
        .unwrap()
    }

    #[test]
    fn metadata_are_where_they_belong() {
        let below = "/.well-known/oauth-protected-resource/v1";
        for (resource, path, there) in [
            (None, METADATA, false),
            (Some("https://api.example"), METADATA, true),
            (Some("https://api.example"), below, false),
            (Some("https://api.example/v1"), METADATA, true),
            (Some("https://api.example/v1"), below, true),
            (
                Some("https://api.example/v1"),
                "/.well-known/oauth-protected-resource/v2",
                false,
            ),
        ] {
            let authorizer = authorizer(resource);
            let found = resource_metadata(&authorizer, path);
            assert_eq!(found.is_some(), there, "{resource:?} {path}");
        }
    }

    #[test]
    fn keys_at_hand_are_readiness() {
        assert_eq!(readiness(&authorizer(None)), (StatusCode::OK, "ready"));
    }
}
