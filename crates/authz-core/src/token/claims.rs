use std::{borrow::Cow, fmt};

use serde::{
    Deserialize,
    de::{self, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor},
};
use smallvec::SmallVec;

use crate::json::{Name, Names, Skip};

/// The claims that decide about a token, read in one pass over the payload that also makes sure
/// that no name stands twice. Nothing is copied unless it was written with escapes.
#[derive(Debug, Default)]
pub(crate) struct TokenClaims<'a> {
    pub(crate) iss: Option<Cow<'a, str>>,
    pub(crate) sub: Option<Cow<'a, str>>,
    pub(crate) aud: Option<Audience<'a>>,
    pub(crate) exp: Option<NumericDate>,
    pub(crate) nbf: Option<NumericDate>,
    pub(crate) iat: Option<NumericDate>,
    pub(crate) jti: Option<Cow<'a, str>>,
    pub(crate) client_id: Option<Cow<'a, str>>,
    pub(crate) azp: Option<Cow<'a, str>>,
    pub(crate) scope: Option<StringOrArray<'a>>,
    pub(crate) scp: Option<StringOrArray<'a>>,
    pub(crate) permissions: Permissions<'a>,
    /// There may be claims that the issuer keeps elsewhere: one of [`CLAIM_NAMES`] and [`HAS_GROUPS`] is there.
    pub(crate) names_elsewhere: bool,
    /// The payload.
    text: &'a str,
    /// The values of claims that some issuer requires, and that have no field of their own.
    required: SmallVec<[(Cow<'a, str>, ClaimValue<'a>); 4]>,
    /// `cnf`: the token is bound to a key of its sender (RFC 7800).
    pub(crate) bound: bool,
}

/// The value of a claim that an issuer requires or refuses.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ClaimValue<'a> {
    Null,
    Text(Cow<'a, str>),
    /// Anything but a text.
    Other,
}

/// Names the claims that are not in the token itself (OpenID Connect Core section 5.6.2).
pub(crate) const CLAIM_NAMES: &str = "_claim_names";
/// Entra ID's sign for groups left out of a token that would become too long for a URL.
pub(crate) const HAS_GROUPS: &str = "hasgroups";

