use std::{fmt, sync::OnceLock};

use super::{Allowed, ClaimPath, Scopes, Verdict, comparison::Seen};
use crate::{
    authorizer::RequestParts,
    claims::Claims,
    clock::Clock,
    token::{Payload, Text},
};

/// What a policy is evaluated against.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'a> {
    /// Those granted, and those that they imply.
    pub(crate) scopes: &'a Scopes,
    pub(crate) permissions: &'a Scopes,
    /// What the token is known to satisfy.
    pub(crate) allowed: &'a Allowed,
    /// Part of the payload.
    pub(crate) client: Option<(&'a Payload, &'a Text)>,
    pub(crate) issuer: &'a str,
    pub(crate) claims: ClaimsSource<'a>,
    /// The claims that name roles.
    pub(crate) roles: &'a [ClaimPath],
    /// The claims that name groups.
    pub(crate) groups: &'a [ClaimPath],
    pub(crate) request: Option<&'a RequestParts<'a>>,
    pub(crate) clock: &'a dyn Clock,
    /// Seconds.
    pub(crate) leeway: u64,
}

/// All claims, as they are or still to be parsed.
#[derive(Clone, Copy)]
pub(crate) enum ClaimsSource<'a> {
    Known(Option<&'a Claims>),
    /// With the payload to read them from.
    Lazy(&'a LazyClaims, &'a [u8]),
}

/// The claims of a token whose application reads them as a type of its own: parsed when the first policy
/// asks for one, and then never again.
#[derive(Default)]
pub(crate) struct LazyClaims(OnceLock<Option<Claims>>);

impl LazyClaims {
    fn get(&self, payload: &[u8]) -> Option<&Claims> {
        self.0
            .get_or_init(|| serde_json::from_slice(payload).ok())
            .as_ref()
    }
}

impl<'a> Facts<'a> {
    pub(crate) fn client(&self) -> Option<&'a str> {
        self.client.map(|(payload, id)| payload.text(id))
    }

    /// `None` for claims that can't be read: nested deeper than the parser goes.
    pub(crate) fn claims(&self) -> Option<&'a Claims> {
        match self.claims {
            ClaimsSource::Known(claims) => claims,
            ClaimsSource::Lazy(claims, payload) => claims.get(payload),
        }
    }

    /// Whether `name` is among the names in the claims `paths`: strings, arrays of strings, or
    /// objects whose keys count. No such claim means no such name.
    pub(crate) fn named_in(&self, paths: &[ClaimPath], name: &str) -> Verdict {
        let Some(claims) = self.claims() else {
            return Verdict::Unknown;
        };
        Verdict::any(paths.iter().map(|path| match path.find(claims) {
            Some(value) => Seen::Claim(value).contains(&Seen::Text(name)),
            None => Verdict::NotMet,
        }))
    }

    pub(crate) fn permission(&self, name: &str) -> Verdict {
        if self.permissions.contains(name) {
            return Verdict::Met;
        }
        if !self.permissions.is_empty() {
            return Verdict::NotMet;
        }
        // None at all, or a claim that could not be read?
        let claim = self.claims().map(|claims| claims.get("permissions"));
        match claim {
            Some(Some(serde_json::Value::Array(all))) if all.is_empty() => Verdict::NotMet,
            Some(Some(serde_json::Value::String(_)) | None) => Verdict::NotMet,
            _ => Verdict::Unknown,
        }
    }

    /// The string claim `name` is one of `accepted`.
    pub(crate) fn claim_among(&self, name: &str, accepted: &[Box<str>]) -> Verdict {
        match self.claims().and_then(|claims| claims.get(name)) {
            Some(serde_json::Value::String(text)) => among(text, accepted),
            _ => Verdict::Unknown,
        }
    }

    pub(crate) fn claim_contains(&self, name: &str, text: &str) -> Verdict {
        match self.claims().and_then(|claims| claims.get(name)) {
            Some(value) => Seen::Claim(value).contains(&Seen::Text(text)),
            None => Verdict::Unknown,
        }
    }

    /// `auth_time` is at most `max_age` seconds ago.
    pub(crate) fn authenticated_within(&self, max_age: u64) -> Verdict {
        let Some(age) = self.authentication_age() else {
            return Verdict::Unknown;
        };
        Verdict::from(age <= max_age.saturating_add(self.leeway))
    }

    /// Seconds since `auth_time`; `None` where it is missing, no number, or in the future.
    pub(crate) fn authentication_age(&self) -> Option<u64> {
        let time = self.claims()?.get("auth_time")?.as_f64()?;
        if !(0.0..1e12).contains(&time) {
            return None;
        }
        let now = self.clock.now().as_secs();
        let time = time as u64;
        (time <= now.saturating_add(self.leeway)).then(|| now.saturating_sub(time))
    }

    /// The value is one of `accepted`; where there is none, it can't be said.
    pub(crate) fn among(value: Option<&str>, accepted: &[Box<str>]) -> Verdict {
        value.map_or(Verdict::Unknown, |value| among(value, accepted))
    }
}

fn among(value: &str, accepted: &[Box<str>]) -> Verdict {
    Verdict::from(accepted.iter().any(|it| **it == *value))
}

impl fmt::Debug for LazyClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazyClaims").finish_non_exhaustive()
    }
}
