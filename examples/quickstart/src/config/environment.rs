//! The environment variables, each read once.

use std::{collections::BTreeMap, ffi::OsString, fmt::Display};

pub(super) struct Environment {
    unread: BTreeMap<String, OsString>,
    pub(super) warnings: Vec<String>,
}

impl Environment {
    pub(super) fn new(variables: impl IntoIterator<Item = (String, OsString)>) -> Self {
        Self {
            unread: variables.into_iter().collect(),
            warnings: Vec::new(),
        }
    }

    /// Reads a variable. An empty one counts as not set: that is what compose files make of a
    /// variable without a value.
    pub(super) fn take<T, E: Display>(
        &mut self,
        variable: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, String> {
        let value = self.unread.remove(variable).unwrap_or_default();
        let invalid = |problem: &dyn Display| format!("{variable}={value:?} {problem}");
        match value.to_str().map(str::trim) {
            None => Err(invalid(&"is not text in UTF-8")),
            Some("") => Ok(None),
            Some(text) => parse(text).map(Some).map_err(|problem| invalid(&problem)),
        }
    }

    /// Reads a variable that is a list separated by commas.
    pub(super) fn list<T>(
        &mut self,
        variable: &str,
        parse: impl Fn(&str) -> Result<T, &'static str>,
    ) -> Result<Option<Vec<T>>, String> {
        self.take(variable, |text| {
            let element = |part: &str| match part.trim() {
                "" => Err("has an empty part: separate values by single commas".to_owned()),
                part => parse(part)
                    .map_err(|problem| format!("has a part that is wrong: {part:?} {problem}")),
            };
            text.split(',').map(element).collect()
        })
    }

    /// Reads a variable whose value no message may show.
    pub(super) fn secret(&mut self, variable: &str) -> Result<Option<String>, String> {
        let value = self.unread.remove(variable).unwrap_or_default();
        let text = value.into_string();
        let text = text.map_err(|_| format!("{variable} is not text in UTF-8"))?;
        Ok(Some(text).filter(|it| !it.trim().is_empty()))
    }

    /// Warns about unread variables, which are probably misspelt.
    pub(super) fn into_warnings(mut self) -> Vec<String> {
        for (variable, value) in self.unread {
            if variable.starts_with("AUTHZ_") && !value.is_empty() {
                (self.warnings).push(format!("{variable:?} has no effect: no such variable"));
            }
        }
        self.warnings
    }

    /// Returns the value of the long form or else of the short one, with its variable.
    pub(super) fn either<T: PartialEq>(
        &mut self,
        (variable, long): (&'static str, Option<T>),
        (short_variable, short): (&'static str, Option<T>),
    ) -> Option<(&'static str, T)> {
        if long.is_some() && short.is_some() && long != short {
            let warning = "is ignored: its value is not that of";
            (self.warnings).push(format!("{short_variable} {warning} {variable}"));
        }
        let short = short.map(|value| (short_variable, value));
        long.map(|value| (variable, value)).or(short)
    }
}
