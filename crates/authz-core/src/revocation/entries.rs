use std::time::SystemTime;

use super::{
    error::RevocationsFull, fingerprint::RevokedBy, list::Revocations, table::RevocationEntry,
};

/// Adds entries.
impl Revocations {
    /// Revokes the token with the identifier `token_id` (`jti`).
    ///
    /// # Errors
    ///
    /// Returns an error if the list is full.
    pub fn deny_token(
        &self,
        issuer: &str,
        token_id: &str,
        until: SystemTime,
    ) -> Result<(), RevocationsFull> {
        self.deny(
            RevokedBy::Token,
            issuer,
            token_id,
            RevocationEntry::of_any_age(until),
        )
    }

    /// Revokes the tokens of `subject` (`sub`) that were issued before a time.
    ///
    /// # Errors
    ///
    /// Returns an error if the list is full.
    pub fn deny_subject(
        &self,
        issuer: &str,
        subject: &str,
        issued_before: SystemTime,
        until: SystemTime,
    ) -> Result<(), RevocationsFull> {
        self.deny(
            RevokedBy::Subject,
            issuer,
            subject,
            RevocationEntry::new(issued_before, until),
        )
    }

    /// Revokes the tokens of `session` (`sid`) that were issued before a time.
    ///
    /// # Errors
    ///
    /// Returns an error if the list is full.
    pub fn deny_session(
        &self,
        issuer: &str,
        session: &str,
        issued_before: SystemTime,
        until: SystemTime,
    ) -> Result<(), RevocationsFull> {
        self.deny(
            RevokedBy::Session,
            issuer,
            session,
            RevocationEntry::new(issued_before, until),
        )
    }

    /// Revokes the tokens of `client` (`client_id`, or else `azp`) that were issued before a time.
    ///
    /// # Errors
    ///
    /// Returns an error if the list is full.
    pub fn deny_client(
        &self,
        issuer: &str,
        client: &str,
        issued_before: SystemTime,
        until: SystemTime,
    ) -> Result<(), RevocationsFull> {
        self.deny(
            RevokedBy::Client,
            issuer,
            client,
            RevocationEntry::new(issued_before, until),
        )
    }
}

/// Takes entries back. An entry that is added again has the same effect as before.
#[expect(clippy::must_use_candidate, reason = "the entry is gone either way")]
impl Revocations {
    /// Removes the entry about a token. Returns `false` if there is no such entry.
    pub fn allow_token(&self, issuer: &str, token_id: &str) -> bool {
        self.allow(RevokedBy::Token, issuer, token_id)
    }

    /// Removes the entry about a subject. Returns `false` if there is no such entry.
    pub fn allow_subject(&self, issuer: &str, subject: &str) -> bool {
        self.allow(RevokedBy::Subject, issuer, subject)
    }

    /// Removes the entry about a session. Returns `false` if there is no such entry.
    pub fn allow_session(&self, issuer: &str, session: &str) -> bool {
        self.allow(RevokedBy::Session, issuer, session)
    }

    /// Removes the entry about a client. Returns `false` if there is no such entry.
    pub fn allow_client(&self, issuer: &str, client: &str) -> bool {
        self.allow(RevokedBy::Client, issuer, client)
    }
}
