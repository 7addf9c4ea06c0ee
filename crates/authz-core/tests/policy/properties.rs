//! What holds for every policy and every token.

use std::time::Duration;

use authz_core::{
    RequestParts,
    policy::{
        Attribute, Decision, Finding, Operand, Policy, Verdict, acr, amr, any_valid_token, claim,
        client, deny, detail, group, header, issuer, max_age, member, method, path, permission,
        query, role, scope,
    },
};
use http::{Method, Request};
use proptest::{prelude::*, sample::select};
use serde_json::{Map, Value, json};

use crate::case::{self, Api, ISSUER, NOW};

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_parses_to_the_same(policy in policy(&any_text())) {
        let text = policy.to_string();
        prop_assert_eq!(&text.parse::<Policy>().unwrap(), &policy);
        prop_assert_eq!(text.parse::<Policy>().unwrap().to_string(), text);
    }

    #[test]
    fn parsing_never_panics_and_points_into_the_text(
        policy in policy(&any_text()),
        noise in "\\PC{0,6}|[()\"\\\\=!&|,\\[\\] .'0-9a-z_-]{0,6}",
        at in any::<prop::sample::Index>(),
        len in 0..6_usize,
    ) {
        let mut text: Vec<char> = policy.to_string().chars().collect();
        let at = at.index(text.len());
        let end = (at + len).min(text.len());
        text.splice(at..end, noise.chars());
        let text: String = text.into_iter().collect();
        for text in [&text, &noise] {
            if let Err(error) = text.parse::<Policy>() {
                let line = text.split('\n').nth(error.line() - 1).unwrap();
                prop_assert!(error.column() <= line.chars().count() + 1);
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }

    #[test]
    fn not_not_changes_nothing(policy in policy(&few_texts()), token in claims()) {
        let decide = decider(&token);
        prop_assert_eq!(decide(&!!policy.clone()).finding.verdict, decide(&policy).finding.verdict);
    }

    #[test]
    fn de_morgan(left in policy(&few_texts()), right in policy(&few_texts()), token in claims()) {
        let decide = decider(&token);
        let both = |left: &Policy, right: &Policy| (left.clone(), right.clone());
        let (a, b) = both(&left, &right);
        let (c, d) = both(&left, &right);
        prop_assert_eq!(decide(&!(a & b)).finding.verdict, decide(&(!c | !d)).finding.verdict);
        let (a, b) = both(&left, &right);
        prop_assert_eq!(decide(&!(a | b)).finding.verdict, decide(&(!left & !right)).finding.verdict);
    }

    #[test]
    fn neither_a_policy_nor_its_negation_allows_what_is_unknown(
        policy in policy(&few_texts()),
        token in claims(),
    ) {
        let decide = decider(&token);
        let (plain, negated) = (decide(&policy), decide(&!policy.clone()));
        prop_assert!(!(plain.allowed && negated.allowed));
        if plain.finding.verdict == Verdict::Unknown {
            prop_assert!(!plain.allowed && !negated.allowed);
        }
    }

    #[test]
    fn the_explanation_agrees_with_the_decision(policy in policy(&few_texts()), token in claims()) {
        let api = case::api();
        let caller = api.caller(&token);
        let request = request();
        let parts = RequestParts::from(&request).with_path_params(&PARAMS);
        let decision = caller.explain_for(&policy, &parts);
        let outcome = caller.check_for(&policy, &parts);
        prop_assert_eq!(outcome.is_ok(), decision.allowed);
        prop_assert_eq!(decision.finding.verdict == Verdict::Met, decision.allowed);
        consistent(&decision.finding)?;
        if let Err(rejection) = outcome {
            let expected = if decision.step_up.is_some() { 401 } else { 403 };
            prop_assert_eq!(rejection.status().as_u16(), expected);
        }
        // The scopes that are asked for are enough, where nothing else is asked for.
        if !decision.allowed && decision.step_up.is_none() && !decision.scopes.is_empty() {
            let mut token = token;
            let had = token["scope"].as_str().unwrap_or_default();
            token["scope"] = json!(format!("{had} {}", decision.scopes.join(" ")));
            let stronger = api.caller(&token).explain_for(&policy, &parts);
            prop_assert!(stronger.allowed, "{}\n{}", decision, stronger);
        }
    }
}

const PARAMS: [(&str, &str); 2] = [("a", "b"), ("b", "1")];

fn request() -> Request<()> {
    let request = Request::post("/?a=b&b=1&c=x&c=y").header("x-a", "b");
    request.body(()).unwrap()
}

fn decider(token: &Value) -> impl Fn(&Policy) -> Decision {
    let api: Api = case::api();
    let caller = api.caller(token);
    move |policy| {
        let request = request();
        let parts = RequestParts::from(&request).with_path_params(&PARAMS);
        caller.explain_for(policy, &parts)
    }
}

/// What a group is follows from its parts.
fn consistent(finding: &Finding) -> Result<(), TestCaseError> {
    let parts: Vec<_> = finding.parts.iter().map(|it| it.verdict).collect();
    let decided = |by, otherwise| {
        if parts.contains(&by) {
            by
        } else if parts.contains(&Verdict::Unknown) {
            Verdict::Unknown
        } else {
            otherwise
        }
    };
    let expected = match &*finding.requirement {
        "all of" => decided(Verdict::NotMet, Verdict::Met),
        "any of" => decided(Verdict::Met, Verdict::NotMet),
        "not" => match parts[..] {
            [Verdict::Met] => Verdict::NotMet,
            [Verdict::NotMet] => Verdict::Met,
            _ => Verdict::Unknown,
        },
        _ => {
            prop_assert!(parts.is_empty());
            finding.verdict
        }
    };
    prop_assert_eq!(finding.verdict, expected);
    finding.parts.iter().try_for_each(consistent)
}

type Texts = BoxedStrategy<String>;

/// Names that meet each other often.
fn few_texts() -> Texts {
    select(vec!["a", "b", "c", "1"])
        .prop_map(str::to_owned)
        .boxed()
}

fn any_text() -> Texts {
    prop_oneof!["\\PC{1,8}", any::<String>(), few_texts()].boxed()
}

fn policy(texts: &Texts) -> impl Strategy<Value = Policy> {
    requirement(texts).prop_recursive(5, 24, 4, |inner| {
        let several = prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            inner.prop_map(|it| !it),
            several
                .clone()
                .prop_map(|all| all.into_iter().reduce(Policy::and).unwrap()),
            several.prop_map(|all| all.into_iter().reduce(Policy::or).unwrap()),
        ]
    })
}

