use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    snippets::{Language, Values},
    state::State,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SnippetChoice {
    url: String,
    token: String,
    api: String,
    client: String,
    scopes: Vec<String>,
}

/// Returns the programs that get this token and call this address, in every language.
pub(super) fn all(choice: &SnippetChoice, state: &State) -> Value {
    let scope = choice.scopes.join(" ");
    let token_url = state.identity.token_endpoint();
    let values = Values {
        url: &choice.url,
        token: &choice.token,
        token_url: &token_url,
        client_id: &choice.client,
        client_secret: "any",
        audience: &choice.api,
        scope: &scope,
    };
    let programs = Language::ALL.into_iter().map(|language| {
        json!({
            "language": language.name(),
            "title": language.title(),
            "call": language.call(&values),
            "token": language.token_request(&values),
            "standing": language.standing().to_string(),
        })
    });
    programs.collect()
}
