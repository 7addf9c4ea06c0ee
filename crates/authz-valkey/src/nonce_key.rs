use authz_core::NonceKey;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use redis::cmd;

use crate::{
    error::{ValkeyError, ValkeyErrorKind},
    valkey::Valkey,
};

impl Valkey {
    /// Returns the key for nonces that all servers share. The first server creates it.
    ///
    /// Anyone who can read the store can make nonces, which are useless without a client's key.
    ///
    /// # Errors
    ///
    /// Returns an error if the store is unreachable, or if the entry is not a key.
    pub async fn nonce_key(&self) -> Result<NonceKey, ValkeyError> {
        let key = self.key("nonce-key");
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|error| {
            let problem = format!("the system has no random numbers for a key: {error}");
            ValkeyError::new(ValkeyErrorKind::Unavailable, problem)
        })?;
        let mut set = cmd("SET");
        set.arg(&key).arg(URL_SAFE_NO_PAD.encode(random)).arg("NX");
        let _: redis::Value = self.query(&set).await?;
        // The stored key counts, whichever server has set it.
        let text: String = self.query(cmd("GET").arg(&key)).await?;
        NonceKey::from_base64url(&text).map_err(|error| {
            let problem = format!("the entry {key} of the store is wrong: {error}");
            ValkeyError::new(ValkeyErrorKind::UnexpectedAnswer, problem)
        })
    }
}
