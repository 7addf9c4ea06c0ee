use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::UNIX_EPOCH,
};

use serde::Serialize;

use crate::NewMessage;

/// The messages of everybody, or [of](Self::of) one organization, in memory: the newest
/// [`CAPACITY`](Self::CAPACITY) of all. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    all: Arc<Mutex<All>>,
    organization: Option<Arc<str>>,
}

#[derive(Debug, Default)]
struct All {
    messages: VecDeque<(Option<Arc<str>>, Message)>,
    last_id: u64,
}

/// A stored message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    id: u64,
    text: String,
    /// The token's `sub`.
    author: Option<String>,
    /// Seconds since 1970.
    created_at: u64,
}

impl Messages {
    /// How many are kept: the oldest makes room for the next.
    pub const CAPACITY: usize = 1000;

    /// The messages of one organization.
    #[must_use]
    pub fn of(&self, organization: &str) -> Self {
        Self {
            all: Arc::clone(&self.all),
            organization: Some(organization.into()),
        }
    }

    /// Stores a message of the caller whose token says that it is `author`.
    #[must_use]
    pub fn add(&self, message: NewMessage, author: Option<&str>) -> Message {
        // No statement below leaves the store half changed, so a poisoned lock does no harm.
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.last_id += 1;
        let message = Message {
            id: all.last_id,
            text: message.into_text(),
            author: author.map(str::to_owned),
            created_at: UNIX_EPOCH.elapsed().unwrap_or_default().as_secs(),
        };
        if all.messages.len() == Self::CAPACITY {
            all.messages.pop_front();
        }
        let stored = (self.organization.clone(), message.clone());
        all.messages.push_back(stored);
        message
    }

    /// All of them, the oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<Message> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let ours = all
            .messages
            .iter()
            .filter(|(of, _)| *of == self.organization);
        ours.map(|(_, message)| message.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room() {
        let messages = Messages::default();
        let of_acme = messages.of("acme");
        let _ = of_acme.add(NewMessage::new("x"), None);
        for _ in 0..Messages::CAPACITY {
            let _ = messages.add(NewMessage::new("x"), None);
        }
        let ids: Vec<u64> = messages.list().iter().map(|it| it.id).collect();
        assert!(ids.into_iter().eq(2..=Messages::CAPACITY as u64 + 1));
        assert_eq!(of_acme.list(), []);
    }
}
