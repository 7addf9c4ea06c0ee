//! Computes an upper bound of the memory that JSON takes once deserialized, from its text alone.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use smallvec::SmallVec;

/// Upper bounds of heap memory, in bytes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Footprint {
    /// As [`serde_json::Value`].
    pub(crate) as_value: usize,
    /// As a type of the application, which may use hash maps, and structs as elements of arrays.
    pub(crate) as_any: usize,
}

impl Footprint {
    /// Returns the bounds for `json`, which must be valid JSON.
    pub(crate) fn of(json: &[u8]) -> Self {
        let mut sum = Self::default();
        let mut open: SmallVec<[Container; 16]> = SmallVec::new();
        let mut at = 0;
        while let Some(byte) = json.get(at) {
            match byte {
                b'"' => {
                    let end = end_of_string(json, at + 1);
                    sum.add_to_both(end - at - 1);
                    at = end;
                    Container::fill(open.last_mut());
                }
                b'{' | b'[' => {
                    Container::fill(open.last_mut());
                    open.push(Container {
                        is_array: *byte == b'[',
                        elements: 0,
                    });
                }
                b'}' | b']' => {
                    if let Some(container) = open.pop() {
                        sum.add(&container);
                    }
                }
                b',' => {
                    if let Some(container) = open.last_mut() {
                        container.elements += 1;
                    }
                }
                b' ' | b'\t' | b'\n' | b'\r' | b':' => {}
                _ => {
                    Container::fill(open.last_mut());
                    let end = end_of_literal(json, at);
                    // With serde_json's `arbitrary_precision`, a number is a `String` that grew by
                    // doubling.
                    if size_of::<serde_json::Number>() > 16 {
                        sum.add_to_both((2 * (end - at)).next_power_of_two().max(16));
                    }
                    at = end - 1;
                }
            }
            at += 1;
        }
        sum
    }

    const fn add_to_both(&mut self, bytes: usize) {
        self.as_value += bytes;
        self.as_any += bytes;
    }

    fn add(&mut self, container: &Container) {
        let elements = container.elements;
        if container.is_array {
            self.as_value += array(elements, size_of::<Value>());
            // An array may be deserialized into a struct too.
            self.as_any += array(elements, 2 * size_of::<Value>()).max(object(1));
        } else {
            self.as_value += object(elements);
            self.as_any += object(elements.max(1)).max(hash_map(elements));
        }
    }
}

struct Container {
    is_array: bool,
    /// The number of commas so far, plus one if there is any element.
    elements: usize,
}

impl Container {
    fn fill(container: Option<&mut Self>) {
        if let Some(container) = container {
            container.elements = container.elements.max(1);
        }
    }
}

/// Returns the size of a vector that grew by doubling.
fn array(elements: usize, size: usize) -> usize {
    match elements {
        0 => 0,
        more => more.next_power_of_two().max(4) * size,
    }
}

fn object(members: usize) -> usize {
    if size_of::<Map<String, Value>>() == size_of::<BTreeMap<String, Value>>() {
        b_tree(members)
    } else {
        hash_map(members)
    }
}

/// Returns the size of a `BTreeMap`: a node has at most 11 entries and, except for the root, at
/// least 5.
fn b_tree(members: usize) -> usize {
    const LEAF: usize = 11 * (size_of::<String>() + size_of::<Value>()) + 16;
    const INNER: usize = LEAF + 12 * size_of::<usize>();
    match members {
        0 => 0,
        1..=11 => LEAF,
        more => {
            let leaves = (more + 1) / 6;
            leaves * LEAF + (leaves / 5 + 1) * INNER
        }
    }
}

/// Returns the size of a hash map that is at most 7/8 full, with an index as in an ordered map.
fn hash_map(members: usize) -> usize {
    const BUCKET: usize = size_of::<(u64, String, Value)>() + 9;
    match members {
        0 => 0,
        more => (more * 8 / 7 + 1).next_power_of_two().max(4) * BUCKET + 32,
    }
}

/// Returns the position of the closing quote of the string whose text begins at `from`.
fn end_of_string(json: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(found) = json
        .get(at..)
        .and_then(|it| memchr::memchr2(b'"', b'\\', it))
    {
        at += found;
        if json.get(at) == Some(&b'"') {
            return at;
        }
        at += 2;
    }
    json.len().max(from)
}

/// Returns the end of the number, `true`, `false` or `null` that begins at `from`.
fn end_of_literal(json: &[u8], from: usize) -> usize {
    let is_end = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
    let rest = json.get(from + 1..).unwrap_or_default();
    from + 1 + rest.iter().position(is_end).unwrap_or(rest.len())
}
