//! The elements of `authorization_details` (RFC 9396 section 2).

use serde_json::Value;

use super::{context::EvalContext, verdict::Verdict};
use crate::policy::model::Detail;

pub(crate) const AUTHORIZATION_DETAILS: &str = "authorization_details";

impl Detail {
    /// `Met` if one element meets everything. Elements are alternatives, so what is missing in one is not looked for
    /// in another.
    pub(super) fn verdict(&self, context: &EvalContext<'_>) -> Verdict {
        if context.is_elsewhere(AUTHORIZATION_DETAILS) {
            return Verdict::Unknown;
        }
        match context.claims().map(|it| it.get(AUTHORIZATION_DETAILS)) {
            Some(None | Some(Value::Null)) => Verdict::NotMet,
            Some(Some(Value::Array(elements))) => {
                Verdict::any(elements.iter().map(|it| self.verdict_on(it, context)))
            }
            _ => Verdict::Unknown,
        }
    }

    fn verdict_on(&self, element: &Value, context: &EvalContext<'_>) -> Verdict {
        match element.get("type").and_then(Value::as_str) {
            None => Verdict::Unknown,
            Some(kind) if kind != &*self.kind => Verdict::NotMet,
            Some(_) => {
                let context = EvalContext {
                    detail: Some(element),
                    ..*context
                };
                let verdicts = [names_us(element, &context), self.policy.verdict(&context)];
                Verdict::all(verdicts.into_iter())
            }
        }
    }
}

/// Whether an element is for this API: it names no `locations`, or this API among them.
fn names_us(element: &Value, context: &EvalContext<'_>) -> Verdict {
    let locations = match element.get("locations") {
        None | Some(Value::Null) => return Verdict::Met,
        Some(Value::Array(locations)) => locations.iter(),
        Some(_) => return Verdict::Unknown,
    };
    let ours = context.settings.identifiers.iter();
    let is_ours = |location: &str| ours.clone().any(|it| **it == *location);
    Verdict::any(locations.map(|it| Verdict::of(it.as_str().map(is_ours))))
}
