use std::{borrow::Cow, fmt};

use serde::{
    Deserialize,
    de::{
        self, DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor,
        value::BorrowedStrDeserializer,
    },
    forward_to_deserialize_any,
};
use serde_json::de::StrRead;
use serde_json::{Map, Value as Json};
use smallvec::SmallVec;

use crate::json::Name;

/// A JSON object that was read once already, and where its members are, so that it need not be read
/// again in full by somebody who wants a few of them.
#[derive(Debug, Default)]
pub(crate) struct Members<'a> {
    text: &'a str,
    /// Where each name begins and ends, without its quotes.
    names: SmallVec<[(u32, u32); 16]>,
    /// A name with escapes: it stands nowhere in the text as it is.
    escaped: bool,
}

impl<'a> Members<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, name: &str) {
        match within(self.text.as_bytes(), name) {
            Some(place) => self.names.push(place),
            None => self.escaped = true,
        }
    }

    /// The member called `name`. Copies nothing, unless some name was written with escapes.
    pub(crate) fn get(&self, name: &str) -> Option<Member<'a>> {
        if self.escaped {
            let all: Map<String, Json> = serde_json::from_str(self.text).ok()?;
            return Some(Member(Cow::Owned(all.get(name)?.to_string())));
        }
        let mut names = self.names.iter();
        let at =
            *names.find(|(from, to)| self.text.get(*from as usize..*to as usize) == Some(name))?;
        Some(Member(Cow::Borrowed(value_after(self.text, at))))
    }

    /// Reads the object as serde_json would.
    ///
    /// # Errors
    ///
    /// When it does not fit `C`; the member is named.
    pub(crate) fn read<C: DeserializeOwned>(&self) -> Result<C, serde_json::Error> {
        if self.escaped {
            return serde_json::from_str(self.text);
        }
        C::deserialize(Object {
            text: self.text,
            names: &self.names,
        })
    }
}

/// A member's value as JSON, with what comes behind it.
pub(crate) struct Member<'a>(Cow<'a, str>);

impl Member<'_> {
    /// Whether it is the string `text`.
    pub(crate) fn is_text(&self, text: &str) -> bool {
        let mut json = serde_json::Deserializer::from_str(&self.0);
        Name::deserialize(&mut json).is_ok_and(|Name(it)| it == text)
    }

    pub(crate) fn is_null(&self) -> bool {
        self.0.trim_ascii_start().starts_with("null")
    }

    /// The value as it stands in the token.
    pub(crate) fn as_json(&self) -> impl fmt::Display + '_ {
        let mut values = serde_json::Deserializer::from_str(&self.0).into_iter::<IgnoredAny>();
        values.next();
        let end = values.byte_offset();
        self.0.get(..end).unwrap_or_default().trim_ascii()
    }
}

/// The value behind the name at `at`, and what comes behind the value.
fn value_after(text: &str, at: (u32, u32)) -> &str {
    let behind_the_quote = at.1 as usize + 1;
    // Whitespace and the colon: the text is known to be JSON.
    let rest = text.get(behind_the_quote..).unwrap_or_default();
    let colon = rest.bytes().position(|byte| byte == b':');
    colon.map_or("", |at| &rest[at + 1..])
}

/// Where `part` is in `text`: it has to be a part of it, and not only equal to one.
pub(crate) fn within(text: &[u8], part: &str) -> Option<(u32, u32)> {
    let from = (part.as_ptr().addr()).checked_sub(text.as_ptr().addr())?;
    let to = from.checked_add(part.len())?;
    (to <= text.len()).then_some((u32::try_from(from).ok()?, u32::try_from(to).ok()?))
}

struct Object<'a> {
    text: &'a str,
    names: &'a [(u32, u32)],
}

/// The members one by one. What nobody asks for is passed over without a look at it.
struct Walk<'a> {
    text: &'a str,
    names: std::slice::Iter<'a, (u32, u32)>,
    /// The name before the value that comes next.
    at: (u32, u32),
}

/// A name. What wraps a string may stand for it, as in serde_json; a number may not: no claim that a
/// token needs is called by one, so there is nothing to read by numbers alone.
struct Key<'a>(&'a str);

struct Value<'a>(&'a str);

