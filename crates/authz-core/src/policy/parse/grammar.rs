//! The grammar, with one function for each production. The guide on policies has it in EBNF.

use http::{HeaderName, Method};
use winnow::stream::LocatingSlice;

use super::{
    error::{Fail, PolicyError},
    lexeme::{Input, Parsed, expect, here, list, number, peek_word, skip, space, text, word},
    method::parse_method,
};
use crate::policy::{
    build::{EMPTY_PREFIX, PREFIX_OF_CLAIMS_ONLY, Predicates},
    claim_path::ClaimPath,
    model::{Attribute, Comparison, Operand, Operator, Policy, Requirement, Source, Value},
    scope::Scope,
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

/// Maximum nesting of groups and negations. The parser is recursive, so this limits its stack.
const MAX_DEPTH: usize = 64;

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
            Some("or") => Policy::any_of(policies),
            _ => Policy::all_of(policies),
        })
    }

    /// `operand = "not" operand | "(" policy ")" | requirement`
    fn operand(&self, input: &mut Input<'_>, depth: usize) -> Parsed<Policy> {
        let at = here(input);
        if depth > MAX_DEPTH {
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
        let requirement = match name {
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
        Ok(Policy(requirement))
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
/// and after a claim `"starts_with" text`
fn operator(input: &mut Input<'_>, left: &Attribute) -> Parsed<Operator> {
    let at = here(input);
    if skip(input, "==")? {
        return value(input).map(Operator::Equals);
    }
    if skip(input, "!=")? {
        return value(input).map(Operator::Differs);
    }
    let next = peek_word(input);
    if !matches!(next, "exists" | "contains" | "starts_with" | "in") {
        let problem = "`==`, `!=`, `in`, `contains`, `starts_with` or `exists` must follow";
        return Err(Fail::new(at, problem));
    }
    word(input)?;
    match next {
        "exists" => Ok(Operator::Exists),
        "contains" => value(input).map(Operator::Contains),
        "in" => {
            expect(input, "[")?;
            Ok(Operator::OneOf(list(input, "]", value)?.into()))
        }
        _ if !matches!(left.0, Source::Claim(_)) => Err(Fail::new(at, PREFIX_OF_CLAIMS_ONLY)),
        _ => {
            let at = here(input);
            let prefix = text(input)?;
            if prefix.is_empty() {
                return Err(Fail::new(at, EMPTY_PREFIX));
            }
            Ok(Operator::StartsWith(prefix.into()))
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
        parse_method(&text).map_err(|problem| Fail::new(at, problem))
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

/// The problem where a requirement is expected.
fn no_requirement(name: &str, input: &Input<'_>) -> String {
    let rest = *input.as_ref();
    match name {
        "any_scope" => r#"write scope("a") or scope("b")"#.to_owned(),
        "all_scopes" => r#"write scope("a") and scope("b")"#.to_owned(),
        "" if rest.starts_with('!') => "write `not`".to_owned(),
        "" => format!("a requirement is expected: one of {REQUIREMENTS}"),
        "and" | "or" => format!("a requirement must come before `{name}`"),
        name => format!("there is no requirement `{name}`: it must be one of {REQUIREMENTS}"),
    }
}

/// The problem where a policy must end or continue.
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
