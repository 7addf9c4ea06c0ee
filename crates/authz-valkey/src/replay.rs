use std::time::Duration;

use authz_core::{ProofId, ReplayError, ReplayStore, async_trait};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use redis::{Value, cmd};

use crate::valkey::Valkey;

/// Stores the proofs seen, one entry each, until they are too old to be accepted.
#[async_trait]
impl ReplayStore for Valkey {
    /// Only an answer from the store decides. If it is lost, the proof may have been inserted: the request gets
    /// 503, and the client makes another proof.
    async fn insert(&self, proof: ProofId, ttl: Duration) -> Result<bool, ReplayError> {
        let key = self.key("proof:") + &URL_SAFE_NO_PAD.encode(proof.as_bytes());
        let ttl = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
        let mut set = cmd("SET");
        set.arg(key).arg(1).arg("NX").arg("PX").arg(ttl.max(1));
        match self.query(&set).await {
            Ok(Value::Okay) => Ok(true),
            Ok(Value::Nil) => Ok(false),
            Ok(_) => Err(ReplayError::new(
                "the store answered SET with neither OK nor nil",
            )),
            Err(error) => Err(ReplayError::new(error.to_string())),
        }
    }
}