/// The claim `permissions`: an array of names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Permissions<'a> {
    /// There is none, or `null`.
    #[default]
    None,
    Names(SmallVec<[Cow<'a, str>; 2]>),
    /// Anything but an array of strings.
    Unreadable,
}

/// A claim that is one string or several.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum StringOrArray<'a> {
    One(Cow<'a, str>),
    Several(SmallVec<[Cow<'a, str>; 2]>),
}

/// `aud` (RFC 7519 section 4.1.3).
pub(crate) type Audience<'a> = StringOrArray<'a>;

/// Seconds since 1970 (RFC 7519 section 2), with the fraction cut off or rounded up, whichever is stricter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumericDate {
    pub(crate) floor: u64,
    pub(crate) ceil: u64,
}

/// Why the payload is no claims set: not a JSON object, a repeated name, a claim of the wrong type.
#[derive(Debug)]
pub(crate) struct BadClaims {
    /// The claim of the wrong type.
    claim: Option<&'static str>,
    error: serde_json::Error,
}

impl<'a> TokenClaims<'a> {
    /// Fills in what it finds, since there is a lot to move otherwise. The values of claims whose names
    /// are among `required` are kept for [`claim`](Self::claim).
    pub(crate) fn read(&mut self, json: &'a [u8], required: &[Box<str>]) -> Result<(), BadClaims> {
        let bad = |error| BadClaims { claim: None, error };
        // Checked as a whole once, and not again string by string.
        let text = std::str::from_utf8(json).map_err(|error| bad(de::Error::custom(error)))?;
        let mut deserializer = serde_json::Deserializer::from_str(text);
        self.text = text;
        let mut claim = None;
        deserializer
            .deserialize_map(ClaimsVisitor {
                claims: self,
                required,
                at: &mut claim,
            })
            .map_err(|error| BadClaims {
                claim: claim.filter(|_| error.is_data()),
                error,
            })?;
        deserializer.end().map_err(bad)
    }

    /// All claims as the application's type.
    ///
    /// # Errors
    ///
    /// When they do not fit `C`; the claim is named.
    pub(crate) fn deserialize<C: DeserializeOwned>(&self) -> Result<C, impl fmt::Display + use<C>> {
        serde_json::from_str(self.text).map_err(|_| {
            // Read again by one that remembers which claim it is at.
            let mut json = serde_json::Deserializer::from_str(self.text);
            match serde_path_to_error::deserialize::<_, C>(&mut json) {
                Err(error) => error.to_string(),
                Ok(_) => String::new(),
            }
        })
    }

    /// The claim `name`, if it is there and one of those required.
    pub(crate) fn claim(&self, name: &str) -> Option<ClaimValue<'_>> {
        fn text<'a>(text: Option<&'a Cow<'_, str>>) -> Option<ClaimValue<'a>> {
            text.map(|text| ClaimValue::Text(Cow::Borrowed(text)))
        }
        fn strings<'a>(strings: Option<&'a StringOrArray<'_>>) -> Option<ClaimValue<'a>> {
            strings.map(|strings| match strings {
                StringOrArray::One(one) => ClaimValue::Text(Cow::Borrowed(one)),
                StringOrArray::Several(_) => ClaimValue::Other,
            })
        }
        let other = |is_there: bool| is_there.then_some(ClaimValue::Other);
        match name {
            "iss" => text(self.iss.as_ref()),
            "sub" => text(self.sub.as_ref()),
            "jti" => text(self.jti.as_ref()),
            "client_id" => text(self.client_id.as_ref()),
            "azp" => text(self.azp.as_ref()),
            "aud" => strings(self.aud.as_ref()),
            "scope" => strings(self.scope.as_ref()),
            "scp" => strings(self.scp.as_ref()),
            "exp" => other(self.exp.is_some()),
            "nbf" => other(self.nbf.is_some()),
            "iat" => other(self.iat.is_some()),
            "permissions" => other(self.permissions != Permissions::None),
            name => {
                let mut required = self.required.iter();
                let (_, value) = required.find(|(it, _)| it == name)?;
                Some(value.borrowed())
            }
        }
    }
}

impl ClaimValue<'_> {
    pub(crate) fn is_text(&self, text: &str) -> bool {
        matches!(self, Self::Text(it) if it == text)
    }

    fn borrowed(&self) -> ClaimValue<'_> {
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

impl fmt::Display for BadClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(claim) = self.claim {
            write!(f, "{claim}: ")?;
        }
        self.error.fmt(f)
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
    /// Whether it is a string, and not an array.
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

struct ClaimsVisitor<'c, 'de> {
    claims: &'c mut TokenClaims<'de>,
    required: &'c [Box<str>],
    /// The claim whose value is being read, for an error that names it.
    at: &'c mut Option<&'static str>,
}

impl<'de> Visitor<'de> for ClaimsVisitor<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let Self {
            claims,
            required,
            at,
        } = self;
        let mut names = Names::default();
        while let Some(Name(name)) = members.next_key()? {
            macro_rules! value {
                ($name:literal) => {{
                    *at = Some($name);
                    members.next_value()?
                }};
            }
            // `null` says no more than that the claim is left out, which these may be.
            macro_rules! optional_text {
                ($name:literal) => {{
                    let text: Option<Name<'_>> = value!($name);
                    text.map(|Name(text)| text)
                }};
            }
            let is_required = || required.iter().any(|it| **it == *name);
            match &*name {
                "iss" => {
                    let Name(iss) = value!("iss");
                    claims.iss = Some(iss);
                }
                "sub" => claims.sub = optional_text!("sub"),
                "jti" => claims.jti = optional_text!("jti"),
                "client_id" => claims.client_id = optional_text!("client_id"),
                "azp" => claims.azp = optional_text!("azp"),
                "aud" => claims.aud = Some(value!("aud")),
                "exp" => claims.exp = Some(value!("exp")),
                "nbf" => claims.nbf = Some(value!("nbf")),
                "iat" => claims.iat = Some(value!("iat")),
                "scope" => claims.scope = Some(value!("scope")),
                "scp" => claims.scp = Some(value!("scp")),
                "permissions" => {
                    claims.permissions = match members.next_value_seed(IfStrings)? {
                        Element::Null => Permissions::None,
                        Element::Strings(names) => Permissions::Names(names),
                        Element::String(_) | Element::Other => Permissions::Unreadable,
                    }
                }
                other => {
                    match other {
                        CLAIM_NAMES | HAS_GROUPS => claims.names_elsewhere = true,
                        "cnf" => claims.bound = true,
                        _ => {}
                    }
                    if is_required() {
                        let value = match members.next_value_seed(IfStrings)? {
                            Element::Null => ClaimValue::Null,
                            Element::String(text) => ClaimValue::Text(text),
                            Element::Strings(_) | Element::Other => ClaimValue::Other,
                        };
                        claims.required.push((name.clone(), value));
                    } else {
                        members.next_value_seed(Skip)?;
                    }
                }
            }
            *at = None;
            names.add(name)?;
        }
        names.finish()
    }
}

