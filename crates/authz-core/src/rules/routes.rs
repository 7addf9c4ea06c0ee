//! The router: finds the most specific pattern of a path.

use std::borrow::Cow;

use matchit::{InsertError, Params, Router};

use super::{
    path::{self, Path},
    pattern_syntax::{self, InvalidPattern},
};
use crate::request::PathParams;

/// Patterns with a value each, for paths as sent and decoded.
#[derive(Clone)]
pub(crate) struct Routes<T> {
    sent: Router<T>,
    decoded: Router<T>,
}

/// Why a pattern can't be added to the others.
#[derive(Debug)]
pub(crate) enum PatternConflict {
    Invalid(InvalidPattern),
    /// Another pattern matches the same paths.
    Conflict,
}

/// The parameters of a matched path.
#[derive(Debug)]
pub(crate) struct Matched<'k, 'p>(Params<'k, 'p>);

impl<T: Copy + PartialEq> Routes<T> {
    pub(crate) fn new() -> Self {
        Self {
            sent: Router::new(),
            decoded: Router::new(),
        }
    }

    pub(crate) fn insert(&mut self, pattern: &str, value: T) -> Result<(), PatternConflict> {
        let invalid = |problem| PatternConflict::Invalid(InvalidPattern::new(pattern, problem));
        let decoded = pattern_syntax::decode(pattern).map_err(PatternConflict::Invalid)?;
        let conflict = |error: InsertError| match error {
            InsertError::Conflict { .. } => PatternConflict::Conflict,
            InsertError::InvalidParamSegment => {
                invalid("a parameter must extend to the end of its segment")
            }
            InsertError::InvalidCatchAll => {
                invalid("a parameter that matches several segments must come at the end")
            }
            _ => invalid("parameters are written {name} or {*name}, and braces {{ and }}"),
        };
        self.sent.insert(pattern, value).map_err(conflict)?;
        self.decoded.insert(decoded, value).map_err(conflict)
    }

    /// The pattern that the path matches both as sent and decoded, with the same parameters.
    pub(crate) fn at<'p>(&'p self, path: &Path<'p>) -> Result<(T, Matched<'p, 'p>), &'static str> {
        const NONE: &str = "no pattern matches the path";
        let sent = self.sent.at(path.sent).map_err(|_| NONE)?;
        let decoded = self.decoded.at(&path.decoded).map_err(|_| NONE)?;
        let values = |(sent, decoded): ((&str, &str), (&str, &str))| {
            path::decode(sent.1).is_some_and(|it| it == decoded.1)
        };
        let same = sent.value == decoded.value
            && sent.params.len() == decoded.params.len()
            && sent.params.iter().zip(decoded.params.iter()).all(values);
        if same {
            Ok((*sent.value, Matched(sent.params)))
        } else {
            Err("the path means another thing when it is decoded")
        }
    }
}

impl PathParams for Matched<'_, '_> {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        path::decode(self.0.get(name)?)
    }

    fn names(&self) -> Vec<Cow<'_, str>> {
        self.0.iter().map(|(name, _)| name.into()).collect()
    }
}
