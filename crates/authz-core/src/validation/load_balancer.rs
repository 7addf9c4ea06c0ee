use serde::Deserialize;

use super::error::ValidationError;
use crate::{issuer::TrustedIssuer, rejection::Reason, untrusted::Excerpt};

/// Checks the header of a load balancer's token. Accepts tokens of issuers without a load balancer.
///
/// All load balancers of a region share their keys. Without the check of `signer`, a token signed
/// by a stranger's load balancer would be accepted.
pub(crate) fn check_load_balancer(
    header: &[u8],
    trusted: &TrustedIssuer,
) -> Result<(), ValidationError> {
    let Some(signer) = &trusted.load_balancer else {
        return Ok(());
    };
    let header: Header = serde_json::from_slice(header)
        .map_err(|error| ValidationError::new(Reason::MalformedHeader).actual(&error))?;
    let is = |actual: &Option<String>, expected: &str| actual.as_deref() == Some(expected);
    if !is(&header.signer, signer) {
        return Err(ValidationError::new(Reason::WrongIssuer)
            .expected(format_args!("signer = {}", Excerpt(signer)))
            .actual(header.signer.as_deref().unwrap_or("(no signer)"))
            .hint("another load balancer signed the token: any AWS customer can have one, so only the ARN given to `Issuer::aws_alb` is accepted"));
    }
    if !is(&header.iss, &trusted.issuer) {
        return Err(ValidationError::new(Reason::WrongIssuer)
            .expected(format_args!(
                "iss = {} in the header",
                Excerpt(&trusted.issuer)
            ))
            .actual(header.iss.as_deref().unwrap_or("(no iss)")));
    }
    if !(trusted.clients.iter()).any(|client| is(&header.client, client)) {
        return Err(ValidationError::new(Reason::WrongClient)
            .expected(trusted.clients.join(", "))
            .actual(header.client.as_deref().unwrap_or("(no client)")));
    }
    Ok(())
}

/// The members that a load balancer adds to the signed header. The claims don't have them.
#[derive(Deserialize)]
struct Header {
    signer: Option<String>,
    client: Option<String>,
    iss: Option<String>,
}
