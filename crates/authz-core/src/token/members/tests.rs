use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Debug},
};

use proptest::prelude::*;
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Map, Value, value::RawValue};

use crate::token::Registered;

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "printed")]
struct Plain {
    name: String,
    roles: Option<Vec<String>>,
    #[serde(default, alias = "alias")]
    n: i64,
    deep: Option<Box<Plain>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "printed")]
struct Strict {
    name: Option<Value>,
    n: Option<f64>,
    roles: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "printed")]
struct Flat {
    n: Option<Value>,
    #[serde(flatten)]
    some: Few,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "printed")]
struct Few {
    name: Option<String>,
    roles: Option<Vec<Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "printed")]
enum Untagged {
    Roles { roles: Vec<String> },
    Number { n: f64, name: Option<Kind> },
    Other(BTreeMap<String, Value>),
}

#[derive(Debug, Deserialize)]
#[serde(tag = "name", rename_all = "lowercase")]
#[expect(dead_code, reason = "printed")]
enum Tagged {
    A { n: Option<Value> },
    B(BTreeMap<String, Value>),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "printed")]
enum OneMember {
    Name(String),
    N(Option<u128>),
    Roles { roles: Value },
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Name,
    A,
    #[serde(other)]
    Other,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Newtype<T>(T);

/// What reads the first member and leaves the others.
#[derive(Debug)]
#[expect(dead_code, reason = "printed")]
struct First(Option<(String, Value)>);

impl<'de> Deserialize<'de> for First {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FirstVisitor;
        impl<'de> Visitor<'de> for FirstVisitor {
            type Value = First;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<First, A::Error> {
                members.next_entry().map(First)
            }
        }
        deserializer.deserialize_map(FirstVisitor)
    }
}

/// Whether the members of `json` are read as serde_json reads all of it, and what comes of it.
fn agree<C: DeserializeOwned + Debug>(json: &str) -> Result<Option<C>, String> {
    let mut claims = Registered::default();
    let read = claims.read(json.as_bytes());
    read.map_err(|error| error.to_string())?;
    let ours = claims.members.read::<C>();
    let theirs = serde_json::from_str::<C>(json);
    // Some of what is compared can be compared no other way.
    let [written_ours, written_theirs] =
        [&ours, &theirs].map(|it| it.as_ref().ok().map(|it| format!("{it:?}")));
    if written_ours == written_theirs {
        Ok(ours.ok())
    } else {
        let name = std::any::type_name::<C>();
        Err(format!("{json} as {name}: {ours:?}, not {theirs:?}"))
    }
}

fn agree_as_all_types(json: &str) -> Result<(), String> {
    agree::<Value>(json)?;
    agree::<Map<String, Value>>(json)?;
    agree::<BTreeMap<String, Box<RawValue>>>(json)?;
    agree::<BTreeMap<String, IgnoredAny>>(json)?;
    agree::<BTreeMap<Newtype<String>, Newtype<Option<Value>>>>(json)?;
    agree::<BTreeMap<Option<String>, Option<f64>>>(json)?;
    agree::<BTreeMap<Kind, Option<u128>>>(json)?;
    agree::<BTreeMap<String, i128>>(json)?;
    agree::<BTreeMap<String, u64>>(json)?;
    agree::<Plain>(json)?;
    agree::<Strict>(json)?;
    agree::<Flat>(json)?;
    agree::<Untagged>(json)?;
    agree::<Tagged>(json)?;
    agree::<OneMember>(json)?;
    agree::<First>(json)?;
    agree::<Newtype<Flat>>(json)?;
    agree::<Option<Plain>>(json)?;
    agree::<Box<RawValue>>(json)?;
    agree::<IgnoredAny>(json)?;
    agree::<Vec<Value>>(json)?;
    agree::<String>(json)?;
    Ok(())
}

