use std::{collections::HashMap, sync::Mutex, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::{lock::Locked as _, random};

/// The authorization codes that nobody has redeemed yet.
#[derive(Debug, Default)]
pub(crate) struct Codes(Mutex<HashMap<String, Code>>);

/// What a code stands for.
#[derive(Debug)]
pub(crate) struct Code {
    pub(super) client: String,
    pub(super) redirect_uri: String,
    pub(super) code_challenge: String,
    pub(crate) audience: String,
    pub(crate) scope: String,
    pub(crate) subject: String,
    pub(super) issued: Instant,
}

impl Codes {
    /// Returns a new code. Expired ones are removed.
    pub(super) fn issue(&self, code: Code) -> String {
        let name = random::identifier();
        let mut codes = self.0.locked();
        codes.retain(|_, it| it.issued.elapsed() < LIFETIME);
        codes.insert(name.clone(), code);
        name
    }

    /// Returns what a code stands for, or why it is not valid. A code is used up by the first attempt.
    pub(crate) fn redeem(
        &self,
        code: &str,
        client: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<Code, &'static str> {
        let found = self.0.locked().remove(code);
        let found = found.ok_or("the code is unknown or was used before")?;
        if found.issued.elapsed() >= LIFETIME {
            Err("the code has expired")
        } else if found.client != client {
            Err("the code belongs to another client_id")
        } else if found.redirect_uri != redirect_uri {
            Err("the code belongs to another redirect_uri")
        } else if !is_verifier(verifier) || s256(verifier) != found.code_challenge {
            Err("the code_verifier does not match the code_challenge")
        } else {
            Ok(found)
        }
    }
}

/// RFC 7636 section 4.1.
fn is_verifier(text: &str) -> bool {
    let is_unreserved = |it: u8| it.is_ascii_alphanumeric() || b"-._~".contains(&it);
    (43..=128).contains(&text.len()) && text.bytes().all(is_unreserved)
}

/// RFC 7636 section 4.2.
fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

const LIFETIME: Duration = Duration::from_secs(60);
