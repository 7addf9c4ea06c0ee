use authz_core::{Algorithm, Authorizer, BuildError, Scope};

use crate::{READ, TrustedIssuer, WRITE};

/// What the adapters of all three frameworks decide with.
pub(crate) fn authorizer(
    trusted: &TrustedIssuer,
    algorithms: &[Algorithm],
    resource: Option<&str>,
) -> Result<Authorizer, BuildError> {
    let scopes: [Scope; 2] = [READ, WRITE].map(|name| name.parse().expect("is a scope"));
    let mut builder = Authorizer::builder()
        .issuer(&trusted.issuer)
        .algorithms(algorithms.iter().copied())
        .scopes_supported(scopes);
    for audience in &trusted.audiences {
        builder = builder.audience(audience);
    }
    if let Some(uri) = &trusted.jwks_uri {
        builder = builder.jwks_uri(uri);
    }
    if let Some(resource) = resource {
        builder = builder.resource(resource);
    }
    builder.build()
}
