use http::{Request, StatusCode};
use hyper::body::Incoming;

use super::{
    faulty::{self, Good},
    respond::{self, Reaction},
};
use crate::{fault::Fault, lock::Locked as _, state::State};

pub(crate) fn answer(request: &Request<Incoming>, state: &State) -> Reaction {
    let published = state.keys.locked().published().to_vec();
    let (document, fault) = {
        let mut answers = state.answers.locked();
        let fault = Fault::next(&mut answers.discovery_fault);
        (answers.discovery_document.clone(), fault)
    };
    let document = document.unwrap_or_else(|| state.discovery_document());
    let Some(fault) = fault else {
        return respond::json(StatusCode::OK, &document).into();
    };
    let good = Good {
        body: document.to_string().into(),
        keys: &published,
    };
    faulty::answer(&fault, &good, request.uri())
}
