use std::{fmt, sync::OnceLock};

use serde_json::Value;

use super::{
    ClaimPath, Scopes, Verdict,
    claim_path::ClaimLookup,
    comparison::{ValueRef, may_be_a_list},
};
use crate::{
    claims::{Claims, ScopeClaim},
    clock::{Clock, since_1970},
    request::RequestParts,
    token::{CLAIM_NAMES, HAS_GROUPS, PayloadBytes, PayloadStr},
};

/// What a policy is evaluated against.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'a> {
    /// Those granted, and those that they imply.
    pub(crate) scopes: &'a Scopes,
    /// The claims that `scopes` come from.
    pub(crate) scope_claims: &'a [ScopeClaim],
    pub(crate) permissions: &'a Scopes,
    /// The claim `permissions` is there, and is not an array of strings.
    pub(crate) permissions_unreadable: bool,
    /// There may be claims that are kept elsewhere.
    pub(crate) names_elsewhere: bool,
    /// Part of the payload.
    pub(crate) client: Option<(&'a PayloadBytes, &'a PayloadStr)>,
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
        let is_azp = || !matches!(self.claim("client_id"), Some(Value::String(_)));
        if self.is_elsewhere("client_id") || self.is_elsewhere("azp") && is_azp() {
            return None;
        }
        self.client.map(|(payload, id)| payload.text(id))
    }

    /// `None` for claims that can't be read: nested deeper than the parser goes.
    pub(crate) fn claims(&self) -> Option<&'a Claims> {
        match self.claims {
            ClaimsSource::Known(claims) => claims,
            ClaimsSource::Lazy(claims, payload) => claims.get(payload),
        }
    }

    /// What the token has at `path`.
    pub(crate) fn find(&self, path: &ClaimPath) -> ClaimLookup<'a> {
        if self.is_elsewhere(path.claim()) {
            return ClaimLookup::Elsewhere;
        }
        self.claims()
            .map_or(ClaimLookup::Unreadable, |claims| path.find(claims))
    }

    /// The claim `name`, if it is in the token as a whole.
    pub(crate) fn claim(&self, name: &str) -> Option<&'a Value> {
        if self.is_elsewhere(name) {
            return None;
        }
        self.claims()?.get(name)
    }

    /// Whether the issuer keeps the claim `name` elsewhere: as a distributed claim (OpenID Connect Core
    /// section 5.6.2), or because a user has more groups than Entra ID puts into a token.
    pub(crate) fn is_elsewhere(&self, name: &str) -> bool {
        if !self.names_elsewhere {
            return false;
        }
        let Some(claims) = self.claims() else {
            return true;
        };
        let is_named = match claims.get(CLAIM_NAMES) {
            None | Some(Value::Null) => false,
            Some(Value::Object(names)) => names.contains_key(name),
            // It names claims, and nobody can say which.
            Some(_) => true,
        };
        let has_groups = || {
            let flag = claims.get(HAS_GROUPS);
            !matches!(flag, None | Some(Value::Null | Value::Bool(false)))
        };
        is_named || name == "groups" && has_groups()
    }

    /// Whether one of the claims that scopes come from is kept elsewhere.
    pub(crate) fn scopes_elsewhere(&self) -> bool {
        let mut claims = self.scope_claims.iter();
        self.names_elsewhere && claims.any(|it| self.is_elsewhere(it.name()))
    }

    pub(crate) fn scope(&self, name: &str) -> Verdict {
        if self.scopes_elsewhere() {
            return Verdict::Unknown;
        }
        if self.scopes.contains(name) {
            return Verdict::Met;
        }
        let is_unreadable =
            self.permissions_unreadable && self.scope_claims.contains(&ScopeClaim::Permissions);
        if is_unreadable {
            return Verdict::Unknown;
        }
        Verdict::NotMet
    }

    pub(crate) fn permission(&self, name: &str) -> Verdict {
        if self.permissions_unreadable || self.is_elsewhere("permissions") {
            return Verdict::Unknown;
        }
        // Names that are none are not kept: whether the token had this one shows no more.
        if !Scopes::is_permission(name) && self.claim("permissions").is_some() {
            return Verdict::Unknown;
        }
        Verdict::from(self.permissions.contains(name))
    }

    /// Whether `name` is among the names in the claims `paths`. No such claim means no such name.
    pub(crate) fn named_in(&self, paths: &[ClaimPath], name: &str) -> Verdict {
        Verdict::any(paths.iter().map(|path| match self.find(path) {
            // One name, unless it looks like a list: which of its parts are names nobody can say.
            ClaimLookup::Found(Value::String(text)) if may_be_a_list(text) => Verdict::Unknown,
            ClaimLookup::Found(value) => ValueRef::Claim(value).contains(&ValueRef::Text(name)),
            ClaimLookup::Absent => Verdict::NotMet,
            _ => Verdict::Unknown,
        }))
    }

    /// The string claim `name` is one of `accepted`.
    pub(crate) fn claim_among(&self, name: &str, accepted: &[Box<str>]) -> Verdict {
        match self.claim(name) {
            Some(Value::String(text)) => match among(text, accepted) {
                Verdict::NotMet if may_be_a_list(text) => Verdict::Unknown,
                verdict => verdict,
            },
            _ => Verdict::Unknown,
        }
    }

    pub(crate) fn claim_contains(&self, name: &str, text: &str) -> Verdict {
        match self.claim(name) {
            Some(value) => ValueRef::Claim(value).contains(&ValueRef::Text(text)),
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
        let time = self.claim("auth_time")?.as_f64()?;
        if !(0.0..1e12).contains(&time) {
            return None;
        }
        let now = since_1970(self.clock.now()).as_secs();
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
