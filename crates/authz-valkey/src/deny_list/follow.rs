use std::{convert::Infallible, time::Duration};

use authz_core::{Feed, Revocations};
use redis::{cmd, streams::StreamRangeReply};
use tokio::time::{MissedTickBehavior, interval};

use super::{
    DenyList,
    entry::{Applied, apply},
};

/// How often each server reads new entries.
const EVERY: Duration = Duration::from_millis(500);
/// The number of entries in one answer of the store.
const PAGE: usize = 1000;

/// How far the stream has been read.
struct Cursor {
    /// The connection that it was read by.
    generation: u64,
    /// The first identifier to read, in the notation of `XRANGE`.
    start: String,
}

impl DenyList {
    /// Copies the entries into `revocations`, first all and then the new ones. Spawn it: it never ends.
    ///
    /// From this call on, `revocations` has a feed, which is out of step until all entries are there. So a
    /// server that has just started does not accept revoked tokens.
    pub fn follow(
        &self,
        revocations: &Revocations,
    ) -> impl Future<Output = Infallible> + Send + use<> {
        let feed = revocations.feed("valkey deny list", self.max_staleness);
        let list = self.clone();
        async move {
            let mut cursor = Cursor::new(0);
            let mut problem = None;
            let mut every = interval(EVERY);
            every.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                every.tick().await;
                let error = list.read(&feed, &mut cursor).await.err();
                if error.is_none() {
                    feed.in_step();
                }
                match &error {
                    Some(error) if problem.as_ref() != Some(error) => tracing::warn!(
                        target: "authz::valkey",
                        error,
                        "the deny list can't be read: requests get 503 when its entries are too old"
                    ),
                    None if problem.is_some() => tracing::info!(
                        target: "authz::valkey",
                        "the deny list is read again"
                    ),
                    _ => {}
                }
                problem = error;
            }
        }
    }

    async fn read(&self, feed: &Feed, cursor: &mut Cursor) -> Result<(), String> {
        loop {
            let up = self.valkey.connected().await.map_err(|it| it.to_string())?;
            // The server behind another connection may have lost entries, and has added others since.
            if up.generation != cursor.generation {
                *cursor = Cursor::new(up.generation);
            }
            let mut range = cmd("XRANGE");
            range
                .arg(self.key())
                .arg(&cursor.start)
                .arg("+")
                .arg("COUNT")
                .arg(PAGE);
            let page = self.valkey.query_on::<StreamRangeReply>(&up, &range).await;
            let page = page.map_err(|it| it.to_string())?;
            for entry in &page.ids {
                match apply(entry, feed) {
                    Ok(Applied::Yes) => {}
                    Ok(Applied::Unreadable) => tracing::error!(
                        target: "authz::valkey",
                        id = entry.id,
                        "an entry of the deny list is ignored because it can't be read: was it written by a newer version?"
                    ),
                    // It is read again: there may be room once other entries have ended.
                    Err(full) => return Err(full.to_string()),
                }
                cursor.start = format!("({}", entry.id);
            }
            if page.ids.len() < PAGE {
                return Ok(());
            }
        }
    }
}

impl Cursor {
    fn new(generation: u64) -> Self {
        Self {
            generation,
            start: "-".to_owned(),
        }
    }
}
