//! Checks a token's header and claims (RFC 7519, RFC 8725, RFC 9068 section 4).
//!
//! These checks run before the signature check, so a token that fails them costs no signature check
//! and no fetch. Passing them proves nothing: only the signature makes a token valid.

mod answer;
mod error;
mod load_balancer;

use std::{fmt, sync::Arc, time::Duration};

pub(crate) use self::{
    answer::check_answer, error::ValidationError, load_balancer::check_load_balancer,
};
use crate::{
    client_certificate::MutualTls,
    confirmation::{Cnf, Confirmation},
    crypto::Algorithm,
    dpop::Dpop,
    hints,
    issuer::{AudienceRule, ClaimRule, Found, Issuers, TenantStanding, TokenTypes, TrustedIssuer},
    rejection::Reason,
    token::{ClaimValue, ProtectedHeader, RawHeader, TokenClaims},
};

/// Checks the header: extensions and algorithm.
pub(crate) fn check_header<'a>(
    header: RawHeader<'a>,
    issuers: &Issuers,
) -> Result<ProtectedHeader<'a>, ValidationError> {
    if let Some(extension) = header.extension {
        return Err(ValidationError::new(Reason::UnsupportedExtension).actual(extension));
    }
    let algorithm = header.alg.as_deref().and_then(Algorithm::from_name);
    match algorithm {
        Some(algorithm) if issuers.accept(algorithm) => {
            Ok(ProtectedHeader::new(algorithm, header.kid, header.typ).with_nonce(header.nonce))
        }
        _ => Err(ValidationError::new(Reason::AlgorithmNotAllowed)
            .expected(issuers.algorithms())
            .actual(header.alg.as_deref().unwrap_or("(no alg)"))),
    }
}

/// Returns the trusted issuer that the token's `iss` names.
pub(crate) fn issuer(
    claims: &TokenClaims<'_>,
    padded: bool,
    issuers: &Issuers,
) -> Result<Arc<TrustedIssuer>, ValidationError> {
    let iss = claims.iss.as_deref();
    match iss.map_or(Found::Unknown, |iss| issuers.find(iss, padded)) {
        Found::Trusted(trusted) => return Ok(trusted),
        Found::RateLimited { retry_after } => {
            return Err(ValidationError::new(Reason::KeysUnavailable)
                .actual(iss.unwrap_or_default())
                .retry_after(retry_after)
                .hint("the tenant is new, and the limit on new tenants is reached: see `Tenants::new_tenants` and `Tenants::max`"));
        }
        Found::Unknown => {}
    }
    if padded {
        return Err(ValidationError::new(Reason::MalformedToken).expected(
            "base64url without padding: only tokens of an AWS load balancer have padding",
        ));
    }
    if iss.is_some_and(|iss| issuers.have_load_balancer_for(iss)) {
        return Err(ValidationError::new(Reason::MalformedToken)
            .expected("base64url with padding, as AWS load balancers send it"));
    }
    let refusal = ValidationError::new(Reason::WrongIssuer).actual(iss.unwrap_or("(no iss)"));
    if !refusal.is_logged {
        return Err(refusal);
    }
    let configured = issuers.iter().map(|trusted| &*trusted.issuer);
    let (expected, hint) = hints::issuer(iss.unwrap_or_default(), configured);
    Err(match expected {
        Some(expected) => refusal.expected(expected),
        None => refusal,
    }
    .hint(hint))
}

/// Checks the claims against the issuer's settings.
pub(crate) fn check_claims(
    claims: &TokenClaims<'_>,
    header: &ProtectedHeader<'_>,
    trusted: &TrustedIssuer,
    now: Duration,
) -> Result<(), ValidationError> {
    if !trusted.algorithms.contains(header.algorithm()) {
        return Err(ValidationError::new(Reason::AlgorithmNotAllowed)
            .expected(trusted.algorithms)
            .actual(header.algorithm().name()));
    }
    check_type(header.token_type(), &trusted.token_types)?;
    check_audience(claims, trusted)?;
    check_client(claims, trusted)?;
    check_times(claims, trusted.leeway, now)?;
    check_confirmation(claims.cnf, trusted)?;
    if trusted.strict {
        for (name, there) in [
            ("sub", claims.sub.is_some()),
            ("client_id", claims.client_id.is_some()),
            ("iat", claims.iat.is_some()),
            ("jti", claims.jti.is_some()),
        ] {
            if !there {
                return Err(ValidationError::new(Reason::MissingClaim).expected(name));
            }
        }
    }
    Ok(())
}