impl<'a> Walk<'a> {
    fn name(&self) -> &'a str {
        let (from, to) = self.at;
        self.text
            .get(from as usize..to as usize)
            .unwrap_or_default()
    }

    /// The value, and what comes behind it.
    fn value(&self) -> &'a str {
        value_after(self.text, self.at)
    }
}

impl<'de> MapAccess<'de> for Walk<'de> {
    type Error = serde_json::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Self::Error> {
        let Some(next) = self.names.next() else {
            return Ok(None);
        };
        self.at = *next;
        seed.deserialize(Key(self.name())).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, Self::Error> {
        seed.deserialize(Value(self.value()))
            .map_err(|error| de::Error::custom(format_args!("{}: {error}", self.name())))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.names.len())
    }
}

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_borrowed_bytes(self.0.as_bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_enum(BorrowedStrDeserializer::new(self.0))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

impl<'de> Object<'de> {
    fn walk<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, serde_json::Error> {
        let mut walk = Walk {
            text: self.text,
            names: self.names.iter(),
            at: (0, 0),
        };
        let value = visitor.visit_map(&mut walk)?;
        // Not every visitor asks for all of them: serde_json's own takes a first name that it gives to
        // texts for the only one, and the text for all the claims.
        match walk.names.next() {
            None => Ok(value),
            Some(_) => Err(de::Error::custom("not all members are read")),
        }
    }
}

/// Methods that leave it to serde_json to read the text.
macro_rules! by_serde_json {
    ($($method:ident($($name:ident: $kind:ty),*))*) => {
        $(fn $method<V: Visitor<'de>>(
            self,
            $($name: $kind,)*
            visitor: V,
        ) -> Result<V::Value, Self::Error> {
            let mut json = serde_json::Deserializer::from_str(self.text());
            let value = json.$method($($name,)* visitor)?;
            is_at_an_end(self.text(), json).map(|()| value)
        })*
    };
}

/// All methods but those that are about objects, and the one that reads nothing.
macro_rules! others_by_serde_json {
    () => {
        by_serde_json! {
            deserialize_bool() deserialize_i8() deserialize_i16() deserialize_i32()
            deserialize_i64() deserialize_i128() deserialize_u8() deserialize_u16()
            deserialize_u32() deserialize_u64() deserialize_u128() deserialize_f32()
            deserialize_f64() deserialize_char() deserialize_str() deserialize_string()
            deserialize_bytes() deserialize_byte_buf() deserialize_option() deserialize_unit()
            deserialize_unit_struct(name: &'static str)
            deserialize_newtype_struct(name: &'static str) deserialize_seq()
            deserialize_tuple(len: usize)
            deserialize_tuple_struct(name: &'static str, len: usize)
            deserialize_enum(name: &'static str, variants: &'static [&'static str])
            deserialize_identifier()
        }
    };
}

/// Makes sure that a value was read as a whole: where `i128` is asked for, serde_json takes 1 out of 1.5
/// or 1e3, and leaves it to whoever reads on to find the rest.
fn is_at_an_end<'de>(
    text: &'de str,
    json: serde_json::Deserializer<StrRead<'de>>,
) -> Result<(), serde_json::Error> {
    let end = json.into_iter::<IgnoredAny>().byte_offset();
    let rest = text.get(end..).unwrap_or_default().trim_ascii_start();
    if rest.is_empty() || rest.starts_with([',', '}']) {
        Ok(())
    } else {
        Err(de::Error::custom("not all of the value is read"))
    }
}

impl<'de> Object<'de> {
    const fn text(&self) -> &'de str {
        self.text
    }
}

impl<'de> Value<'de> {
    const fn text(&self) -> &'de str {
        self.0
    }
}

impl<'de> Deserializer<'de> for Object<'de> {
    type Error = serde_json::Error;

    others_by_serde_json! {}
    by_serde_json! { deserialize_ignored_any() }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.walk(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.walk(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.walk(visitor)
    }
}

impl<'de> Deserializer<'de> for Value<'de> {
    type Error = serde_json::Error;

    others_by_serde_json! {}
    by_serde_json! {
        deserialize_any() deserialize_map()
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_unit()
    }
}

#[cfg(test)]
mod tests;
