use std::{iter, time::Duration};

use super::{
    check_audience, check_claim_rules, check_client, check_confirmation, check_given_times,
    error::ValidationError,
};
use crate::{
    confirmation::{Cnf, Confirmation},
    hints,
    issuer::TrustedIssuer,
    rejection::Reason,
    token::{ClaimValue, TokenClaims},
    untrusted::Excerpt,
};

/// Checks the members of an introspection response (RFC 7662 section 2.2) about an active token. All but `aud` may
/// be missing.
///
/// The issuer says that the token is active, not that it is for this API. `own_cnf` is what the token itself says if it
/// is a JWT: an answer without it would make a bearer token of a bound one (RFC 9449 section 6.2).
pub(crate) fn check_answer(
    claims: &TokenClaims<'_>,
    own_cnf: Cnf,
    trusted: &TrustedIssuer,
    now: Duration,
) -> Result<(), ValidationError> {
    if let Some(iss) = claims.iss.as_deref().filter(|iss| **iss != *trusted.issuer) {
        let (_, hint) = hints::issuer(iss, iter::once(&*trusted.issuer));
        return Err(ValidationError::new(Reason::WrongIssuer)
            .expected(Excerpt(&trusted.issuer))
            .actual(iss)
            .hint(hint));
    }
    check_audience(claims, trusted)?;
    check_client(claims, trusted)?;
    check_given_times(claims, trusted.leeway, now)?;
    check_confirmation(claims.cnf, trusted)?;
    if own_cnf != Cnf::Absent && own_cnf != claims.cnf {
        return Err(ValidationError::new(Reason::SenderConstrained).hint(
            "the token is bound to a key or certificate (`cnf`), but the issuer's answer has no `cnf` or another one",
        ));
    }
    let is_dpop = matches!(
        claims.claim("token_type"),
        Some(ClaimValue::Text(text)) if text.eq_ignore_ascii_case("DPoP")
    );
    let has_key = matches!(claims.cnf, Cnf::Known(Confirmation { jkt: Some(_), .. }));
    if is_dpop && !has_key {
        return Err(ValidationError::new(Reason::SenderConstrained).hint(
            "the issuer says that the token is bound by DPoP (`token_type`), but not to which key (`cnf`)",
        ));
    }
    check_claim_rules(claims, trusted)
}
