use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Serialize;

use crate::NewMessage;

/// The messages of everybody, or [of](Self::of) one organization, in memory: the newest
/// [`CAPACITY`](Self::CAPACITY) of them.
///
/// Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    all: Arc<Mutex<All>>,
    organization: Option<Arc<str>>,
}

#[derive(Debug, Default)]
struct All {
    everybodys: Stored,
    /// The one that has had its first message longest ago stands first.
    organizations: VecDeque<(Arc<str>, Stored)>,
}

#[derive(Debug, Default)]
struct Stored {
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
    /// How many are kept: the oldest makes way for the next.
    pub const CAPACITY: usize = 1000;
    /// How many organizations have messages: the oldest makes way for the next.
    pub const ORGANIZATIONS: usize = 100;

    /// Those of one organization, which nobody else sees.
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
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        // Every statement below leaves the store whole, so a poisoned lock is none the worse.
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let stored = match &self.organization {
            None => &mut all.everybodys,
            Some(organization) => all.of(organization),
        };
        stored.last_id += 1;
        let message = Message {
            id: stored.last_id,
            text: message.into_text(),
            author: author.map(str::to_owned),
            created_at: since_1970.unwrap_or_default().as_secs(),
        };
        if stored.messages.len() == Self::CAPACITY {
            stored.messages.pop_front();
        }
        stored.messages.push_back(message.clone());
        message
    }

    /// All of them, the oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<Message> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let stored = match &self.organization {
            None => Some(&all.everybodys),
            Some(organization) => {
                let mut stored = all.organizations.iter();
                let found = stored.find(|(name, _)| name == organization);
                found.map(|(_, stored)| stored)
            }
        };
        stored.map_or_else(Vec::new, |it| it.messages.iter().cloned().collect())
    }
}

impl All {
    /// What is stored for the organization, made room for if it is new.
    fn of(&mut self, organization: &Arc<str>) -> &mut Stored {
        let mut names = self.organizations.iter().map(|(name, _)| name);
        let at = names
            .position(|name| name == organization)
            .unwrap_or_else(|| {
                if self.organizations.len() == Messages::ORGANIZATIONS {
                    self.organizations.pop_front();
                }
                let new = (Arc::clone(organization), Stored::default());
                self.organizations.push_back(new);
                self.organizations.len() - 1
            });
        &mut self.organizations[at].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> NewMessage {
        NewMessage::new(text)
    }

    #[test]
    fn messages_are_listed_in_the_order_of_their_ids() {
        let messages = Messages::default();
        let first = messages.add(message("one"), Some("someone"));
        let second = messages.clone().add(message("two"), None);
        assert_eq!((first.id, second.id), (1, 2));
        assert_eq!(first.author.as_deref(), Some("someone"));
        assert_eq!(messages.list(), [first, second]);
    }

    #[test]
    fn the_oldest_makes_way() {
        let messages = Messages::default();
        let number = Messages::CAPACITY as u64 + 1;
        for _ in 0..number {
            let _ = messages.add(message("x"), None);
        }
        let list = messages.list();
        assert_eq!(list.len(), Messages::CAPACITY);
        assert_eq!(list.first().map(|it| it.id), Some(2));
        assert_eq!(list.last().map(|it| it.id), Some(number));
    }

    #[test]
    fn an_organization_has_its_own() {
        let messages = Messages::default();
        let acme = messages.of("acme");
        let stored = acme.add(message("one"), None);
        let other = messages.of("other").add(message("two"), None);
        assert_eq!((stored.id, other.id), (1, 1));
        assert_eq!(acme.list(), std::slice::from_ref(&stored));
        assert_eq!(messages.of("acme").list(), [stored]);
        assert_eq!(messages.of("acm").list(), []);
        assert_eq!(messages.list(), []);
    }

    #[test]
    fn the_oldest_organization_makes_way() {
        let messages = Messages::default();
        for number in 0..=Messages::ORGANIZATIONS {
            let _ = messages.of(&number.to_string()).add(message("x"), None);
        }
        assert_eq!(messages.of("0").list(), []);
        assert_eq!(messages.of("1").list().len(), 1);
        let last = messages.of(&Messages::ORGANIZATIONS.to_string());
        assert_eq!(last.list().len(), 1);
    }
}
