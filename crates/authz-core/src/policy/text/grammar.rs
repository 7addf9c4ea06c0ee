//! The grammar, one function for each rule. It is written down in the guide on policies.

use http::{HeaderName, Method};
use winnow::stream::LocatingSlice;

use super::{
    super::{
        Attribute, ClaimPath, Comparison, Operand, Policy, Predicates, Requirement, Scope,
        attribute::{EMPTY_PREFIX, PREFIX_OF_CLAIMS_ONLY, Source, Value},
        comparison::Operator,
    },
    error::{Fail, PolicyError},
    lexeme::{Input, Parsed, expect, here, list, number, peek_word, skip, space, text, word},
    method::method,
};

pub(super) fn policy(whole: &str, known: &Predicates) -> Result<Policy, PolicyError> {
    let mut input = LocatingSlice::new(whole);
    let grammar = Grammar { known };
    let parsed = space(&mut input).and_then(|()| {
        let policy = grammar.policy(&mut input, 0)?;
        if input.is_empty() {
            Ok(policy)
        } else {
            Err(Fail::new(here(&input), stray(&input)))
        }
    });
    parsed.map_err(|fail| PolicyError::new(whole, fail))
}

struct Grammar<'k> {
    known: &'k Predicates,
}

/// Groups and negations inside each other. More than any person can read, and less than the stack takes.
const DEEPEST: usize = 64;

const REQUIREMENTS: &str = "any_valid_token, deny, scope, permission, role, group, client, issuer, \
    acr, amr, max_age, method, custom, claim, path, header, query";

impl Grammar<'_> {
    /// `policy = operand { "and" operand } | operand { "or" operand }`
    fn policy(&self, input: &mut Input<'_>, depth: usize) -> Parsed<Policy> {
        let mut policies = vec![self.operand(input, depth)?];
        let mut joined = None;
        while let next @ ("and" | "or") = peek_word(input) {
            if joined.is_some_and(|it| it != next) {
                let problem =
                    "`and` and `or` side by side: put parentheses around what belongs together";
                return Err(Fail::new(here(input), problem));
            }
            joined = Some(next);
            word(input)?;
            policies.push(self.operand(input, depth)?);
        }
        Ok(match joined {
            Some("or") => Policy::any(policies),
            _ => Policy::all(policies),
        })
    }

    /// `operand = "not" operand | "(" policy ")" | requirement`
    fn operand(&self, input: &mut Input<'_>, depth: usize) -> Parsed<Policy> {
        let at = here(input);
        if depth > DEEPEST {
            return Err(Fail::new(at, "the policy is nested too deeply"));
        }
        if peek_word(input) == "not" {
            word(input)?;
            return Ok(!self.operand(input, depth + 1)?);
        }
        if skip(input, "(")? {
            let policy = self.policy(input, depth + 1)?;
            let end = here(input);
            if skip(input, ")")? {
                return Ok(policy);
            }
            let problem = format!("{}; `)` is missing", stray(input));
            return Err(Fail::new(end, problem));
        }
        let name = word(input)?;
        self.requirement(input, name, at)
    }

    fn requirement(&self, input: &mut Input<'_>, name: &str, at: usize) -> Parsed<Policy> {
        let rule = match name {
            "any_valid_token" => Requirement::AnyValidToken,
            "deny" => Requirement::Deny,
            "scope" => Requirement::Scope(one(input, |text| text.parse::<Scope>())?),
            "permission" => Requirement::Permission(one_text(input)?),
            "role" => Requirement::Role(one_text(input)?),
            "group" => Requirement::Group(one_text(input)?),
            "amr" => Requirement::Amr(one_text(input)?),
            "client" => Requirement::Client(texts(input)?),
            "issuer" => Requirement::Issuer(texts(input)?),
            "acr" => Requirement::Acr(texts(input)?),
            "method" => Requirement::Method(methods(input)?),
            "max_age" => Requirement::MaxAge(seconds(input)?),
            "custom" => return one(input, |name| self.custom(name)),
            _ => match attribute(input, name)? {
                Some(left) => {
                    let operator = operator(input, &left)?;
                    Requirement::Compare(Box::new(Comparison { left, operator }))
                }
                None => return Err(Fail::new(at, no_requirement(name, input))),
            },
        };
        Ok(Policy(rule))
    }

    fn custom(&self, name: &str) -> Result<Policy, String> {
        self.known.policy(name).ok_or_else(|| {
            let known: Vec<_> = self.known.names().collect();
            let known = match &*known {
                [] => "none is known here".to_owned(),
                known => format!("known are {}", known.join(", ")),
            };
            format!("there is no condition {name:?}: {known}")
        })
    }
}

