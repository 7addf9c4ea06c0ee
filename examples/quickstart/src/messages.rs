use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::UNIX_EPOCH,
};

use serde::Serialize;

use crate::NewMessage;

/// The common messages, or those [of](Self::of) one organization, in memory. Each list has its own ids
/// and keeps the newest [`CAPACITY`](Self::CAPACITY) messages. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    rooms: Arc<Mutex<Rooms>>,
    organization: Option<Arc<str>>,
}

/// By organization. The common messages have none.
type Rooms = HashMap<Option<Arc<str>>, VecDeque<Message>>;

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
    /// Maximum number of messages. A further message displaces the oldest.
    pub const CAPACITY: usize = 1000;

    /// Maximum number of organizations. A further one displaces the one without new messages for longest.
    const ORGANIZATIONS: usize = 100;

    /// Returns the messages of one organization.
    #[must_use]
    pub fn of(&self, organization: &str) -> Self {
        Self {
            rooms: Arc::clone(&self.rooms),
            organization: Some(organization.into()),
        }
    }

    /// Stores a message. `author` is the `sub` of the caller's token.
    #[must_use]
    pub fn add(&self, message: NewMessage, author: Option<&str>) -> Message {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        if rooms.len() > Self::ORGANIZATIONS && !rooms.contains_key(&self.organization) {
            let organizations = rooms.iter().filter(|(of, _)| of.is_some());
            let silent = organizations.min_by_key(|(_, room)| room.back().map(|it| it.created_at));
            if let Some(silent) = silent.map(|(of, _)| of.clone()) {
                rooms.remove(&silent);
            }
        }
        let room = rooms.entry(self.organization.clone()).or_default();
        let message = Message {
            id: room.back().map_or(1, |newest| newest.id + 1),
            text: message.0,
            author: author.map(str::to_owned),
            created_at: UNIX_EPOCH.elapsed().unwrap_or_default().as_secs(),
        };
        if room.len() == Self::CAPACITY {
            room.pop_front();
        }
        room.push_back(message.clone());
        message
    }

    /// Returns the messages, the oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<Message> {
        let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let room = rooms.get(&self.organization).into_iter().flatten();
        room.cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(messages: &Messages) -> Message {
        messages.add(NewMessage("x".to_owned()), None)
    }

    #[test]
    fn the_oldest_makes_room_within_its_organization() {
        let messages = Messages::default();
        let of_acme = messages.of("acme");
        let first = add(&of_acme);
        for _ in 0..=Messages::CAPACITY {
            add(&messages);
        }
        let ids: Vec<u64> = messages.list().iter().map(|it| it.id).collect();
        assert!(ids.into_iter().eq(2..=Messages::CAPACITY as u64 + 1));
        assert_eq!(of_acme.list(), [first]);
    }

    #[test]
    fn organizations_without_end_take_no_more_memory() {
        let messages = Messages::default();
        for organization in 0..2 * Messages::ORGANIZATIONS {
            add(&messages.of(&organization.to_string()));
        }
        add(&messages);
        let rooms = messages.rooms.lock().unwrap().len();
        assert!(rooms <= Messages::ORGANIZATIONS + 2, "{rooms}");
    }
}
