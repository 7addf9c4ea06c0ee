use std::{borrow::Cow, fmt};

use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, Visitor};
use smallvec::SmallVec;

use super::{
    claim_value::{ClaimValue, Element, IfStrings, NumericDate, Permissions, StringOrArray},
    parse_error::ParseError,
};
use crate::{
    confirmation::Cnf,
    json::{MemberNames, Name, Skip},
};

/// The claims that the checks need, parsed in one pass over the payload. The same pass rejects
/// repeated names. Only strings with escapes are copied.
#[derive(Debug, Default)]
pub(crate) struct TokenClaims<'a> {
    pub(crate) iss: Option<Cow<'a, str>>,
    pub(crate) sub: Option<Cow<'a, str>>,
    pub(crate) aud: Option<StringOrArray<'a>>,
    pub(crate) exp: Option<NumericDate>,
    pub(crate) nbf: Option<NumericDate>,
    pub(crate) iat: Option<NumericDate>,
    pub(crate) jti: Option<Cow<'a, str>>,
    /// Only if it is a string: issuers may use the name for something else.
    pub(crate) sid: Option<Cow<'a, str>>,
    pub(crate) client_id: Option<Cow<'a, str>>,
    pub(crate) azp: Option<Cow<'a, str>>,
    pub(crate) scope: Option<StringOrArray<'a>>,
    pub(crate) scp: Option<StringOrArray<'a>>,
    pub(crate) permissions: Permissions<'a>,
    /// The token has [`CLAIM_NAMES`] or [`HAS_GROUPS`], so some claims may be stored elsewhere.
    pub(crate) names_elsewhere: bool,
    /// The whole payload.
    text: &'a str,
    /// The values of claims that an issuer has a rule about and that don't have a field here.
    required: SmallVec<[(Cow<'a, str>, ClaimValue<'a>); 4]>,
    /// What the token is bound to (RFC 7800).
    pub(crate) cnf: Cnf,
}

/// Lists the claims that are stored elsewhere (OpenID Connect Core section 5.6.2).
pub(crate) const CLAIM_NAMES: &str = "_claim_names";
/// Entra ID sets this claim when it omits `groups` because the token would be too long for a URL.
pub(crate) const HAS_GROUPS: &str = "hasgroups";

impl<'a> TokenClaims<'a> {
    /// Parses the payload into `self`, in place because the struct is large. Keeps the claims named
    /// in `required` for [`claim`](Self::claim).
    pub(crate) fn read(&mut self, json: &'a [u8], required: &[Box<str>]) -> Result<(), ParseError> {
        // One UTF-8 check for the whole payload is faster than one per string.
        let text = std::str::from_utf8(json).map_err(serde_json::Error::custom)?;
        let mut deserializer = serde_json::Deserializer::from_str(text);
        self.text = text;
        let mut claim = None;
        deserializer
            .deserialize_map(ClaimsVisitor {
                claims: self,
                required,
                at: &mut claim,
            })
            .map_err(|error| ParseError {
                member: claim.filter(|_| error.is_data()),
                error,
            })?;
        Ok(deserializer.end()?)
    }

    /// Deserializes all claims into the application's type.
    ///
    /// # Errors
    ///
    /// Returns an error that names the claim that does not fit `C`.
    pub(crate) fn deserialize<C: DeserializeOwned>(&self) -> Result<C, impl fmt::Display + use<C>> {
        serde_json::from_str(self.text).map_err(|_| {
            // Only the error path pays for tracking the claim's name.
            let mut json = serde_json::Deserializer::from_str(self.text);
            match serde_path_to_error::deserialize::<_, C>(&mut json) {
                Err(error) => error.to_string(),
                Ok(_) => String::new(),
            }
        })
    }

    /// Returns `client_id`, or else `azp`.
    pub(crate) fn client(&self) -> Option<&str> {
        self.client_id.as_deref().or(self.azp.as_deref())
    }

    /// Returns the claim `name`, if it is registered or named in `required`, and present.
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
            "cnf" => other(self.cnf != Cnf::Absent),
            "permissions" => other(self.permissions != Permissions::None),
            name => {
                let mut required = self.required.iter();
                let (_, value) = required.find(|(it, _)| it == name)?;
                Some(value.borrowed())
            }
        }
    }
}

struct ClaimsVisitor<'c, 'de> {
    claims: &'c mut TokenClaims<'de>,
    required: &'c [Box<str>],
    /// The claim that is being parsed, so that an error can name it.
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
        let mut names = MemberNames::default();
        while let Some(Name(name)) = members.next_key()? {
            macro_rules! value {
                ($name:literal) => {{
                    *at = Some($name);
                    members.next_value()?
                }};
            }
            // `null` counts as absent, because these claims are optional.
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
                "cnf" => claims.cnf = value!("cnf"),
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
                        _ => {}
                    }
                    if other == "sid" || is_required() {
                        let value = match members.next_value_seed(IfStrings)? {
                            Element::Null => ClaimValue::Null,
                            Element::String(text) => ClaimValue::Text(text),
                            Element::Strings(_) | Element::Other => ClaimValue::Other,
                        };
                        if let (true, ClaimValue::Text(sid)) = (other == "sid", &value) {
                            claims.sid = Some(sid.clone());
                        }
                        if is_required() {
                            claims.required.push((name.clone(), value));
                        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the `Debug` output of the permissions.
    fn permissions(json: &str) -> Result<String, ParseError> {
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
