//! The same API with its policies in a file, for example
//! `AUTHZ_RULES=examples/quickstart/rules.toml cargo run -p quickstart-warp`.

use authz_warp::{
    Authorized, Authorizer, RequireExt as _, RulesExt as _, any_valid_token, get_or_head,
    rules::Rules,
};
use quickstart::{Messages, PRIVATE, PUBLIC};
use warp::{
    Filter, Rejection, Reply, path,
    reply::{Response, json},
};

use crate::{
    store,
    surroundings::{allow, messages_of},
};

pub(crate) fn api(
    authorizer: &Authorizer,
    rules: Rules,
    messages: Messages,
) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    // Before all routes, the table would also deny unknown paths. Behind path and method, they get 404,
    // and unknown methods get 405.
    let table = authorizer.rules(rules);
    // Extracts the caller. The token is already in the cache by then.
    let caller = authorizer.require(any_valid_token());

    let of_organization = messages_of(messages.clone());
    let messages = path!("api" / "messages").map(move || messages.clone());
    let messages = messages.or(of_organization).unify();
    let public = path!("api" / "public")
        .and(get_or_head())
        .and(table.clone())
        .map(|| json(&PUBLIC));
    let private = path!("api" / "private")
        .and(get_or_head())
        .and(table.clone())
        .map(|| json(&PRIVATE));
    let list = (messages.clone())
        .and(get_or_head())
        .and(table.clone())
        .map(|messages: Messages| json(&messages.list()));
    let create = (messages.clone())
        .and(warp::post())
        .and(table.clone())
        .and(caller.clone())
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(store);
    let me = path!("api" / "me")
        .and(get_or_head())
        .and(table.clone())
        .and(caller)
        .map(|caller: Authorized| json(&quickstart::me(&caller)));
    let named = path!("api" / "public").or(path!("api" / "private")).unify();
    let named = named.or(path!("api" / "me")).unify();
    let options = (named.or(messages.map(drop).untuple_one()).unify())
        .and(warp::options())
        .and(table)
        .and(allow());

    let api = public.or(private).or(list).or(create).or(me);
    api.or(options).map(Reply::into_response)
}
