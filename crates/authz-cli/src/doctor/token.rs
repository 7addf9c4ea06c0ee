use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use authz_core::{
    Algorithm, Authorized, Authorizer, Dpop, DpopProofs, Issuer, MutualTls, Policy,
    ProtectedHeader, Reason, RequestParts, any_valid_token, async_trait,
    jwks::{JwksProvider, KeyLookup, SharedSecret, StaticKeys},
};
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing_subscriber::{Layer, layer::SubscriberExt as _};
use url::Url;

use super::{
    binding::TokenBinding,
    discovery::{FoundKeys, slash},
    fetch::Http,
    report::{Diagnosis, Outcome, Report},
    status::ListedStatus,
};

pub(super) struct Subject<'a> {
    pub(super) issuer: &'a str,
    pub(super) audience: &'a str,
    pub(super) token: &'a str,
    pub(super) policy: Option<&'a Policy>,
    pub(super) skew: Option<i64>,
}

/// The checks in the order in which a server makes them, and the reasons with which each refuses.
const CHECKS: &[(&str, &[&str])] = &[
    ("length", &["token_too_large"]),
    (
        "form",
        &[
            "malformed_credentials",
            "opaque_token",
            "encrypted_token",
            "malformed_token",
        ],
    ),
    ("header", &["malformed_header"]),
    ("extensions", &["unsupported_extension"]),
    ("algorithm", &["algorithm_not_allowed"]),
    ("claims", &["malformed_claims"]),
    ("issuer", &["wrong_issuer"]),
    ("type", &["wrong_token_type"]),
    ("audience", &["wrong_audience"]),
    ("client", &["wrong_client"]),
    (
        "times",
        &[
            "missing_claim",
            "expired",
            "not_yet_valid",
            "issued_in_future",
        ],
    ),
    ("binding", &["sender_constrained"]),
    ("required claims", &["wrong_claim"]),
    (
        "key",
        &[
            "unknown_key",
            "key_not_for_algorithm",
            "too_many_candidate_keys",
            "keys_unavailable",
        ],
    ),
    ("signature", &["invalid_signature"]),
];

/// The keys of tokens signed with a shared secret.
pub(super) fn secret(secret: String, report: &mut Report) -> FoundKeys {
    match SharedSecret::hs256(secret) {
        Ok(secret) => {
            report.step("shared secret", Outcome::Good, None);
            FoundKeys::Secret(secret)
        }
        Err(error) => {
            report.step("shared secret", Outcome::Bad, error.to_string());
            report.diagnose(
                Diagnosis::SecretTooShort,
                format!("the shared secret can't be used: {error}"),
                "generate one of 32 random bytes at least, as with `openssl rand -base64 32`, and give it to issuer and API; better: public keys",
            );
            FoundKeys::None
        }
    }
}