fn requirement(texts: &Texts) -> BoxedStrategy<Policy> {
    let text = || texts.clone();
    let some = || prop::collection::vec(texts.clone(), 1..3);
    let scopes = select(vec!["a", "b", "c", "read:x"]);
    prop_oneof![
        Just(any_valid_token()),
        Just(deny()),
        scopes.prop_map(scope),
        text().prop_map(permission),
        text().prop_map(role),
        text().prop_map(group),
        some().prop_map(client),
        some().prop_map(issuer),
        Just(issuer([ISSUER])),
        some().prop_map(acr),
        text().prop_map(amr),
        (0..2000_u64).prop_map(|it| max_age(Duration::from_secs(it))),
        select(vec![Method::GET, Method::POST]).prop_map(|it| method([it])),
        attribute(text()).prop_map(Attribute::exists),
        (attribute(text()), operand(text())).prop_map(|(it, value)| it.equals(value)),
        (attribute(text()), operand(text())).prop_map(|(it, value)| it.differs_from(value)),
        (attribute(text()), operand(text())).prop_map(|(it, value)| it.contains(value)),
        (claimed(text()), any_text()).prop_map(|(it, prefix)| match &*prefix {
            "" => it.exists(),
            prefix => it.starts_with(prefix),
        }),
        (claimed(text()), text()).prop_map(|(it, prefix)| match &*prefix {
            "" => it.exists(),
            prefix => it.starts_with(prefix),
        }),
        (
            attribute(text()),
            prop::collection::vec(operand(text()), 1..3)
        )
            .prop_map(|(it, values)| it.one_of(values)),
        (attribute(text()), limit(text())).prop_map(|(it, limit)| it.at_most(limit)),
        (attribute(text()), limit(text())).prop_map(|(it, limit)| it.less_than(limit)),
        (attribute(text()), limit(text())).prop_map(|(it, limit)| it.greater_than(limit)),
        (text(), details_policy(text())).prop_map(|(kind, policy)| detail(kind, policy)),
    ]
    .boxed()
}

