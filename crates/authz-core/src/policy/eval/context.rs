//! The token and the request that a policy is evaluated against.

use std::{fmt, sync::OnceLock};

use serde_json::Value;

use crate::{
    claims::{Claims, ScopeClaim},
    clock::{Clock, since_1970},
    policy::{claim_path::ClaimPath, scope::Scopes},
    request::RequestParts,
    token::{CLAIM_NAMES, HAS_GROUPS, PayloadBytes, PayloadStr},
};

/// A verified token, its issuer's settings, and the request.
#[derive(Clone, Copy)]
pub(crate) struct EvalContext<'a> {
    /// The granted scopes and those that they imply.
    pub(crate) scopes: &'a Scopes,
    pub(crate) permissions: &'a Scopes,
    /// The claim `permissions` is present, but not an array of strings.
    pub(crate) permissions_unreadable: bool,
    /// The token may name claims that the issuer keeps elsewhere.
    pub(crate) names_elsewhere: bool,
    /// Part of the payload.
    pub(crate) client: Option<(&'a PayloadBytes, &'a PayloadStr)>,
    pub(crate) issuer: &'a str,
    pub(crate) settings: &'a ClaimSettings,
    pub(crate) claims: ClaimsSource<'a>,
    /// The element of `authorization_details` that a policy is evaluated for.
    pub(crate) detail: Option<&'a Value>,
    pub(crate) request: Option<&'a RequestParts<'a>>,
    pub(crate) clock: &'a dyn Clock,
    /// Seconds.
    pub(crate) leeway: u64,
}

/// How policies read the claims of an issuer's tokens.
#[derive(Debug)]
pub(crate) struct ClaimSettings {
    /// The claims that scopes come from.
    pub(crate) scopes: Box<[ScopeClaim]>,
    /// The claims that name roles.
    pub(crate) roles: Box<[ClaimPath]>,
    /// The claims that name groups.
    pub(crate) groups: Box<[ClaimPath]>,
    /// The identifiers of this API: its accepted audiences and its resource identifier.
    pub(crate) identifiers: Box<[Box<str>]>,
}

#[derive(Clone, Copy)]
pub(crate) enum ClaimsSource<'a> {
    Known(Option<&'a Claims>),
    /// With the payload to parse them from.
    Lazy(&'a LazyClaims, &'a [u8]),
}

/// The claims as a map, for applications with a claims type of their own. Parsed once per token, when a
/// policy first names a claim.
#[derive(Default)]
pub(crate) struct LazyClaims(OnceLock<Option<Claims>>);

/// The value of a token at a [`ClaimPath`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum ClaimLookup<'c> {
    Found(&'c Value),
    /// Missing or `null`, at the end of the path or on the way.
    Absent,
    /// This value on the way is not an object.
    WrongType(&'c Value),
    /// The issuer keeps the claim elsewhere.
    Elsewhere,
    /// The claims are nested too deeply to be parsed.
    Unreadable,
}

impl<'a> EvalContext<'a> {
    pub(crate) fn client(&self) -> Option<&'a str> {
        let is_azp = || !matches!(self.claim("client_id"), Some(Value::String(_)));
        if self.is_elsewhere("client_id") || self.is_elsewhere("azp") && is_azp() {
            return None;
        }
        self.client.map(|(payload, id)| payload.text(id))
    }

    /// Returns `None` if the claims are nested too deeply to be parsed.
    pub(crate) fn claims(&self) -> Option<&'a Claims> {
        match self.claims {
            ClaimsSource::Known(claims) => claims,
            ClaimsSource::Lazy(LazyClaims(claims), payload) => claims
                .get_or_init(|| serde_json::from_slice(payload).ok())
                .as_ref(),
        }
    }

    pub(crate) fn find(&self, path: &ClaimPath) -> ClaimLookup<'a> {
        if self.is_elsewhere(path.claim()) {
            return ClaimLookup::Elsewhere;
        }
        let Some(claims) = self.claims() else {
            return ClaimLookup::Unreadable;
        };
        ClaimLookup::below(claims.get(path.claim()), path.names().skip(1))
    }

    /// The value at `path` in the element of `authorization_details`.
    pub(crate) fn find_member(&self, path: &ClaimPath) -> ClaimLookup<'a> {
        ClaimLookup::below(self.detail, path.names())
    }

    /// The top-level claim `name`, unless the issuer keeps it elsewhere.
    pub(crate) fn claim(&self, name: &str) -> Option<&'a Value> {
        if self.is_elsewhere(name) {
            return None;
        }
        self.claims()?.get(name)
    }

    /// Returns `true` if the issuer keeps the claim `name` elsewhere: as a distributed claim (OpenID
    /// Connect Core section 5.6.2), or because the user has too many groups for a token of Entra ID.
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
            // Malformed: it may name any claim.
            Some(_) => true,
        };
        let has_groups = || {
            let flag = claims.get(HAS_GROUPS);
            !matches!(flag, None | Some(Value::Null | Value::Bool(false)))
        };
        is_named || name == "groups" && has_groups()
    }

    /// Returns `true` if the issuer keeps a claim that scopes come from elsewhere.
    pub(crate) fn scopes_elsewhere(&self) -> bool {
        let mut claims = self.settings.scopes.iter();
        self.names_elsewhere && claims.any(|it| self.is_elsewhere(it.name()))
    }

    /// Seconds since `auth_time`. `None` if it is missing, not a number, or in the future.
    pub(crate) fn authentication_age(&self) -> Option<u64> {
        let time = self.claim("auth_time")?.as_f64()?;
        if !(0.0..1e12).contains(&time) {
            return None;
        }
        let now = since_1970(self.clock.now()).as_secs();
        let time = time as u64;
        (time <= now.saturating_add(self.leeway)).then(|| now.saturating_sub(time))
    }
}

impl<'c> ClaimLookup<'c> {
    fn below<'n>(start: Option<&'c Value>, names: impl Iterator<Item = &'n str>) -> Self {
        let mut found = start;
        for name in names {
            match found {
                Some(Value::Object(members)) => found = members.get(name),
                Some(Value::Null) | None => return Self::Absent,
                Some(other) => return Self::WrongType(other),
            }
        }
        match found {
            Some(Value::Null) | None => Self::Absent,
            Some(value) => Self::Found(value),
        }
    }

    pub(crate) fn value(self) -> Option<&'c Value> {
        match self {
            Self::Found(value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn presence(self) -> Option<bool> {
        match self {
            Self::Found(_) => Some(true),
            Self::Absent => Some(false),
            _ => None,
        }
    }
}

impl fmt::Debug for LazyClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazyClaims").finish_non_exhaustive()
    }
}
