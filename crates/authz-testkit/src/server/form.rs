use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, map::Entry};

/// Returns the fields of an `application/x-www-form-urlencoded` body. A repeated field becomes an
/// array, because `resource` may be repeated (RFC 8707 section 2).
pub(crate) fn fields(body: &str) -> Map<String, Value> {
    let mut fields = Map::new();
    for (name, value) in form_urlencoded::parse(body.as_bytes()) {
        let value = Value::String(value.into_owned());
        match fields.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(value);
            }
            Entry::Occupied(mut entry) => match entry.get_mut() {
                Value::Array(values) => values.push(value),
                first => *first = Value::Array(vec![first.take(), value]),
            },
        }
    }
    fields
}

/// Decodes one form-encoded value, in which `=` and `&` may be unescaped.
pub(crate) fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}
