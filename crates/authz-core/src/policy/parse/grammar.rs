//! The grammar, with one function for each production. The guide on policies has it in EBNF.

use http::{HeaderName, Method};
use winnow::stream::LocatingSlice;

use super::{
    error::{Fail, PolicyError},
    lexeme::{
        Input, Parsed, decimal, expect, here, list, number, peek_word, skip, space, text, word,
    },
    method::parse_method,
};
use crate::policy::{
    build::{COMPARISONS_ONLY, EMPTY_PREFIX, NO_LIMIT, PREFIX_OF_CLAIMS_ONLY, Predicates},
    claim_path::ClaimPath,
    model::{
        Attribute, Comparison, Detail, Operand, Operator, Policy, Relation, Requirement, Source,
        Value,
    },
    scope::Scope,
};

pub(super) fn policy(whole: &str, known: &Predicates) -> Result<Policy, PolicyError> {
    let mut input = LocatingSlice::new(whole);
    let grammar = Grammar {
        known,
        in_detail: false,
    };
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

#[derive(Clone, Copy)]
struct Grammar<'k> {
    known: &'k Predicates,
    in_detail: bool,
}

/// Maximum nesting of groups and negations. The parser is recursive, so this limits its stack.
const MAX_DEPTH: usize = 64;

const REQUIREMENTS: &str = "any_valid_token, deny, scope, permission, role, group, client, issuer, \
    acr, amr, max_age, method, detail, custom, claim, path, header, query";

const MEMBER_OF_NOTHING: &str =
    "`member` is for `detail` only, as in detail(\"payment\", member(\"currency\") == \"EUR\")";

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
        self.requirement(input, name, at, depth)
    }

    fn requirement(
        &self,
        input: &mut Input<'_>,
        name: &str,
        at: usize,
        depth: usize,
    ) -> Parsed<Policy> {
        if let Some(left) = self.attribute(input, name, at)? {
            let operator = self.operator(input, &left)?;
            let comparison = Comparison { left, operator };
            return Ok(Policy(Requirement::Compare(Box::new(comparison))));
        }
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
            "detail" => Requirement::Detail(Box::new(self.detail(input, depth)?)),
            "custom" => one(input, |name| self.custom(name))?.0,
            _ => return Err(Fail::new(at, no_requirement(name, input))),
        };
        if self.in_detail && requirement != Requirement::AnyValidToken {
            return Err(Fail::new(at, COMPARISONS_ONLY));
        }
        Ok(Policy(requirement))
    }

    /// `"detail" "(" text [ "," policy ] ")"`
    fn detail(&self, input: &mut Input<'_>, depth: usize) -> Parsed<Detail> {
        expect(input, "(")?;
        let kind = text(input)?.into();
        let grammar = Self {
            in_detail: true,
            ..*self
        };
        let policy = match skip(input, ",")? {
            true => grammar.policy(input, depth + 1)?,
            false => Policy(Requirement::AnyValidToken),
        };
        expect(input, ")")?;
        Ok(Detail { kind, policy })
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

    /// `attribute = ( "claim" | "path" | "header" | "query" | "member" ) "(" text ")"`; `None` for another name.
    fn attribute(&self, input: &mut Input<'_>, name: &str, at: usize) -> Parsed<Option<Attribute>> {
        let source = match name {
            "claim" => Source::Claim(one(input, |text| text.parse::<ClaimPath>())?),
            "member" if !self.in_detail => return Err(Fail::new(at, MEMBER_OF_NOTHING)),
            "member" => Source::Member(one(input, |text| text.parse::<ClaimPath>())?),
            "path" => Source::Path(one_text(input)?),
            "query" => Source::Query(one_text(input)?),
            "header" => Source::Header(one(input, |text| {
                HeaderName::try_from(text)
                    .map_err(|_| format!("{text:?} is not the name of a header"))
            })?),
            _ => return Ok(None),
        };
        Ok(Some(Attribute(source)))
    }

    /// `operator = "exists" | ( "==" | "!=" | "contains" ) value | "in" "[" value { "," value } "]"`
    /// `| ( "<" | "<=" | ">" | ">=" ) limit`, and after a claim or a member `"starts_with" text`
    fn operator(&self, input: &mut Input<'_>, left: &Attribute) -> Parsed<Operator> {
        let at = here(input);
        if skip(input, "==")? {
            return self.value(input).map(Operator::Equals);
        }
        if skip(input, "!=")? {
            return self.value(input).map(Operator::Differs);
        }
        for relation in Relation::ALL {
            if skip(input, relation.sign())? {
                return Ok(Operator::Relation(relation, self.limit(input)?));
            }
        }
        let next = peek_word(input);
        if !matches!(next, "exists" | "contains" | "starts_with" | "in") {
            let problem = "`==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `contains`, `starts_with` or \
                `exists` must follow";
            return Err(Fail::new(at, problem));
        }
        word(input)?;
        match next {
            "exists" => Ok(Operator::Exists),
            "contains" => self.value(input).map(Operator::Contains),
            "in" => {
                expect(input, "[")?;
                let values = list(input, "]", |input| self.value(input))?;
                Ok(Operator::OneOf(values.into()))
            }
            _ if !matches!(left.0, Source::Claim(_) | Source::Member(_)) => {
                Err(Fail::new(at, PREFIX_OF_CLAIMS_ONLY))
            }
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
    fn value(&self, input: &mut Input<'_>) -> Parsed<Operand> {
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
            _ => match self.attribute(input, name, at)? {
                Some(attribute) => Value::Attribute(attribute),
                None => {
                    let problem = "a value is expected: a text in double quotes, a whole number, \
                        true, false, or claim, path, header or query";
                    return Err(Fail::new(at, problem));
                }
            },
        };
        Ok(Operand(value))
    }

    /// `limit = decimal | attribute`
    fn limit(&self, input: &mut Input<'_>) -> Parsed<Operand> {
        let at = here(input);
        if let Some(number) = decimal(input)? {
            let limit = Value::limit(number).ok_or_else(|| Fail::new(at, NO_LIMIT))?;
            return Ok(Operand(limit));
        }
        let name = word(input)?;
        match self.attribute(input, name, at)? {
            Some(attribute) => Ok(Operand(Value::Attribute(attribute))),
            None => {
                let problem = "a number is expected, or claim, path, header or query";
                Err(Fail::new(at, problem))
            }
        }
    }
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
