use std::time::{Duration, SystemTime, UNIX_EPOCH};

use authz_core::{Revocations, RevocationsFull};
use redis::{Cmd, streams::StreamId};

/// An entry of the stream. Its fields are text, for operators who look at it.
pub(super) struct DenyEntry<'a> {
    pub(super) action: EntryAction,
    kind: EntryKind,
    issuer: &'a str,
    name: &'a str,
}

pub(super) enum EntryAction {
    Deny {
        /// Not used for tokens.
        issued_before: SystemTime,
        until: SystemTime,
    },
    Allow,
}

#[derive(Clone, Copy)]
pub(super) enum EntryKind {
    Token,
    Subject,
    Session,
    Client,
}

/// What an entry of the stream has done.
pub(super) enum Applied {
    Yes,
    /// The fields have no meaning to this version.
    Unreadable,
}

impl<'a> DenyEntry<'a> {
    pub(super) const fn deny(
        kind: EntryKind,
        issuer: &'a str,
        name: &'a str,
        issued_before: SystemTime,
        until: SystemTime,
    ) -> Self {
        let action = EntryAction::Deny {
            issued_before,
            until,
        };
        Self {
            action,
            kind,
            issuer,
            name,
        }
    }

    pub(super) const fn allow(kind: EntryKind, issuer: &'a str, name: &'a str) -> Self {
        Self {
            action: EntryAction::Allow,
            kind,
            issuer,
            name,
        }
    }

    /// Appends the fields to `XADD`.
    pub(super) fn write(&self, command: &mut Cmd) {
        let kind = match self.kind {
            EntryKind::Token => "token",
            EntryKind::Subject => "subject",
            EntryKind::Session => "session",
            EntryKind::Client => "client",
        };
        command.arg("kind").arg(kind);
        command.arg("issuer").arg(self.issuer);
        command.arg("name").arg(self.name);
        match self.action {
            EntryAction::Allow => {
                command.arg("action").arg("allow");
            }
            EntryAction::Deny {
                issued_before,
                until,
            } => {
                command.arg("action").arg("deny");
                command.arg("issued_before").arg(seconds(issued_before));
                command.arg("until").arg(seconds(until));
            }
        }
    }
}

/// Applies an entry of the stream.
pub(super) fn apply(
    entry: &StreamId,
    revocations: &Revocations,
) -> Result<Applied, RevocationsFull> {
    let text = |field| entry.get::<String>(field);
    let time = |field| {
        let seconds = Duration::from_secs(entry.get(field)?);
        UNIX_EPOCH.checked_add(seconds)
    };
    let (Some(action), Some(kind), Some(issuer), Some(name)) =
        (text("action"), text("kind"), text("issuer"), text("name"))
    else {
        return Ok(Applied::Unreadable);
    };
    match (&*action, time("issued_before"), time("until")) {
        ("allow", ..) => {
            match &*kind {
                "token" => revocations.allow_token(&issuer, &name),
                "subject" => revocations.allow_subject(&issuer, &name),
                "session" => revocations.allow_session(&issuer, &name),
                "client" => revocations.allow_client(&issuer, &name),
                _ => return Ok(Applied::Unreadable),
            };
        }
        ("deny", Some(before), Some(until)) => match &*kind {
            "token" => revocations.deny_token(&issuer, &name, until)?,
            "subject" => revocations.deny_subject(&issuer, &name, before, until)?,
            "session" => revocations.deny_session(&issuer, &name, before, until)?,
            "client" => revocations.deny_client(&issuer, &name, before, until)?,
            _ => return Ok(Applied::Unreadable),
        },
        _ => return Ok(Applied::Unreadable),
    }
    Ok(Applied::Yes)
}

/// Returns the seconds since 1970, rounded up: of a time within a second, the stricter side counts.
pub(super) fn seconds(time: SystemTime) -> u64 {
    let time = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