/// Checks that the token is bound in no way that can't be proven here, and that it is bound if it must be.
fn check_confirmation(cnf: Cnf, trusted: &TrustedIssuer) -> Result<(), ValidationError> {
    let refused =
        |hint: &'static str| Err(ValidationError::new(Reason::SenderConstrained).hint(hint));
    let confirmation = match cnf {
        Cnf::Absent => Confirmation::default(),
        Cnf::Known(confirmation) => confirmation,
        Cnf::Unsupported => {
            return refused(
                "`cnf` has no member that is supported, or an invalid one: `jkt` and `x5t#S256` are",
            );
        }
    };
    let unbound = |hint| Err(ValidationError::new(Reason::UnboundToken).hint(hint));
    match (trusted.dpop, confirmation.jkt) {
        (Dpop::Off, Some(_)) => {
            return refused(
                "the token is bound to a key by DPoP: accept such tokens with `Issuer::dpop`",
            );
        }
        (Dpop::Required, None) => {
            return unbound(
                "the issuer is configured with `Dpop::Required`: the client must request a token that is bound to its key",
            );
        }
        _ => {}
    }
    match (trusted.mutual_tls, confirmation.x5t) {
        (MutualTls::Off, Some(_)) => refused(
            "the token is bound to a client certificate: accept such tokens with `Issuer::mutual_tls`",
        ),
        (MutualTls::Required, None) => unbound(
            "the issuer is configured with `MutualTls::Required`: the client must request a token that is bound to its certificate",
        ),
        _ => Ok(()),
    }
}

/// Returns `true` if `exp` has passed: "on or after which the JWT MUST NOT be accepted" (RFC 7519
/// section 4.1.4). It runs again on every cache hit.
pub(crate) const fn is_expired(exp: u64, leeway: u64, now: Duration) -> bool {
    now.as_secs() >= exp.saturating_add(leeway)
}

/// Returns `typ` without the prefix `application/`, which is optional if no other slash follows
/// (RFC 7515 section 4.1.9).
fn media_type(typ: &str) -> &str {
    const PREFIX: &str = "application/";
    match typ.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) && !rest.contains('/') => rest,
        _ => typ,
    }
}

/// Rejects a token whose tenant was displaced or retired during verification.
pub(crate) fn check_standing(trusted: &TrustedIssuer) -> Result<(), ValidationError> {
    match trusted.standing() {
        TenantStanding::Trusted => Ok(()),
        TenantStanding::Displaced => Err(ValidationError::new(Reason::KeysUnavailable)
            .actual(&*trusted.issuer)
            .retry_after(Duration::from_secs(1))
            .hint("another tenant displaced this one before its keys arrived: see `Tenants::max`")),
        TenantStanding::Retired => Err(ValidationError::new(Reason::WrongIssuer)
            .actual(&*trusted.issuer)
            .hint("the tenant was retired")),
    }
}

fn check_type(typ: Option<&str>, accepted: &TokenTypes) -> Result<(), ValidationError> {
    let is = |typ: &str, accepted: &str| {
        media_type(typ).eq_ignore_ascii_case(media_type(accepted)) && !typ.is_empty()
    };
    let fine = match (accepted, typ) {
        (TokenTypes::Lenient, None) => true,
        (TokenTypes::Lenient, Some(typ)) => is(typ, "JWT") || is(typ, "at+jwt"),
        (TokenTypes::AccessTokenOnly, Some(typ)) => is(typ, "at+jwt"),
        (TokenTypes::Only(types), Some(typ)) => types.iter().any(|it| is(typ, it)),
        (TokenTypes::AccessTokenOnly | TokenTypes::Only(_), None) => false,
    };
    if fine {
        return Ok(());
    }
    let refusal = ValidationError::new(Reason::WrongTokenType).actual(typ.unwrap_or("(no typ)"));
    Err(match accepted {
        TokenTypes::Lenient => refusal.expected("at+jwt, JWT or no typ"),
        TokenTypes::AccessTokenOnly => refusal.expected("at+jwt"),
        TokenTypes::Only(types) => refusal.expected(CommaSeparated(types.iter())),
    })
}

fn check_audience(
    claims: &TokenClaims<'_>,
    trusted: &TrustedIssuer,
) -> Result<(), ValidationError> {
    if claims.aud.is_none() && trusted.audience_rule != AudienceRule::Audience {
        return Ok(());
    }
    let fine = claims.aud.as_ref().is_some_and(|aud| {
        aud.iter()
            .any(|aud| trusted.audiences.iter().any(|accepted| **accepted == *aud))
    });
    if fine {
        return Ok(());
    }
    let refusal = ValidationError::new(Reason::WrongAudience);
    if !refusal.is_logged {
        return Err(refusal);
    }
    let client = claims.client();
    let Some(aud) = &claims.aud else {
        return Err(refusal
            .expected(CommaSeparated(trusted.audiences.iter()))
            .actual("(no aud)")
            .hint(hints::audience("(no aud)", client)));
    };
    let only = aud.iter().next().filter(|_| aud.iter().nth(1).is_none());
    Err(match only {
        Some(only) => refusal.actual(only),
        None => refusal.actual(CommaSeparated(aud.iter().take(8))),
    }
    .expected(CommaSeparated(trusted.audiences.iter()))
    .hint(only.and_then(|only| hints::audience(only, client))))
}