/// Checks the token with the engine that servers use.
pub(super) async fn examine(
    subject: &Subject<'_>,
    keys: FoundKeys,
    http: &Http,
    report: &mut Report,
) -> anyhow::Result<()> {
    let claims = crate::explain::claims(subject.token).unwrap_or_default();
    let (binding, status) = (TokenBinding::of(&claims), ListedStatus::of(&claims));
    let is_secret = matches!(keys, FoundKeys::Secret(_));
    let known: Vec<_> = match &keys {
        FoundKeys::Set(keys) => keys
            .iter()
            .filter_map(|it| it.kid().map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    };
    let issuer = Issuer::new(subject.issuer)
        .audience(subject.audience)
        .dpop(Dpop::Accepted)
        .mutual_tls(MutualTls::Accepted);
    let issuer = if is_secret {
        issuer.algorithms([Algorithm::HS256])
    } else {
        issuer.algorithms(
            Algorithm::ALL
                .into_iter()
                .filter(|it| !it.name().starts_with("HS")),
        )
    };
    let issuer = match keys {
        FoundKeys::Set(keys) => issuer.keys(StaticKeys::from(keys)),
        FoundKeys::Secret(secret) => issuer.keys(secret),
        FoundKeys::None => issuer.keys(Unknown),
    };
    // No proof is ever checked, so the address does not matter.
    let builder = Authorizer::builder()
        .issuer(issuer)
        .dpop_proofs(DpopProofs::for_public_url("https://api.example"));
    let authorizer = match &status {
        Some(status) => status.add(builder, http).build()?,
        None => builder.build()?,
    };
    let (verdict, seen) = verify(&authorizer, subject.token, binding).await?;
    let all_good = |report: &mut Report| {
        for (check, _) in CHECKS {
            report.step(*check, Outcome::Good, None);
        }
        binding.explain(report);
    };
    match (verdict, status) {
        (Ok(caller), status) => {
            all_good(report);
            if let Some(status) = status {
                status.is_valid(report);
            }
            let caller = caller.unwrap_or_else(|| crate::explain::caller(claims));
            if let Some(policy) = subject.policy {
                let decision = caller.explain(policy);
                let outcome = if decision.allowed {
                    Outcome::Good
                } else {
                    Outcome::Bad
                };
                report.step("policy", outcome, decision.summary());
                if !decision.allowed {
                    report.diagnose(
                        Diagnosis::PolicyNotMet,
                        format!("the token is good, but does not satisfy {policy}"),
                        format!("request a token with: {}", decision.scopes.join(" ")),
                    );
                }
            }
        }
        (Err(Reason::Revoked), Some(status)) => {
            all_good(report);
            status.is_revoked(report);
        }
        (Err(Reason::RevocationsUnavailable), Some(status)) => {
            all_good(report);
            status.is_unknown(seen.error.as_deref(), report);
        }
        (Err(reason), _) => {
            steps(reason, &seen, report);
            diagnose(reason, &seen, subject, &known, report);
        }
    }
    Ok(())
}

/// Verifies the token, and returns what the log says of a refusal. A good token that is bound has no caller, because
/// that takes a proof.
async fn verify(
    authorizer: &Authorizer,
    token: &str,
    binding: TokenBinding<'_>,
) -> anyhow::Result<(Result<Option<Authorized>, Reason>, Seen)> {
    let scheme = if binding.jkt.is_some() {
        "DPoP"
    } else {
        "Bearer"
    };
    let request = http::Request::get("/");
    let request = request.header("authorization", format!("{scheme} {token}"));
    let refusal = LoggedRefusal::default();
    let subscriber = tracing_subscriber::registry().with(RefusalRecorder(refusal.clone()));
    let guard = tracing::subscriber::set_default(subscriber);
    let verdict = match binding.is_bound() {
        true => {
            let request = request
                .body(())
                .context("the token is not one line of text")?;
            let parts = RequestParts::from(&request);
            authorizer.authorize(&parts, &any_valid_token()).await
        }
        false => authorizer.verify(token).await,
    };
    drop(guard);
    let verdict = match verdict {
        Ok(caller) => Ok(Some(caller)),
        // Only the client can prove what the token is bound to. Nothing else is checked later.
        Err(it) if matches!(it.reason(), Reason::InvalidProof | Reason::WrongCertificate) => {
            Ok(None)
        }
        Err(rejection) => Err(rejection.reason()),
    };
    Ok((verdict, refusal.take()))
}

fn steps(reason: Reason, seen: &Seen, report: &mut Report) {
    let failed = CHECKS
        .iter()
        .position(|(_, reasons)| reasons.contains(&reason.name()));
    for (at, (check, _)) in CHECKS.iter().enumerate() {
        match failed.map(|failed| at.cmp(&failed)) {
            Some(std::cmp::Ordering::Less) => report.step(*check, Outcome::Good, None),
            Some(std::cmp::Ordering::Equal) => report.step(*check, Outcome::Bad, seen.to_string()),
            _ => report.step(*check, Outcome::NotReached, "not checked".to_owned()),
        }
    }
}

fn diagnose(
    reason: Reason,
    seen: &Seen,
    subject: &Subject<'_>,
    known: &[String],
    report: &mut Report,
) {
    let claims = crate::explain::claims(subject.token).unwrap_or_default();
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let hint = || {
        seen.hint
            .clone()
            .unwrap_or_else(|| format!("look up `{}` in docs/troubleshooting.md", reason.name()))
    };
    match reason {
        Reason::OpaqueToken => report.diagnose(
            Diagnosis::OpaqueToken,
            "the token is opaque: nobody but the issuer can read it",
            format!(
                "request the token for this API (Auth0: `audience`, others: `resource` or `scope`), or let the server ask \
                 the issuer: `.introspect(Introspection::opaque(client))` (AUTHZ_INTROSPECTION=opaque); {}",
                match &report.introspection {
                    Some(endpoint) => format!("the issuer answers at {endpoint}"),
                    None => "the issuer's metadata name no introspection endpoint".to_owned(),
                }
            ),
        ),
        Reason::WrongIssuer => {
            let actual = text("iss").unwrap_or_default();
            if actual.trim_end_matches('/') == subject.issuer.trim_end_matches('/') {
                slash(actual, subject.issuer, report);
            } else if host(actual).is_some() && host(actual) == host(subject.issuer) {
                report.diagnose(
                    Diagnosis::OtherTenant,
                    format!("the token is of {actual}, another tenant of the same provider"),
                    format!("log in at {}, or accept that tenant as well", subject.issuer),
                );
            } else {
                report.diagnose(
                    Diagnosis::WrongIssuer,
                    format!("the token is of {actual:?}"),
                    "configure that issuer, or get a token from the configured one",
                );
            }
        }
        Reason::WrongAudience | Reason::WrongTokenType | Reason::WrongClaim if is_id_token(&claims) => report.diagnose(
            Diagnosis::IdToken,
            "this is an ID token: it tells the client who logged in, and is not for APIs",
            "send the access token (`access_token` in the token endpoint's answer), requested with this API's audience",
        ),
        Reason::WrongAudience => report.diagnose(
            Diagnosis::WrongAudience,
            format!("the token is for {}, not for {:?}", claims.get("aud").unwrap_or(&Value::Null), subject.audience),
            seen.hint.clone().unwrap_or_else(|| format!(
                "request the token for {} (Auth0: `audience`, others: `resource` or `scope`); if the token's audience is \
                 this API's real name, configure that name",
                subject.audience
            )),
        ),
        Reason::Expired | Reason::NotYetValid | Reason::IssuedInFuture => {
            // With a skew that large the clocks are the cause, and were named.
            if !report.has(Diagnosis::ClockSkew) {
                report.diagnose(
                    if reason == Reason::Expired { Diagnosis::Expired } else { Diagnosis::ClockSkew },
                    format!("the token is {}: {seen}", reason.name().replace('_', " ")),
                    match subject.skew {
                        Some(skew) => format!("get a new token; the issuer's clock differs by {skew} s"),
                        None => "get a new token, and check this machine's clock".to_owned(),
                    },
                );
            }
        }
        Reason::UnknownKey => report.diagnose(
            Diagnosis::RotatedKey,
            format!("no key of the issuer has the token's kid; published are {}", known.join(", ")),
            "get a new token: the issuer has rotated its keys; if new tokens fail as well, the key set is that of another environment",
        ),
        // The failed fetch is reported already.
        Reason::KeysUnavailable | Reason::RevocationsUnavailable => {}
        _ => report.diagnose(
            Diagnosis::TokenRefused,
            format!("{}: {seen}", reason.name()),
            hint(),
        ),
    }
}

/// Claims that only ID tokens have (OpenID Connect Core section 2).
fn is_id_token(claims: &serde_json::Map<String, Value>) -> bool {
    let same_as_client = || {
        claims
            .get("azp")
            .is_some_and(|azp| claims.get("aud") == Some(azp))
    };
    ["nonce", "at_hash", "c_hash"]
        .iter()
        .any(|it| claims.contains_key(*it))
        || same_as_client()
}

fn host(url: &str) -> Option<String> {
    Url::parse(url).ok()?.host_str().map(str::to_owned)
}

/// Stands for keys that could not be had.
#[derive(Debug)]
struct Unknown;

#[async_trait]
impl JwksProvider for Unknown {
    fn lookup(&self, _: &ProtectedHeader<'_>) -> KeyLookup {
        KeyLookup::unavailable(Duration::from_secs(1), "the key set could not be had")
    }
}

/// What the engine tells the operator of a refusal: its log line.
#[derive(Clone, Default)]
struct LoggedRefusal(Arc<Mutex<Seen>>);

#[derive(Clone, Debug, Default)]
struct Seen {
    expected: Option<String>,
    actual: Option<String>,
    hint: Option<String>,
    /// Of the status list.
    error: Option<String>,
}

struct RefusalRecorder(LoggedRefusal);

impl LoggedRefusal {
    fn take(&self) -> Seen {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<S: tracing::Subscriber> Layer<S> for RefusalRecorder {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        if matches!(event.metadata().target(), "authz" | "authz::revocation") {
            event.record(&mut *self.0.0.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl Visit for Seen {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "expected" => self.expected = Some(value.to_owned()),
            "actual" => self.actual = Some(value.to_owned()),
            "hint" => self.hint = Some(value.to_owned()),
            "error" => self.error = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.expected, &self.actual) {
            (Some(expected), Some(actual)) => write!(f, "expected {expected}, got {actual}"),
            (Some(expected), None) => write!(f, "expected {expected}"),
            (None, Some(actual)) => write!(f, "got {actual}"),
            (None, None) => f.write_str("refused"),
        }
    }
}
