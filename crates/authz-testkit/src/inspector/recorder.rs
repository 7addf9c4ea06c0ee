use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context};

use crate::lock::Locked as _;

/// The newest decisions, and counts of all.
#[derive(Debug, Default)]
pub(super) struct Log {
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    newest: VecDeque<(u64, Value)>,
    last: u64,
    counts: DecisionCounts,
}

#[derive(Clone, Copy, Debug, Default)]
struct DecisionCounts {
    allowed: u64,
    cached: u64,
    refused: u64,
    unavailable: u64,
}

impl Log {
    /// Returns the decisions after the one with this number, or only the number of the newest.
    pub(super) fn after(&self, number: Option<u64>) -> Value {
        let entries = self.entries.locked();
        let decisions = entries.newest.iter();
        let decisions = decisions.filter(|(own, _)| number.is_some_and(|number| *own > number));
        json!({
            "last": entries.last,
            "decisions": decisions.map(|(_, decision)| decision).collect::<Vec<_>>(),
        })
    }

    pub(super) fn counts(&self) -> Value {
        let counts = self.entries.locked().counts;
        json!({
            "allowed": counts.allowed,
            "cached": counts.cached,
            "refused": counts.refused,
            "unavailable": counts.unavailable,
        })
    }

    fn add(&self, level: tracing::Level, fields: &Fields) {
        let outcome = fields.outcome();
        let decision = json!({
            "outcome": outcome,
            "level": level.as_str(),
            "message": fields.message,
            "fields": fields.rest,
        });
        let mut entries = self.entries.locked();
        let counts = &mut entries.counts;
        match outcome {
            "allowed" => {
                counts.allowed += 1;
                counts.cached += u64::from(fields.get("cached") == Some("true"));
            }
            "refused" => counts.refused += 1,
            "unavailable" => counts.unavailable += 1,
            _ => {}
        }
        entries.last += 1;
        let number = entries.last;
        if entries.newest.len() == CAPACITY {
            entries.newest.pop_front();
        }
        entries.newest.push_back((number, decision));
    }
}

/// Records the events of `authz`, those about keys too.
pub(super) struct Recorder(pub(super) Arc<Log>);

impl<S: Subscriber> Layer<S> for Recorder {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        // The filter compares beginnings, and this crate's own name begins so too.
        let target = event.metadata().target();
        if target != "authz" && !target.starts_with("authz::") {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.0.add(*event.metadata().level(), &fields);
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    rest: Vec<(&'static str, String)>,
}

impl Fields {
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.rest.iter().find(|(own, _)| *own == name);
        found.map(|(_, value)| value.as_str())
    }

    fn outcome(&self) -> &'static str {
        match (&*self.message, self.get("reason")) {
            ("request allowed", _) => "allowed",
            ("request refused", Some("keys_unavailable" | "revocations_unavailable")) => {
                "unavailable"
            }
            ("request refused", _) => "refused",
            _ => "note",
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            name => self.rest.push((name, value.to_owned())),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// The number of decisions that are kept.
const CAPACITY: usize = 200;
