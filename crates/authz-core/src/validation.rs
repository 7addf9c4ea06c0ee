//! The rules that a token's header and claims have to keep (RFC 7519, RFC 8725, RFC 9068 section 4).
//!
//! They are applied before the signature is checked: a token that fails them is refused without
//! the work, and costs no fetch. None of them makes a token good; only the signature does.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value};

use crate::{
    crypto::Algorithm,
    hints,
    issuer::{AudienceRule, Found, Issuers, TokenTypes, Trusted},
    rejection::Reason,
    token::{ProtectedHeader, RawHeader, Registered},
};

/// A refusal with what the operator wants to know about it.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    /// What would have been accepted.
    pub(crate) expected: Option<String>,
    /// What was there instead. From the caller: printed escaped, and cut.
    pub(crate) actual: Option<String>,
    pub(crate) hint: Option<&'static str>,
    /// When it makes sense to ask again.
    pub(crate) retry_after: Option<Duration>,
}

/// The rules about the header alone.
pub(crate) fn check_header<'a>(
    header: RawHeader<'a>,
    issuers: &Issuers,
) -> Result<ProtectedHeader<'a>, Refusal> {
    if let Some(extension) = header.extension {
        return Err(Refusal::new(Reason::UnsupportedExtension).actual(extension));
    }
    let algorithm = header.alg.as_deref().and_then(Algorithm::from_name);
    match algorithm {
        Some(algorithm) if issuers.accept(algorithm) => {
            Ok(ProtectedHeader::new(algorithm, header.kid, header.typ).with_nonce(header.nonce))
        }
        _ => Err(Refusal::new(Reason::AlgorithmNotAllowed)
            .expected(issuers.algorithms())
            .actual(header.alg.as_deref().unwrap_or("(no alg)"))),
    }
}

/// The issuer that the token says it is of.
pub(crate) fn issuer(
    claims: &Registered<'_>,
    padded: bool,
    issuers: &Issuers,
) -> Result<Arc<Trusted>, Refusal> {
    let iss = claims.iss.as_deref();
    match iss.map_or(Found::Unknown, |iss| issuers.find(iss, padded)) {
        Found::Trusted(trusted) => return Ok(trusted),
        Found::Later { retry_after } => {
            return Err(Refusal::new(Reason::KeysUnavailable)
                .actual(iss.unwrap_or_default())
                .retry_after(retry_after)
                .hint("a tenant seen for the first time; no further one is taken on now: see `Tenants::new_tenants` and `Tenants::max`"));
        }
        Found::Unknown => {}
    }
    if padded {
        return Err(Refusal::new(Reason::MalformedToken)
            .expected("canonical base64url: padding is for the tokens of an AWS load balancer"));
    }
    if iss.is_some_and(|iss| issuers.have_load_balancer_for(iss)) {
        return Err(Refusal::new(Reason::MalformedToken)
            .expected("base64url with padding, as an AWS load balancer writes it"));
    }
    let configured = issuers.iter().map(|trusted| &*trusted.issuer);
    let (expected, hint) = hints::issuer(iss.unwrap_or_default(), configured);
    Err(Refusal {
        expected: expected.map(str::to_owned),
        hint,
        ..Refusal::new(Reason::WrongIssuer).actual(iss.unwrap_or("(no iss)"))
    })
}

/// The rules of one issuer.
pub(crate) fn check_claims(
    claims: &Registered<'_>,
    header: &ProtectedHeader<'_>,
    trusted: &Trusted,
    now: Duration,
) -> Result<(), Refusal> {
    if !trusted.algorithms.contains(header.algorithm()) {
        return Err(Refusal::new(Reason::AlgorithmNotAllowed)
            .expected(trusted.algorithms)
            .actual(header.algorithm().name()));
    }
    check_type(header.token_type(), &trusted.token_types)?;
    check_audience(claims, trusted)?;
    check_client(claims, trusted)?;
    check_times(claims, trusted.leeway, now)?;
    if claims.bound {
        return Err(Refusal {
            hint: Some(
                "the token has `cnf`: it needs proof of possession, which is not supported yet",
            ),
            ..Refusal::new(Reason::SenderConstrained)
        });
    }
    if trusted.strict {
        for (name, there) in [
            ("sub", claims.sub.is_some()),
            ("client_id", claims.client_id.is_some()),
            ("iat", claims.iat.is_some()),
            ("jti", claims.jti.is_some()),
        ] {
            if !there {
                return Err(Refusal::new(Reason::MissingClaim).expected(name));
            }
        }
    }
    Ok(())
}

/// Whether `exp` is over: "on or after which the token must not be accepted" (RFC 7519 section
/// 4.1.4). The only rule that has to be applied again to a token verified before.
pub(crate) const fn is_expired(exp: u64, leeway: u64, now: Duration) -> bool {
    now.as_secs() >= exp.saturating_add(leeway)
}

