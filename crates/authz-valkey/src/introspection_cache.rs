use std::{error::Error, time::Duration};

use authz_core::{AnswerId, IntrospectionCache, async_trait};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use redis::{Value, cmd};

use crate::valkey::Valkey;

/// Stores the introspection answers that servers share, one entry each, encrypted by the core.
#[async_trait]
impl IntrospectionCache for Valkey {
    async fn get(&self, id: AnswerId) -> Result<Option<Vec<u8>>, Box<dyn Error + Send + Sync>> {
        /// The index of the last byte. An entry that is longer is cut, and so it does not decrypt.
        const LAST: u32 = 64 * 1024 - 1;
        let mut get = cmd("GETRANGE");
        get.arg(self.answer_key(id)).arg(0).arg(LAST);
        let entry: Vec<u8> = self.query(&get).await?;
        Ok((!entry.is_empty()).then_some(entry))
    }

    async fn put(
        &self,
        id: AnswerId,
        entry: &[u8],
        ttl: Duration,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let Ok(ttl @ 1..) = u64::try_from(ttl.as_millis()) else {
            return Ok(());
        };
        let mut set = cmd("SET");
        set.arg(self.answer_key(id)).arg(entry).arg("PX").arg(ttl);
        let _: Value = self.query(&set).await?;
        Ok(())
    }

    async fn remove(&self, id: AnswerId) -> Result<(), Box<dyn Error + Send + Sync>> {
        let _: Value = self.query(cmd("DEL").arg(self.answer_key(id))).await?;
        Ok(())
    }
}

impl Valkey {
    fn answer_key(&self, id: AnswerId) -> String {
        self.key("answer:") + &URL_SAFE_NO_PAD.encode(id.as_bytes())
    }
}
