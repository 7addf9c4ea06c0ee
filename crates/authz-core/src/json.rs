//! Parses JSON objects and rejects repeated member names at every depth.
//!
//! Parsers disagree about which of two equal names counts. A token that repeats a name could mean
//! one thing to its issuer and another to this server (RFC 7515 section 4, RFC 7519 section 4).

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize,
    de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor},
};
use smallvec::SmallVec;

/// The member names of one object so far.
#[derive(Default)]
pub(crate) struct MemberNames<'de> {
    seen: SmallVec<[Cow<'de, str>; 16]>,
    /// How many names of `seen` are known to be unique.
    checked: usize,
    /// A Bloom filter of one word: a name whose bit isn't set is new.
    marks: u64,
}

/// serde_json gives objects with such a member a special meaning: it would parse the member's text
/// as another value, which bypasses these checks.
const RESERVED: &str = "$serde_json::private::";

/// The only member of the object that represents a number if serde_json's feature
/// `arbitrary_precision` is on. Any crate in the build can turn it on.
const NUMBER: &str = "$serde_json::private::Number";

/// The text of such a number. serde_json passes it as an owned string, which never happens for a
/// string in JSON text. So a lookalike object in a token is rejected.
struct NumberText;

/// A member name, borrowed unless it has escapes.
pub(crate) struct Name<'de>(pub(crate) Cow<'de, str>);

/// Skips any value, but rejects repeated names in its objects.
pub(crate) struct Skip;

impl<'de> MemberNames<'de> {
    /// Up to this many names are compared one by one. Further names are sorted once at the end, so
    /// that thousands of members don't cost quadratic time.
    const LINEAR: usize = 32;

    pub(crate) fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    pub(crate) fn add<E: de::Error>(&mut self, name: Cow<'de, str>) -> Result<(), E> {
        if name.starts_with(RESERVED) {
            return Err(E::custom(format_args!(
                "a member name begins with {RESERVED:?}"
            )));
        }
        if self.seen.len() < Self::LINEAR {
            let mark = mark(name.as_bytes());
            if self.marks & mark != 0 && self.seen.contains(&name) {
                return Err(duplicate());
            }
            self.marks |= mark;
            self.checked += 1;
        }
        self.seen.push(name);
        Ok(())
    }

    pub(crate) fn finish<E: de::Error>(&mut self) -> Result<(), E> {
        if self.checked == self.seen.len() {
            return Ok(());
        }
        self.seen.sort_unstable();
        match self.seen.is_sorted_by(|name, next| name != next) {
            true => Ok(()),
            false => Err(duplicate()),
        }
    }
}

/// Skips the only member of an object that represents a number. Returns `false` for other members.
pub(crate) fn skip_number<'de, A: MapAccess<'de>>(
    name: &str,
    members: &mut A,
) -> Result<bool, A::Error> {
    if name != NUMBER {
        return Ok(false);
    }
    let NumberText = members.next_value()?;
    Ok(true)
}

/// Returns one of 64 bits, from the name's length, first byte and last byte.
fn mark(bytes: &[u8]) -> u64 {
    let end = |byte: Option<&u8>| byte.copied().unwrap_or_default();
    let mixed = (bytes.len() as u8)
        .wrapping_mul(7)
        .wrapping_add(end(bytes.first()).wrapping_mul(5))
        .wrapping_add(end(bytes.last()).wrapping_mul(3));
    1 << (mixed % 64)
}

fn duplicate<E: de::Error>() -> E {
    E::custom("a member name is repeated in one object")
}

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(NameVisitor)
    }
}

impl<'de> Deserialize<'de> for NumberText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl Visitor<'_> for TextVisitor {
            type Value = NumberText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "no member name that begins with {RESERVED:?}")
            }

            fn visit_str<E: de::Error>(self, _: &str) -> Result<NumberText, E> {
                Err(E::invalid_type(de::Unexpected::Other("one"), &self))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<NumberText, E> {
                // Without the feature, serde_json rejects such a number as out of range.
                match text.parse::<f64>() {
                    Ok(number) if number.is_finite() => Ok(NumberText),
                    _ => Err(E::custom("number out of range")),
                }
            }
        }
        deserializer.deserialize_any(TextVisitor)
    }
}

impl<'de> DeserializeSeed<'de> for Skip {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Skip {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while elements.next_element_seed(Skip)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut names = MemberNames::default();
        while let Some(Name(name)) = members.next_key()? {
            if names.is_empty() && skip_number(&name, &mut members)? {
                continue;
            }
            names.add(name)?;
            members.next_value_seed(Skip)?;
        }
        names.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skip(json: &str) -> Result<(), serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        Skip.deserialize(&mut deserializer)?;
        deserializer.end()
    }

    #[test]
    fn finds_repeated_names_among_many_and_names_of_serde_jsons_own() {
        let many = |last: &str| {
            let members: Vec<_> = (0..100).map(|i| format!("\"n{i}\":{i}")).collect();
            format!("{{{},\"{last}\":0}}", members.join(","))
        };
        for (json, unique) in [
            (
                r#"{"a":{"$serde_json::private::RawValue":"{}"}}"#.to_owned(),
                false,
            ),
            (r#"{"$serde_json::private::Number":"1"}"#.to_owned(), false),
            (r#"{"$serde_json":"1"}"#.to_owned(), true),
            (many("n100"), true),
            (many("n99"), false),
            (many("n0"), false),
        ] {
            assert_eq!(skip(&json).is_ok(), unique, "{json}");
        }
    }
}
