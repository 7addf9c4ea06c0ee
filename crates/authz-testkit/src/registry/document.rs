//! The file's text, changed in place: what a person wrote stays as it is.

use std::fmt;

use serde_json::{Map, Value as Json};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, TableLike, Value};

use super::{change::Collection, entry::Settings};

#[derive(Clone, Debug, Default)]
pub(crate) struct Document(DocumentMut);

impl Document {
    /// The message of an error shows the line.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        text.parse()
            .map(Self)
            .map_err(|error: toml_edit::TomlError| error.to_string())
    }

    pub(crate) fn settings(&self) -> Result<Settings, String> {
        // From the text, so that an error shows its line.
        toml_edit::de::from_str(&self.0.to_string()).map_err(|error| error.to_string())
    }

    /// Renames an entry, so that [`merge`](Self::merge) finds it.
    pub(crate) fn rename(&mut self, collection: Collection, from: &str, to: &str) {
        let id = collection.id();
        let Some(entries) = entries(&mut self.0, collection) else {
            return;
        };
        let mut same = entries.iter_mut().filter(|it| text(it, id) == Some(from));
        if let Some(entry) = same.next() {
            set(entry, id, &Json::from(to));
        }
    }

    /// Makes the file say what the settings are, and leaves alone what it says already.
    pub(crate) fn merge(&mut self, settings: &Settings) {
        let settings = serde_json::to_value(settings).unwrap_or_default();
        for collection in Collection::ALL {
            let wanted = settings.get(collection.key()).and_then(Json::as_array);
            let wanted = wanted.map_or(&[][..], Vec::as_slice);
            let id = collection.id();
            if wanted.is_empty() {
                self.0.remove(collection.key());
                continue;
            }
            let Some(entries) = entries(&mut self.0, collection) else {
                continue;
            };
            let is_wanted = |entry: &Table| {
                let name = text(entry, id);
                wanted
                    .iter()
                    .any(|it| it.get(id).and_then(Json::as_str) == name)
            };
            entries.retain(is_wanted);
            for object in wanted.iter().filter_map(Json::as_object) {
                let name = object.get(id).and_then(Json::as_str);
                let index = entries.iter().position(|entry| text(entry, id) == name);
                if let Some(entry) = index.and_then(|index| entries.get_mut(index)) {
                    merge_entry(entry, object);
                    continue;
                }
                let mut entry = Table::new();
                // The name comes first.
                if let Some(name) = object.get(id) {
                    set(&mut entry, id, name);
                }
                merge_entry(&mut entry, object);
                entries.push(entry);
            }
        }
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Returns the entries of a collection as tables, even if they are written as one inline array.
fn entries(document: &mut DocumentMut, collection: Collection) -> Option<&mut ArrayOfTables> {
    let item = document
        .entry(collection.key())
        .or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    if !item.is_array_of_tables() {
        *item = std::mem::take(item).into_array_of_tables().map_or(
            Item::ArrayOfTables(ArrayOfTables::new()),
            Item::ArrayOfTables,
        );
    }
    item.as_array_of_tables_mut()
}

fn text<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.get(key).and_then(Item::as_str)
}

/// Makes an entry say what the object says. A member that says nothing is left out.
fn merge_entry(table: &mut Table, object: &Map<String, Json>) {
    let mut said = object.clone();
    said.retain(|key, value| {
        let goes_without_saying = table.get(key).is_none() && is_default(key, value);
        !(is_empty(value) || goes_without_saying)
    });
    merge(table, &said);
}

fn merge(table: &mut dyn TableLike, object: &Map<String, Json>) {
    let stale = table.iter().map(|(key, _)| key.to_owned());
    let stale: Vec<String> = stale.filter(|key| !object.contains_key(key)).collect();
    for key in stale {
        table.remove(&key);
    }
    for (key, value) in object {
        match value {
            Json::Object(members) => {
                let item = table.entry(key).or_insert(Item::Table(Table::new()));
                if let Some(inner) = item.as_table_like_mut() {
                    merge(inner, members);
                }
            }
            other => set(table, key, other),
        }
    }
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(elements) => elements.is_empty(),
        Json::Object(members) => members.is_empty(),
        Json::Bool(_) | Json::Number(_) => false,
    }
}

/// Returns whether leaving the member out says the same.
fn is_default(key: &str, value: &Json) -> bool {
    match key {
        "algorithm" => value == "RS256",
        "lifetime" => value == 3600,
        "format" => value == "at+jwt",
        _ => false,
    }
}

fn set(table: &mut dyn TableLike, key: &str, json: &Json) {
    let before = table.get(key).and_then(Item::as_value);
    let Some(mut value) = from_json(json) else {
        return;
    };
    if let Some(before) = before {
        if same(before, json) {
            return;
        }
        *value.decor_mut() = before.decor().clone();
    }
    table.insert(key, Item::Value(value));
}

fn same(value: &Value, json: &Json) -> bool {
    match (value, json) {
        (Value::Array(ours), Json::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same(a, b))
        }
        (Value::String(text), Json::String(other)) => text.value() == other,
        (Value::Integer(number), Json::Number(other)) => other.as_i64() == Some(*number.value()),
        (Value::Boolean(bool), Json::Bool(other)) => bool.value() == other,
        _ => false,
    }
}

fn from_json(json: &Json) -> Option<Value> {
    match json {
        Json::String(text) => Some(text.as_str().into()),
        Json::Number(number) => number.as_i64().map(Value::from),
        Json::Bool(bool) => Some((*bool).into()),
        Json::Array(elements) => {
            let elements = elements.iter().filter_map(from_json);
            Some(Value::Array(elements.collect()))
        }
        Json::Null | Json::Object(_) => None,
    }
}