/// Checks `client_id`, or else `azp`, if the issuer's clients are listed.
fn check_client(claims: &TokenClaims<'_>, trusted: &TrustedIssuer) -> Result<(), ValidationError> {
    // A load balancer names the client in the header: see `check_load_balancer`.
    if trusted.load_balancer.is_some() {
        return Ok(());
    }
    let client = claims.client();
    let listed = |client: &str| trusted.clients.iter().any(|it| **it == *client);
    if trusted.clients.is_empty() || client.is_some_and(listed) {
        return Ok(());
    }
    Err(ValidationError::new(Reason::WrongClient)
        .expected(CommaSeparated(trusted.clients.iter()))
        .actual(client.unwrap_or("(no client_id or azp)")))
}

/// Checks the claims that distinguish the issuer's access tokens from its other tokens.
pub(crate) fn check_claim_rules(
    claims: &TokenClaims<'_>,
    trusted: &TrustedIssuer,
) -> Result<(), ValidationError> {
    for rule in trusted.claim_rules.iter() {
        match rule {
            ClaimRule::Equals(name, value) => {
                let actual = claims.claim(name);
                if !actual.as_ref().is_some_and(|it| it.is_text(value)) {
                    return Err(wrong_claim(name, value, actual.as_ref()));
                }
            }
            ClaimRule::EqualsIfPresent(name, value) => {
                let actual = claims.claim(name);
                if actual.as_ref().is_some_and(|it| !it.is_text(value)) {
                    return Err(wrong_claim(name, value, actual.as_ref())
                        .hint("an ID token, a refresh token or another kind of token was sent: send the access token"));
                }
            }
            ClaimRule::OneOf(names) => {
                let there =
                    |name: &String| claims.claim(name).is_some_and(|it| it != ClaimValue::Null);
                if !names.iter().any(there) {
                    return Err(ValidationError::new(Reason::WrongClaim)
                        .expected(format_args!(
                            "one of the claims {}",
                            CommaSeparated(names.iter())
                        ))
                        .actual("(none of them)")
                        .hint(hints::ID_TOKEN));
                }
            }
            ClaimRule::Absent(name) => {
                if claims.claim(name).is_some() {
                    return Err(ValidationError::new(Reason::WrongClaim)
                        .expected(format_args!("no claim {name}"))
                        .actual("(present)")
                        .hint(hints::ID_TOKEN));
                }
            }
        }
    }
    Ok(())
}

fn wrong_claim(name: &str, value: &str, actual: Option<&ClaimValue<'_>>) -> ValidationError {
    let refusal =
        ValidationError::new(Reason::WrongClaim).expected(format_args!("{name} = {value:?}"));
    match actual {
        None => refusal.actual("(absent)"),
        Some(value) => refusal.actual(value),
    }
}

fn check_times(
    claims: &TokenClaims<'_>,
    leeway: u64,
    now: Duration,
) -> Result<(), ValidationError> {
    if claims.exp.is_none() {
        return Err(ValidationError::new(Reason::MissingClaim).expected("exp"));
    }
    check_given_times(claims, leeway, now)
}

fn check_given_times(
    claims: &TokenClaims<'_>,
    leeway: u64,
    now: Duration,
) -> Result<(), ValidationError> {
    let seconds = now.as_secs();
    let at = |reason, time: u64| {
        ValidationError::new(reason)
            .expected(format_args!("at {seconds} with a leeway of {leeway} s"))
            .actual(time)
            .hint(hints::time(time.abs_diff(seconds)))
    };
    if let Some(exp) = claims.exp
        && is_expired(exp.floor, leeway, now)
    {
        return Err(at(Reason::Expired, exp.floor));
    }
    let reached = seconds.saturating_add(leeway);
    if let Some(nbf) = claims.nbf.filter(|nbf| nbf.ceil > reached) {
        return Err(at(Reason::NotYetValid, nbf.ceil));
    }
    if let Some(iat) = claims.iat.filter(|iat| iat.floor > reached) {
        return Err(at(Reason::IssuedInFuture, iat.floor));
    }
    Ok(())
}

/// Displays strings separated by commas.
struct CommaSeparated<I>(I);

impl<T: AsRef<str>, I: Iterator<Item = T> + Clone> fmt::Display for CommaSeparated<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, text) in self.0.clone().enumerate() {
            f.write_str(if i > 0 { ", " } else { "" })?;
            f.write_str(text.as_ref())?;
        }
        Ok(())
    }
}