fn details_policy(texts: Texts) -> impl Strategy<Value = Policy> {
    let names = select(vec!["a", "b", "a.b"]);
    let comparison = prop_oneof![
        Just(any_valid_token()),
        (names.clone(), operand(texts.clone())).prop_map(|(it, value)| member(it).equals(value)),
        (names.clone(), limit(texts.clone())).prop_map(|(it, limit)| member(it).at_least(limit)),
        (attribute(texts), names).prop_map(|(it, name)| it.contains(member(name))),
    ];
    comparison.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|it| !it),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| one & other),
            (inner.clone(), inner).prop_map(|(one, other)| one | other),
        ]
    })
}

fn limit(texts: Texts) -> impl Strategy<Value = Operand> {
    prop_oneof![
        any::<i64>().prop_map(Operand::from),
        "-?(0|[1-9][0-9]{0,19})([.][0-9]{1,18})?".prop_map(Operand::from),
        attribute(texts).prop_map(Operand::from),
    ]
}

fn attribute(texts: Texts) -> impl Strategy<Value = Attribute> {
    prop_oneof![
        3 => claimed(texts.clone()),
        1 => texts.clone().prop_map(|it| path(&it)),
        1 => select(vec!["x-a", "x-b"]).prop_map(header),
        1 => texts.prop_map(|it| query(&it)),
    ]
}

fn claimed(texts: Texts) -> impl Strategy<Value = Attribute> {
    prop::collection::vec(texts, 1..3).prop_map(|names| {
        let quoted: Vec<_> = names.iter().map(|it| it.replace('\'', "''")).collect();
        let text = format!("'{}'", quoted.join("'.'"));
        text.parse().map_or_else(|_| claim("x"), Attribute::claim)
    })
}

fn operand(texts: Texts) -> impl Strategy<Value = Operand> {
    prop_oneof![
        texts.clone().prop_map(Operand::from),
        prop_oneof![any::<i64>(), -1..3_i64].prop_map(Operand::from),
        any::<bool>().prop_map(Operand::from),
        attribute(texts).prop_map(Operand::from),
    ]
}

/// The claims that the policies above ask for, of all types.
fn claims() -> impl Strategy<Value = Value> {
    let names = vec![
        "a",
        "b",
        "c",
        "1",
        "roles",
        "groups",
        "permissions",
        "acr",
        "amr",
        "auth_time",
        "_claim_names",
        "hasgroups",
    ];
    let any = prop::collection::btree_map(select(names), json_value(), 0..8);
    let scopes = prop::option::of(select(vec!["a", "b", "a b", "c read:x"]));
    let client = prop::option::of(select(vec!["a", "b"]));
    let details = prop::collection::vec(element(), 0..3);
    let details = prop_oneof![details.prop_map(Value::from), json_value()];
    let details = prop::option::of(details);
    (any, scopes, client, details).prop_map(|(any, scopes, client, details)| {
        let mut claims: Map<_, _> = any.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        claims.extend(scopes.map(|it| ("scope".to_owned(), json!(it))));
        claims.extend(client.map(|it| ("client_id".to_owned(), json!(it))));
        claims.extend(details.map(|it| ("authorization_details".to_owned(), it)));
        Value::Object(claims)
    })
}

/// Mostly an object with a type.
fn element() -> impl Strategy<Value = Value> {
    let members = prop::collection::btree_map(select(vec!["a", "b", "c"]), json_value(), 0..3);
    let kind = prop::option::weighted(0.9, select(vec!["a", "b", "c", "1"]));
    let locations = prop_oneof![
        4 => Just(None),
        1 => Just(Some(json!([case::AUDIENCE, "b"]))),
        1 => json_value().prop_map(Some),
    ];
    let object = (members, kind, locations).prop_map(|(members, kind, locations)| {
        let mut element: Map<_, _> = members
            .into_iter()
            .map(|(k, v)| (k.to_owned(), v))
            .collect();
        element.extend(kind.map(|it| ("type".to_owned(), json!(it))));
        element.extend(locations.map(|it| ("locations".to_owned(), it)));
        Value::Object(element)
    });
    prop_oneof![9 => object, 1 => json_value()]
}

fn json_value() -> impl Strategy<Value = Value> {
    let single = prop_oneof![
        4 => select(vec!["a", "b", "c", "1"]).prop_map(Value::from),
        1 => (-1..3_i64).prop_map(Value::from),
        1 => select(vec![0.5, 1.0, 1e300]).prop_map(Value::from),
        1 => (NOW - 2000..NOW + 100).prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    single.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[abc1]", inner, 0..3)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}
