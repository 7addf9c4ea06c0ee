use authz_core::{Algorithm, Authorizer, BuildError, Issuer, Resource};

use crate::{READ, TrustedIssuer, WRITE};

/// What the adapters of all three frameworks decide with.
pub(crate) fn authorizer(
    trusted: &TrustedIssuer,
    algorithms: &[Algorithm],
    resource: Option<&str>,
) -> Result<Authorizer, BuildError> {
    let mut issuer = Issuer::new(&trusted.issuer).algorithms(algorithms.iter().copied());
    for audience in &trusted.audiences {
        issuer = issuer.audience(audience);
    }
    if let Some(uri) = &trusted.jwks_uri {
        issuer = issuer.jwks_uri(uri);
    }
    let TrustedIssuer {
        discovery_url,
        http_hosts,
        ca_file,
        ..
    } = trusted.clone();
    let issuer = issuer.key_settings(move |mut keys| {
        if let Some(url) = &discovery_url {
            keys = keys.metadata_url(url);
        }
        if let Some(path) = &ca_file {
            keys = keys.ca_file(path);
        }
        keys.dangerous_allow_http(http_hosts.clone())
    });
    let mut builder = Authorizer::builder().issuer(issuer);
    if let Some(resource) = resource {
        let resource = Resource::new(resource).scopes_supported([READ, WRITE]);
        builder = builder.resource(resource.also_at_root());
    }
    builder.build()
}
