use std::time::{SystemTime, UNIX_EPOCH};

use authz_core::{Authorized, Claims, Scopes};
use serde::{Serialize, Serializer};

/// What a caller is told about itself.
#[derive(Clone, Debug)]
pub struct Me(Authorized);

#[derive(Serialize)]
struct Answer<'a> {
    sub: Option<&'a str>,
    scopes: &'a Scopes,
    /// Seconds since 1970, like the claim `exp`.
    expires_at: u64,
    /// In an object of their own: a claim may have any name, `scopes` too.
    claims: &'a Claims,
}

impl From<Authorized> for Me {
    fn from(caller: Authorized) -> Self {
        Self(caller)
    }
}

impl Serialize for Me {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let caller = &self.0;
        Answer {
            sub: caller.subject(),
            scopes: caller.scopes(),
            expires_at: seconds(caller.expires_at()),
            claims: caller.claims(),
        }
        .serialize(serializer)
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
