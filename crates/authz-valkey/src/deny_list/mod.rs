mod entry;
mod follow;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redis::cmd;

use self::entry::{DenyEntry, EntryAction, EntryKind, seconds};
use crate::{
    error::{ValkeyError, ValkeyErrorKind},
    valkey::Valkey,
};

/// A list of revoked tokens that servers share.
///
/// `deny_..` adds an entry to the store, and [`follow`](Self::follow) copies entries into the
/// [`Revocations`](authz_core::Revocations) of each server, twice a second.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use authz_core::{Authorizer, Revocations};
/// use authz_valkey::{DenyList, Valkey};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let valkey = Valkey::connect("redis://store.internal")?;
/// let deny_list = DenyList::new(&valkey);
///
/// // Each server:
/// let revocations = Revocations::new();
/// tokio::spawn(deny_list.follow(&revocations));
/// let builder = Authorizer::builder().revocations(revocations);
///
/// // The server that blocks a user:
/// let now = SystemTime::now();
/// let until = now + Duration::from_secs(60 * 60);
/// deny_list.deny_subject("https://login.example/", "auth0|123", now, until).await?;
/// # drop(builder);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct DenyList {
    valkey: Valkey,
    max_lifetime: Duration,
    max_staleness: Duration,
}

impl DenyList {
    /// Creates a list in `valkey` with default settings.
    pub fn new(valkey: &Valkey) -> Self {
        Self {
            valkey: valkey.clone(),
            max_lifetime: Duration::from_secs(25 * 60 * 60),
            max_staleness: Duration::from_secs(5),
        }
    }

    /// Sets how long the store keeps an entry, by its own clock. Default: 25 hours, for tokens that live for a
    /// day. An entry whose `until` is later than that is an error. All servers need the same.
    pub const fn max_lifetime(mut self, lifetime: Duration) -> Self {
        self.max_lifetime = lifetime;
        self
    }

    /// Sets how long a server may be without contact to the store before its feed is out of step. Default: 5 s.
    /// Then requests get 503, after the [outage window](authz_core::RevocationsBuilder::outage_window).
    pub const fn max_staleness(mut self, staleness: Duration) -> Self {
        self.max_staleness = staleness;
        self
    }

    async fn add(&self, entry: DenyEntry<'_>) -> Result<(), ValkeyError> {
        let (now, _): (u64, u64) = self.valkey.query(&cmd("TIME")).await?;
        let lifetime = self.max_lifetime.as_secs();
        if let EntryAction::Deny { until, .. } = entry.action
            && seconds(until) > now.saturating_add(lifetime)
        {
            let problem = format!(
                "the entry ends more than {:?} from now: raise max_lifetime on all servers",
                self.max_lifetime
            );
            return Err(ValkeyError::new(ValkeyErrorKind::EndsTooLate, problem));
        }
        // Removes blocks of older entries, and never a newer one.
        let oldest = now.saturating_sub(lifetime).saturating_mul(1000);
        let mut add = cmd("XADD");
        add.arg(self.key())
            .arg("MINID")
            .arg("~")
            .arg(oldest)
            .arg("*");
        entry.write(&mut add);
        self.valkey.query::<String>(&add).await.map(drop)
    }

    fn key(&self) -> String {
        self.valkey.key("deny")
    }
}

/// Adds entries. When a call returns, the store has the entry, and within 2 s each server that reaches the store
/// rejects the tokens.
///
/// After an error, the entry may be there nevertheless. Calls may be repeated. The arguments are those of
/// [`Revocations`](authz_core::Revocations).
impl DenyList {
    /// Revokes the token with the identifier `token_id` (`jti`).
    ///
    /// # Errors
    ///
    /// Returns an error if the store does not confirm the entry, or if `until` is too late.
    pub async fn deny_token(
        &self,
        issuer: &str,
        token_id: &str,
        until: SystemTime,
    ) -> Result<(), ValkeyError> {
        let entry = DenyEntry::deny(EntryKind::Token, issuer, token_id, UNIX_EPOCH, until);
        self.add(entry).await
    }

    /// Revokes the tokens of `subject` (`sub`) that were issued before a time.
    ///
    /// # Errors
    ///
    /// Returns an error if the store does not confirm the entry, or if `until` is too late.
    pub async fn deny_subject(
        &self,
        issuer: &str,
        subject: &str,
        issued_before: SystemTime,
        until: SystemTime,
    ) -> Result<(), ValkeyError> {
        let entry = DenyEntry::deny(EntryKind::Subject, issuer, subject, issued_before, until);
        self.add(entry).await
    }

    /// Revokes the tokens of `session` (`sid`) that were issued before a time.
    ///
    /// # Errors
    ///
    /// Returns an error if the store does not confirm the entry, or if `until` is too late.
    pub async fn deny_session(
        &self,
        issuer: &str,
        session: &str,
        issued_before: SystemTime,
        until: SystemTime,
    ) -> Result<(), ValkeyError> {
        let entry = DenyEntry::deny(EntryKind::Session, issuer, session, issued_before, until);
        self.add(entry).await
    }

    /// Revokes the tokens of `client` (`client_id`, or else `azp`) that were issued before a time.
    ///
    /// # Errors
    ///
    /// Returns an error if the store does not confirm the entry, or if `until` is too late.
    pub async fn deny_client(
        &self,
        issuer: &str,
        client: &str,
        issued_before: SystemTime,
        until: SystemTime,
    ) -> Result<(), ValkeyError> {
        let entry = DenyEntry::deny(EntryKind::Client, issuer, client, issued_before, until);
        self.add(entry).await
    }
}

/// Removes entries. Takes effect as soon as `deny_..` does.
impl DenyList {
    /// Removes the entry about a token, if there is one.
    ///
    /// # Errors
    ///
    /// Returns an error if the store does not confirm it.
    pub async fn allow_token(&self, issuer: &str, token_id: &str) -> Result<(), ValkeyError> {
        self.add(DenyEntry::allow(EntryKind::Token, issuer, token_id))
            .await
    }

    /// Removes the entry about a subject, if there is one.
    ///
    /// # Errors
    ///
    /// Returns an error if the store does not confirm it.
    pub async fn allow_subject(&self, issuer: &str, subject: &str) -> Result<(), ValkeyError> {
        self.add(DenyEntry::allow(EntryKind::Subject, issuer, subject))
            .await
    }

    /// Removes the entry about a session, if there is one.
    ///
    /// # Errors
    ///
    /// Returns an error if the store does not confirm it.
    pub async fn allow_session(&self, issuer: &str, session: &str) -> Result<(), ValkeyError> {
        self.add(DenyEntry::allow(EntryKind::Session, issuer, session))
            .await
    }

    /// Removes the entry about a client, if there is one.
    ///
    /// # Errors
    ///
    /// Returns an error if the store does not confirm it.
    pub async fn allow_client(&self, issuer: &str, client: &str) -> Result<(), ValkeyError> {
        self.add(DenyEntry::allow(EntryKind::Client, issuer, client))
            .await
    }
}