#[test]
fn each_type_reads_what_it_is_for() {
    fn reads<C: DeserializeOwned + Debug>(json: &str) {
        let read = agree::<C>(json).unwrap();
        assert!(read.is_some(), "{json} as {}", std::any::type_name::<C>());
    }
    let json = r#" { "name" :"a", "n":1,"roles":["r"] , "deep":{"name":"b","n":-2}} "#;
    reads::<Value>(json);
    reads::<Plain>(json);
    reads::<Flat>(json);
    reads::<Untagged>(json);
    reads::<Tagged>(json);
    reads::<BTreeMap<String, Box<RawValue>>>(json);
    reads::<BTreeMap<Newtype<String>, Newtype<Option<Value>>>>(json);
    reads::<BTreeMap<Option<String>, Option<Value>>>(json);
    reads::<BTreeMap<Kind, IgnoredAny>>(json);
    reads::<Newtype<Flat>>(json);
    reads::<Option<Plain>>(json);
    reads::<Box<RawValue>>(json);
    reads::<Strict>(r#"{"name":1,"n":1}"#);
    reads::<OneMember>(r#"{"n":1}"#);
    reads::<First>(r#"{"name":1}"#);
    reads::<BTreeMap<String, i128>>(r#"{"a":-170141183460469231731687303715884105728}"#);
}

#[test]
fn agrees_with_serde_json_where_it_matters() {
    for json in [
        "{}",
        r#"{"":"","a":""}"#,
        r#"{"a:b":1,":":2,"\":":3}"#,
        // A number is read to its end, or not at all.
        r#"{"n":1.5}"#,
        r#"{"n":1e3,"name":0}"#,
        r#"{"n":0.0}"#,
        // One member by two of its names.
        r#"{"name":"a","n":1,"alias":2}"#,
    ] {
        agree_as_all_types(json).unwrap();
    }
}

/// White space as JSON has it.
fn space() -> impl Strategy<Value = &'static str> {
    prop_oneof![4 => Just(""), 1 => prop::sample::select(vec![" ", "\t", "\r\n", "\n  \n"])]
}

/// A text, and one of the ways to write it.
fn string(text: impl Strategy<Value = String>) -> impl Strategy<Value = (String, String)> {
    let escape_all = prop::bool::weighted(0.05);
    (text, escape_all).prop_map(|(text, escape_all)| {
        let mut units = [0; 2];
        let written: String = (text.chars())
            .map(|it| match it {
                '"' | '\\' => format!("\\{it}"),
                _ if escape_all || it < ' ' => (it.encode_utf16(&mut units).iter())
                    .map(|unit| format!("\\u{unit:04x}"))
                    .collect(),
                _ => it.to_string(),
            })
            .collect();
        (text, format!("\"{written}\""))
    })
}

fn name() -> impl Strategy<Value = (String, String)> {
    let known = || {
        let names = ["name", "n", "roles", "deep", "alias", "a", "b", ""];
        prop::sample::select(names.map(str::to_owned).to_vec())
    };
    string(prop_oneof![8 => known(), 1 => ".{0,5}"])
}

fn scalar() -> impl Strategy<Value = String> {
    let literals = [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "7",
        "-1",
        "1.5",
        "0.0",
        "1e3",
        "1E-2",
        "18446744073709551615",
        "18446744073709551616",
        "-170141183460469231731687303715884105728",
        "\"a\"",
        "\"b\"",
    ];
    prop_oneof![
        3 => prop::sample::select(literals.map(str::to_owned).to_vec()),
        1 => string(any::<String>().boxed()).prop_map(|(_, written)| written),
    ]
}

fn value() -> impl Strategy<Value = String> {
    scalar().prop_recursive(3, 12, 4, |value| {
        let elements = prop::collection::vec(value.clone(), 0..4);
        let array = (elements, space())
            .prop_map(|(all, space)| format!("[{space}{}{space}]", all.join(&format!("{space},"))));
        let roles = prop::collection::vec(prop::sample::select(vec!["\"r\"", "\"s\""]), 0..3)
            .prop_map(|all| format!("[{}]", all.join(",")));
        prop_oneof![array, roles, object(value)]
    })
}

/// No name stands twice: those are refused before anybody wants to read more of them.
fn object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let member = (name(), space(), space(), value, space());
    (space(), prop::collection::vec(member, 0..6)).prop_map(|(space, members)| {
        let mut names = BTreeSet::new();
        let members: Vec<_> = (members.into_iter())
            .filter(|((name, _), ..)| names.insert(name.clone()))
            .map(|((_, name), before, behind, value, after)| {
                format!("{before}{name}{after}:{behind}{value}{after}")
            })
            .collect();
        format!("{space}{{{space}{}}}{space}", members.join(","))
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn agrees_with_serde_json(json in object(value())) {
        if let Err(difference) = agree_as_all_types(&json) {
            prop_assert!(false, "{}", difference);
        }
    }
}