fn check_type(typ: Option<&str>, accepted: &TokenTypes) -> Result<(), Refusal> {
    let is = |typ: &str, accepted: &[&str]| accepted.iter().any(|it| it.eq_ignore_ascii_case(typ));
    let fine = match (accepted, typ) {
        (TokenTypes::Common, None) => true,
        (TokenTypes::Common, Some(typ)) => is(typ, &["JWT", "at+jwt", "application/at+jwt"]),
        (TokenTypes::AccessTokenOnly, Some(typ)) => is(typ, &["at+jwt", "application/at+jwt"]),
        (TokenTypes::Only(types), Some(typ)) => types.iter().any(|it| it.eq_ignore_ascii_case(typ)),
        (TokenTypes::AccessTokenOnly | TokenTypes::Only(_), None) => false,
    };
    if fine {
        return Ok(());
    }
    Err(Refusal::new(Reason::WrongTokenType)
        .expected(match accepted {
            TokenTypes::Common => "at+jwt, JWT or no typ".to_owned(),
            TokenTypes::AccessTokenOnly => "at+jwt".to_owned(),
            TokenTypes::Only(types) => types.join(", "),
        })
        .actual(typ.unwrap_or("(no typ)")))
}

fn check_audience(claims: &Registered<'_>, trusted: &Trusted) -> Result<(), Refusal> {
    if claims.aud.is_none() && trusted.audience_rule == AudienceRule::Client {
        return Ok(());
    }
    let fine = claims.aud.as_ref().is_some_and(|aud| {
        aud.iter()
            .any(|aud| trusted.audiences.iter().any(|accepted| **accepted == *aud))
    });
    if fine {
        return Ok(());
    }
    let actual = claims.aud.as_ref().map_or_else(
        || "(no aud)".to_owned(),
        |aud| aud.iter().take(8).collect::<Vec<_>>().join(", "),
    );
    let client = claims.client_id.as_deref().or(claims.azp.as_deref());
    Err(Refusal {
        hint: hints::audience(&actual, client),
        ..Refusal::new(Reason::WrongAudience)
            .expected(trusted.audiences.join(", "))
            .actual(&actual)
    })
}

/// `client_id`, or else `azp`, where the issuer's clients are listed.
fn check_client(claims: &Registered<'_>, trusted: &Trusted) -> Result<(), Refusal> {
    // The header names it: see `check_load_balancer`.
    if trusted.load_balancer.is_some() {
        return Ok(());
    }
    let client = claims.client_id.as_deref().or(claims.azp.as_deref());
    let listed = |client: &str| trusted.clients.iter().any(|it| **it == *client);
    if trusted.clients.is_empty() || client.is_some_and(listed) {
        return Ok(());
    }
    Err(Refusal::new(Reason::WrongClient)
        .expected(trusted.clients.join(", "))
        .actual(client.unwrap_or("(no client_id or azp)")))
}

/// The claims that an issuer's tokens have to have with a certain value.
pub(crate) fn check_required(payload: &[u8], trusted: &Trusted) -> Result<(), Refusal> {
    if trusted.required_claims.is_empty() {
        return Ok(());
    }
    let claims: Map<String, Value> = serde_json::from_slice(payload).unwrap_or_default();
    for (name, value) in trusted.required_claims.iter() {
        let actual = claims.get(name);
        if actual.and_then(Value::as_str) != Some(value) {
            return Err(Refusal::new(Reason::WrongClaim)
                .expected(format_args!("{name} = {value:?}"))
                .actual(&actual.map_or_else(|| "(not there)".to_owned(), ToString::to_string)));
        }
    }
    Ok(())
}

fn check_times(claims: &Registered<'_>, leeway: u64, now: Duration) -> Result<(), Refusal> {
    let Some(exp) = claims.exp else {
        return Err(Refusal::new(Reason::MissingClaim).expected("exp"));
    };
    let seconds = now.as_secs();
    let at = |reason, time: u64| Refusal {
        hint: hints::time(time.abs_diff(seconds)),
        ..Refusal::new(reason)
            .expected(format_args!("at {seconds} with a leeway of {leeway} s"))
            .actual(&time.to_string())
    };
    if is_expired(exp.floor, leeway, now) {
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

impl Refusal {
    pub(crate) const fn new(reason: Reason) -> Self {
        Self {
            reason,
            expected: None,
            actual: None,
            hint: hints::reason(reason),
            retry_after: None,
        }
    }

    pub(crate) fn expected(mut self, expected: impl std::fmt::Display) -> Self {
        self.expected = Some(expected.to_string());
        self
    }

    pub(crate) fn actual(mut self, actual: &str) -> Self {
        self.actual = Some(cut(actual));
        self
    }

    pub(crate) const fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    pub(crate) const fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }
}

/// What a caller sent, short enough for a log line.
pub(crate) fn cut(text: &str) -> String {
    const MAX: usize = 200;
    match text.char_indices().nth(MAX) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}...", &text[..at]),
    }
}
