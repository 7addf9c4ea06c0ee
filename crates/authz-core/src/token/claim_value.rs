use std::{borrow::Cow, fmt};

use serde::{
    Deserialize,
    de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor},
};
use smallvec::SmallVec;

use crate::json::{Name, Skip};

/// The value of a claim that an issuer has a rule about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ClaimValue<'a> {
    Null,
    Text(Cow<'a, str>),
    /// Neither a string nor `null`.
    Other,
}

/// The claim `permissions`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Permissions<'a> {
    /// The claim is missing or `null`.
    #[default]
    None,
    Names(SmallVec<[Cow<'a, str>; 2]>),
    /// The claim is not an array of strings.
    Unreadable,
}

/// A claim that is a string or an array of strings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum StringOrArray<'a> {
    One(Cow<'a, str>),
    Several(SmallVec<[Cow<'a, str>; 2]>),
}

/// A time in seconds since 1970 (RFC 7519 section 2), rounded down and up. Each check uses the
/// stricter of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumericDate {
    pub(crate) floor: u64,
    pub(crate) ceil: u64,
}

impl ClaimValue<'_> {
    pub(crate) fn is_text(&self, text: &str) -> bool {
        matches!(self, Self::Text(it) if it == text)
    }

    pub(super) fn borrowed(&self) -> ClaimValue<'_> {
        match self {
            Self::Null => ClaimValue::Null,
            Self::Text(text) => ClaimValue::Text(Cow::Borrowed(text)),
            Self::Other => ClaimValue::Other,
        }
    }
}

impl fmt::Display for ClaimValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Text(text) => f.write_str(text),
            Self::Other => f.write_str("(not a string)"),
        }
    }
}

impl Permissions<'_> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> + Clone {
        let names = match self {
            Self::Names(names) => &**names,
            Self::None | Self::Unreadable => &[],
        };
        names.iter().map(|name| &**name)
    }
}

impl StringOrArray<'_> {
    /// Returns `true` if the claim is a string and not an array.
    pub(crate) const fn is_one(&self) -> bool {
        matches!(self, Self::One(_))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> + Clone {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several,
        }
        .iter()
        .map(|string| &**string)
    }
}

/// Parses a claim of any type. A malformed `permissions` grants nothing, but the token may still be
/// valid.
pub(super) struct IfStrings;

/// A value, as far as [`IfStrings`] distinguishes it.
pub(super) enum Element<'de> {
    Null,
    String(Cow<'de, str>),
    Strings(SmallVec<[Cow<'de, str>; 2]>),
    Other,
}

impl<'de> DeserializeSeed<'de> for IfStrings {
    type Value = Element<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for IfStrings {
    type Value = Element<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Skip.expecting(f)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Element::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Element::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Element::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Element::Other)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Element::Null)
    }

    fn visit_borrowed_str<E>(self, one: &'de str) -> Result<Self::Value, E> {
        Ok(Element::String(Cow::Borrowed(one)))
    }

    fn visit_str<E>(self, one: &str) -> Result<Self::Value, E> {
        Ok(Element::String(Cow::Owned(one.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut strings = Some(SmallVec::new());
        while let Some(element) = seq.next_element_seed(Self)? {
            match (element, &mut strings) {
                (Element::String(one), Some(strings)) => strings.push(one),
                _ => strings = None,
            }
        }
        Ok(strings.map_or(Element::Other, Element::Strings))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        Skip.visit_map(members).map(|()| Element::Other)
    }
}

impl<'de> Deserialize<'de> for StringOrArray<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StringsVisitor;
        impl<'de> Visitor<'de> for StringsVisitor {
            type Value = StringOrArray<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an array of strings")
            }

            fn visit_borrowed_str<E>(self, one: &'de str) -> Result<Self::Value, E> {
                Ok(StringOrArray::One(Cow::Borrowed(one)))
            }

            fn visit_str<E>(self, one: &str) -> Result<Self::Value, E> {
                Ok(StringOrArray::One(Cow::Owned(one.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut strings = SmallVec::new();
                while let Some(Name(string)) = seq.next_element()? {
                    strings.push(string);
                }
                Ok(StringOrArray::Several(strings))
            }
        }
        deserializer.deserialize_any(StringsVisitor)
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DateVisitor;
        impl Visitor<'_> for DateVisitor {
            type Value = NumericDate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of seconds from 1970 to the year 9999")
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Self::Value, E> {
                if seconds > NumericDate::MAX {
                    return Err(E::invalid_value(de::Unexpected::Unsigned(seconds), &self));
                }
                Ok(NumericDate {
                    floor: seconds,
                    ceil: seconds,
                })
            }

            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Self::Value, E> {
                if !(0.0..=NumericDate::MAX as f64).contains(&seconds) {
                    return Err(E::invalid_value(de::Unexpected::Float(seconds), &self));
                }
                // The range check makes both casts exact.
                Ok(NumericDate {
                    floor: seconds.floor() as u64,
                    ceil: seconds.ceil() as u64,
                })
            }
        }
        // `deserialize_f64` yields a number with every feature of serde_json, `deserialize_any`
        // does not.
        deserializer.deserialize_f64(DateVisitor)
    }
}

impl NumericDate {
    /// The end of the year 9999. A later time is a mistake or an attempt at overflow.
    const MAX: u64 = 253_402_300_799;
}