/// Reads a claim that may have any type: where `permissions` holds anything but strings it grants
/// nothing, and the token may still be good.
struct IfStrings;

/// A value, as far as [`IfStrings`] looks at it.
enum Element<'de> {
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
                // In range and not negative: the casts cut off nothing but the fraction.
                Ok(NumericDate {
                    floor: seconds.floor() as u64,
                    ceil: seconds.ceil() as u64,
                })
            }
        }
        // Asked for as a number, so that it arrives as one under every feature of serde_json.
        deserializer.deserialize_f64(DateVisitor)
    }
}

impl NumericDate {
    /// The end of the year 9999: whatever is later is no date but a mistake or an attempt at overflow.
    const MAX: u64 = 253_402_300_799;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The permissions, as `Debug` writes them.
    fn permissions(json: &str) -> Result<String, BadClaims> {
        let json = format!(r#"{{"sub":"s","permissions":{json},"jti":"j"}}"#);
        let mut claims = TokenClaims::default();
        claims.read(json.as_bytes(), &[])?;
        assert_eq!(claims.jti.as_deref(), Some("j"), "{json}");
        Ok(format!("{:?}", claims.permissions))
    }

    #[test]
    fn permissions_are_an_array_of_strings_and_nothing_else() {
        let names = |names: &[&'static str]| {
            Permissions::Names(names.iter().map(|it| Cow::Borrowed(*it)).collect())
        };
        for (json, expected) in [
            (r#"["a", "\u0062"]"#, names(&["a", "b"])),
            (r#"["a b", ""]"#, names(&["a b", ""])),
            ("[]", names(&[])),
            ("null", Permissions::None),
            (r#""a b""#, Permissions::Unreadable),
            (r#""a""#, Permissions::Unreadable),
            ("true", Permissions::Unreadable),
            ("1", Permissions::Unreadable),
            ("-1", Permissions::Unreadable),
            ("1.5", Permissions::Unreadable),
            (r#"{"a":"b"}"#, Permissions::Unreadable),
            (r#"["a", 1]"#, Permissions::Unreadable),
            (r#"[null, "a"]"#, Permissions::Unreadable),
            (r#"[["a"]]"#, Permissions::Unreadable),
            (r#"["a", []]"#, Permissions::Unreadable),
            (r#"["a", {"b":{"a":1}}]"#, Permissions::Unreadable),
        ] {
            let found = permissions(json).unwrap();
            assert_eq!(found, format!("{expected:?}"), "{json}");
        }
    }

    #[test]
    fn names_that_stand_twice_are_refused_within_permissions_too() {
        for json in [
            r#"{"a":1,"a":2}"#,
            r#"[{"a":1,"\u0061":2}]"#,
            r#"["a", [{"b":{"a":1,"a":2}}]]"#,
        ] {
            assert!(permissions(json).is_err(), "{json}");
        }
    }
}
