use serde::Deserialize;

use super::refusal::Refusal;
use crate::{fault::Fault, lock::Locked as _, state::State};

/// One member is given.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Change {
    rotate: bool,
    withdraw: Option<String>,
    fault: Option<String>,
}

pub(super) fn change(change: Change, state: &State) -> Result<(), Refusal> {
    if change.rotate {
        state.change_keys(|keys| keys.rotate_all());
    }
    if let Some(kid) = change.withdraw {
        state.change_keys(|keys| keys.withdraw(&kid));
    }
    if let Some(name) = change.fault {
        let Some((_, fault)) = faults().into_iter().find(|(known, _)| *known == name) else {
            let known = faults().map(|(name, _)| name).join(", ");
            return Err(Refusal::invalid(
                "fault",
                format!("the fault must be one of {known}"),
            ));
        };
        let mut answers = state.answers.locked();
        answers.jwks_fault.clone_from(&fault);
        answers.discovery_fault = fault;
    }
    Ok(())
}

/// Returns the name of the key set's fault.
pub(super) fn current(state: &State) -> &'static str {
    let fault = state.answers.locked().jwks_fault.clone();
    faults()
        .into_iter()
        .find(|(_, known)| *known == fault)
        .map_or("other", |(name, _)| name)
}

fn faults() -> [(&'static str, Option<Fault>); 8] {
    [
        ("none", None),
        ("slow", Some(Fault::SlowDrip)),
        ("hang", Some(Fault::Hang)),
        ("status_503", Some(Fault::Status(503))),
        ("reset", Some(Fault::Reset)),
        ("endless", Some(Fault::EndlessBody)),
        ("empty", Some(Fault::EmptySet)),
        ("html", Some(Fault::Html)),
    ]
}
