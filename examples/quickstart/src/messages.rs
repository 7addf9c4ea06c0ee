use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::UNIX_EPOCH,
};

use serde::Serialize;

use crate::NewMessage;

/// The messages of everybody, or [of](Self::of) one organization, in memory: each has its own ids and
/// keeps its newest [`CAPACITY`](Self::CAPACITY). Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    rooms: Arc<Mutex<HashMap<Option<Arc<str>>, Room>>>,
    organization: Option<Arc<str>>,
}

#[derive(Debug, Default)]
struct Room {
    messages: VecDeque<Message>,
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

    /// How many organizations are kept: the one that has been silent longest makes room.
    const ORGANIZATIONS: usize = 100;

    /// The messages of one organization.
    #[must_use]
    pub fn of(&self, organization: &str) -> Self {
        Self {
            rooms: Arc::clone(&self.rooms),
            organization: Some(organization.into()),
        }
    }

    /// Stores a message of the caller whose token says that it is `author`.
    #[must_use]
    pub fn add(&self, message: NewMessage, author: Option<&str>) -> Message {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = |room: &Room| room.messages.back().map(|it| it.created_at);
        if rooms.len() > Self::ORGANIZATIONS && !rooms.contains_key(&self.organization) {
            let organizations = rooms.iter().filter(|(of, _)| of.is_some());
            let silent = organizations.min_by_key(|(_, room)| newest(room));
            if let Some(silent) = silent.map(|(of, _)| of.clone()) {
                rooms.remove(&silent);
            }
        }
        let room = rooms.entry(self.organization.clone()).or_default();
        room.last_id += 1;
        let message = Message {
            id: room.last_id,
            text: message.into_text(),
            author: author.map(str::to_owned),
            created_at: UNIX_EPOCH.elapsed().unwrap_or_default().as_secs(),
        };
        if room.messages.len() == Self::CAPACITY {
            room.messages.pop_front();
        }
        room.messages.push_back(message.clone());
        message
    }

    /// All of them, the oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<Message> {
        let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let room = rooms.get(&self.organization);
        room.map_or_else(Vec::new, |room| room.messages.iter().cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room_within_its_organization() {
        let messages = Messages::default();
        let of_acme = messages.of("acme");
        let first = of_acme.add(NewMessage::new("x"), None);
        for _ in 0..=Messages::CAPACITY {
            let _ = messages.add(NewMessage::new("x"), None);
        }
        let ids: Vec<u64> = messages.list().iter().map(|it| it.id).collect();
        assert!(ids.into_iter().eq(2..=Messages::CAPACITY as u64 + 1));
        assert_eq!(of_acme.list(), [first]);
    }

    #[test]
    fn organizations_without_end_take_no_more_memory() {
        let messages = Messages::default();
        for organization in 0..2 * Messages::ORGANIZATIONS {
            let _ = messages
                .of(&organization.to_string())
                .add(NewMessage::new("x"), None);
        }
        let _ = messages.add(NewMessage::new("x"), None);
        let rooms = messages.rooms.lock().unwrap().len();
        assert!(rooms <= Messages::ORGANIZATIONS + 2, "{rooms}");
    }
}