/// `attribute = ( "claim" | "path" | "header" | "query" ) "(" text ")"`; `None` for another name.
fn attribute(input: &mut Input<'_>, name: &str) -> Parsed<Option<Attribute>> {
    let source = match name {
        "claim" => Source::Claim(one(input, |text| text.parse::<ClaimPath>())?),
        "path" => Source::Path(one_text(input)?),
        "query" => Source::Query(one_text(input)?),
        "header" => Source::Header(one(input, |text| {
            HeaderName::try_from(text).map_err(|_| format!("{text:?} is not the name of a header"))
        })?),
        _ => return Ok(None),
    };
    Ok(Some(Attribute(source)))
}

/// `operator = "exists" | ( "==" | "!=" | "contains" ) value | "in" "[" value { "," value } "]"`,
/// and behind a claim `"starts_with" text`
fn operator(input: &mut Input<'_>, left: &Attribute) -> Parsed<Operator> {
    let at = here(input);
    if skip(input, "==")? {
        return value(input).map(Operator::Equals);
    }
    if skip(input, "!=")? {
        return value(input).map(Operator::Differs);
    }
    match peek_word(input) {
        "exists" => {
            word(input)?;
            Ok(Operator::Exists)
        }
        "contains" => {
            word(input)?;
            value(input).map(Operator::Contains)
        }
        "starts_with" if !matches!(left.0, Source::Claim(_)) => {
            Err(Fail::new(at, PREFIX_OF_CLAIMS_ONLY))
        }
        "starts_with" => {
            word(input)?;
            let at = here(input);
            let prefix = text(input)?;
            if prefix.is_empty() {
                return Err(Fail::new(at, EMPTY_PREFIX));
            }
            Ok(Operator::StartsWith(prefix.into()))
        }
        "in" => {
            word(input)?;
            expect(input, "[")?;
            Ok(Operator::OneOf(list(input, "]", value)?.into()))
        }
        _ => {
            let problem = "`==`, `!=`, `in`, `contains`, `starts_with` or `exists` has to follow";
            Err(Fail::new(at, problem))
        }
    }
}

/// `value = text | number | "true" | "false" | attribute`
fn value(input: &mut Input<'_>) -> Parsed<Operand> {
    let at = here(input);
    if input.starts_with('"') {
        return Ok(Operand(Value::Text(text(input)?.into())));
    }
    if let Some(number) = number(input)? {
        return Ok(Operand(Value::Integer(number)));
    }
    let name = word(input)?;
    let value = match name {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => match attribute(input, name)? {
            Some(attribute) => Value::Attribute(attribute),
            None => {
                let problem = "a value is expected: a text in double quotes, a whole number, true, \
                    false, or claim, path, header or query";
                return Err(Fail::new(at, problem));
            }
        },
    };
    Ok(Operand(value))
}

fn one<T, E: std::fmt::Display>(
    input: &mut Input<'_>,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Parsed<T> {
    expect(input, "(")?;
    let at = here(input);
    let text = text(input)?;
    let read = read(&text).map_err(|error| Fail::new(at, error))?;
    expect(input, ")")?;
    Ok(read)
}

fn one_text(input: &mut Input<'_>) -> Parsed<Box<str>> {
    one(input, |text| Ok::<_, String>(text.into()))
}

fn texts(input: &mut Input<'_>) -> Parsed<Box<[Box<str>]>> {
    expect(input, "(")?;
    let texts = list(input, ")", text)?;
    Ok(texts.into_iter().map(Box::from).collect())
}

fn methods(input: &mut Input<'_>) -> Parsed<Box<[Method]>> {
    expect(input, "(")?;
    let methods = list(input, ")", |input| {
        let at = here(input);
        let text = text(input)?;
        method(&text).map_err(|problem| Fail::new(at, problem))
    })?;
    Ok(methods.into())
}

fn seconds(input: &mut Input<'_>) -> Parsed<u64> {
    expect(input, "(")?;
    let at = here(input);
    let seconds = number(input)?.and_then(|it| u64::try_from(it).ok());
    let seconds = seconds.ok_or_else(|| Fail::new(at, "a number of seconds is expected"))?;
    expect(input, ")")?;
    Ok(seconds)
}

/// What is wrong where a requirement should begin.
fn no_requirement(name: &str, input: &Input<'_>) -> String {
    let rest = *input.as_ref();
    match name {
        "any_scope" => r#"write scope("a") or scope("b")"#.to_owned(),
        "all_scopes" => r#"write scope("a") and scope("b")"#.to_owned(),
        "" if rest.starts_with('!') => "write `not`".to_owned(),
        "" => format!("a requirement is expected: one of {REQUIREMENTS}"),
        "and" | "or" => format!("a requirement has to stand before `{name}`"),
        name => format!("there is no requirement `{name}`: it has to be one of {REQUIREMENTS}"),
    }
}

/// What is wrong where a policy should end, or go on.
fn stray(input: &Input<'_>) -> &'static str {
    let rest = *input.as_ref();
    if rest.starts_with('&') {
        "write `and`"
    } else if rest.starts_with('|') {
        "write `or`"
    } else if rest.starts_with(')') {
        "`)` closes nothing"
    } else {
        "`and`, `or` or the end of the policy is expected"
    }
}
