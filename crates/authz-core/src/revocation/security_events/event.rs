use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use super::subject::{RevokedTokens, SubjectId};
use crate::clock;

/// A verified event.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SecurityEvent {
    /// The kind.
    pub kind: EventKind,
    /// `sub_id`.
    pub subject: SubjectId,
    /// `event_timestamp`, or else `iat`: tokens issued before this time are revoked. If it is in the future, those
    /// issued within the next minute are revoked too, and no later ones.
    pub time: SystemTime,
    /// The members of the event, such as `reason_admin` or `change_type`.
    pub members: Map<String, Value>,
}

/// The kinds of events that revoke tokens, and the verification of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// A session ended (CAEP section 3.1).
    SessionRevoked,
    /// Claims of the subject's tokens changed (CAEP section 3.2).
    TokenClaimsChange,
    /// A credential of the subject changed (CAEP section 3.3).
    CredentialChange,
    /// The account was disabled (RISC section 2.3).
    AccountDisabled,
    /// A credential of the subject was compromised (RISC section 2.7).
    CredentialCompromise,
    /// The transmitter shows that the stream works (Shared Signals Framework section 8.1.4.1).
    Verification,
    /// Another event, by its URI. It does not revoke anything by default.
    Other(String),
}

impl EventKind {
    pub(super) fn from_uri(uri: &str) -> Self {
        const CAEP: &str = "https://schemas.openid.net/secevent/caep/event-type/";
        const RISC: &str = "https://schemas.openid.net/secevent/risc/event-type/";
        const SSF: &str = "https://schemas.openid.net/secevent/ssf/event-type/";
        let caep = uri.strip_prefix(CAEP).and_then(|name| match name {
            "session-revoked" => Some(Self::SessionRevoked),
            "token-claims-change" => Some(Self::TokenClaimsChange),
            "credential-change" => Some(Self::CredentialChange),
            _ => None,
        });
        let risc = || match uri.strip_prefix(RISC)? {
            "account-disabled" => Some(Self::AccountDisabled),
            "credential-compromise" => Some(Self::CredentialCompromise),
            _ => None,
        };
        let ssf = || match uri.strip_prefix(SSF)? {
            "verification" => Some(Self::Verification),
            _ => None,
        };
        let known = caep.or_else(risc).or_else(ssf);
        known.unwrap_or_else(|| Self::Other(uri.to_owned()))
    }
}

impl SecurityEvent {
    /// Returns the tokens that the event revokes, as far as its subject tells: `iss_sub` and `jwt_id` are
    /// those of tokens. A complex subject revokes the tokens of its user. A credential that was created does
    /// not revoke any.
    #[must_use]
    pub fn revoked_tokens(&self) -> Vec<RevokedTokens> {
        if !self.should_revoke() {
            return Vec::new();
        }
        let user = match &self.subject {
            SubjectId::Complex {
                user: Some(user), ..
            } => user,
            simple => simple,
        };
        let tokens = match user {
            SubjectId::IssSub { issuer, subject } => RevokedTokens::Subject {
                issuer: issuer.clone(),
                subject: subject.clone(),
            },
            SubjectId::JwtId { issuer, token_id } => RevokedTokens::Token {
                issuer: issuer.clone(),
                token_id: token_id.clone(),
            },
            _ => return Vec::new(),
        };
        vec![tokens]
    }

    /// Returns whether the event should revoke something, so that it is reported if nothing fits.
    pub(super) fn should_revoke(&self) -> bool {
        let created = self.kind == EventKind::CredentialChange
            && self.member("change_type") == Some("create");
        !created && !matches!(self.kind, EventKind::Verification | EventKind::Other(_))
    }

    fn member(&self, name: &str) -> Option<&str> {
        self.members.get(name)?.as_str()
    }

    pub(super) fn at(seconds: f64) -> Option<SystemTime> {
        let valid = seconds.is_finite() && seconds >= 0.0;
        let since_1970 = valid.then(|| Duration::try_from_secs_f64(seconds).ok())??;
        // Limited to times that every platform can represent.
        let whole = clock::at(since_1970.as_secs());
        Some(whole + Duration::from_nanos(u64::from(since_1970.subsec_nanos())))
    }
}
