//! APIs, roles, users, organizations and clients, in memory and in a file.

use std::fs;

use authz_testkit::Registry;
use reqwest::Method;
use serde_json::{Value, json};

use super::{API, Page};

const FILE: &str = r#"# Our development issuer.

[[api]] # the tutorial's
identifier = "https://quickstart.example/api"
name = "Quickstart" # as in the dashboard

[api.scopes]
"read:messages" = "Read"   # for everyone
"write:messages" = "Write"

[[role]]
name = "manager"
permissions = { "https://quickstart.example/api" = ["read:messages"] }

# Alice tests.
[[user]]
id = "dev|alice"
roles = ["manager"]
"#;

#[tokio::test]
async fn a_change_keeps_the_rest_of_the_file_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("issuer.toml");
    fs::write(&path, FILE).unwrap();
    let page = Page::open(Registry::open(&path).unwrap()).await;
    let mut api = page.state().await["apis"][0].clone();
    api.as_object_mut().unwrap().remove("has_secret");
    api["name"] = "Messages".into();
    api["scopes"]["delete:messages"] = "Delete".into();
    page.put("apis", Some(API), api).await;
    let expected = FILE.replace("\"Quickstart\"", "\"Messages\"").replace(
        "= \"Write\"\n",
        "= \"Write\"\n\"delete:messages\" = \"Delete\"\n",
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);

    // A name that changes takes the references along, and an entry that goes takes its own.
    let role = json!({ "name": "reader", "permissions": { API: ["read:messages"] } });
    page.put("roles", Some("manager"), role).await;
    let expected = expected.replace("\"manager\"", "\"reader\"");
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    let delete = json!({ "id": API });
    page.send(Method::DELETE, "apis", delete).await;
    let state = page.state().await;
    assert_eq!(state["roles"][0]["permissions"], json!({}));
    assert!(
        fs::read_to_string(&path)
            .unwrap()
            .contains("# Alice tests.")
    );
}

#[tokio::test]
async fn what_is_written_can_be_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("issuer.toml");
    let page = Page::open(Registry::open(&path).unwrap()).await;
    for identifier in ["a.b \"c\" \\ [d]\u{202e}", "plain"] {
        let scopes = json!({ "read": "", "w:'x'": "\"quoted\"\nsecond line" });
        let entry = json!({ "identifier": identifier, "lifetime": 1, "scopes": scopes });
        page.put("apis", None, entry).await;
    }
    let permissions = json!({ "plain": ["read"] });
    page.put(
        "roles",
        None,
        json!({ "name": "r", "permissions": permissions }),
    )
    .await;
    let entry = json!({ "identifier": "renamed", "scopes": { "read": "" } });
    page.put("apis", Some("plain"), entry).await;
    let again = Page::open(Registry::open(&path).unwrap()).await;
    for member in ["apis", "roles"] {
        assert_eq!(again.state().await[member], page.state().await[member]);
    }
    assert_eq!(
        again.state().await["apis"][1]["scopes"],
        json!({ "read": "" })
    );
}

#[tokio::test]
async fn an_edit_by_hand_applies_at_once_and_a_mistake_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("issuer.toml");
    let page = Page::open(Registry::open(&path).unwrap()).await;
    assert_eq!(page.state().await["apis"], json!([]));
    fs::write(&path, FILE).unwrap();
    assert_eq!(page.state().await["users"][0]["id"], "dev|alice");

    for (mistake, part) in [
        (
            FILE.replace("[\"manager\"]", "[\"boss\"]"),
            "\"boss\", which is not a role",
        ),
        (
            FILE.replace("name = \"Quickstart\"", "nome = \"Quickstart\""),
            "nome",
        ),
        (FILE.replace("[[user]]", "[[user]"), "line"),
    ] {
        fs::write(&path, &mistake).unwrap();
        let state = page.state().await;
        let error = state["file_error"].as_str().expect("the mistake is shown");
        assert!(
            error.contains(part) && error.contains("issuer.toml"),
            "{error}"
        );
        assert_eq!(state["users"][0]["roles"], json!(["manager"]), "{mistake}");
        let entry = json!({ "previous": null, "entry": { "id": "acme" } });
        let (status, _) = page.refused(Method::PUT, "organizations", entry).await;
        assert_eq!(status, 409);
        assert_eq!(fs::read_to_string(&path).unwrap(), mistake);
    }
    fs::write(&path, FILE).unwrap();
    assert_eq!(page.state().await["file_error"], Value::Null);
    assert!(Registry::open(folder.path()).is_err());
}

#[tokio::test]
async fn a_secret_is_shown_once_and_kept_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("issuer.toml");
    let page = Page::open(Registry::open(&path).unwrap()).await;
    let entry = json!({ "identifier": API, "algorithm": "HS256" });
    let answer = page.put("apis", None, entry.clone()).await;
    let secret = answer["secret"].as_str().expect("the secret is shown");
    assert_eq!(secret.len(), 43);
    assert!(fs::read_to_string(&path).unwrap().contains(secret));
    assert!(!answer["state"].to_string().contains(secret));
    // A later change keeps it, another algorithm has another one.
    let again = page.put("apis", Some(API), entry).await;
    assert_eq!(again["secret"], Value::Null);
    assert!(fs::read_to_string(&path).unwrap().contains(secret));
    let longer = json!({ "identifier": API, "algorithm": "HS512" });
    let answer = page.put("apis", Some(API), longer).await;
    assert_eq!(answer["secret"].as_str().unwrap().len(), 86);
}

#[tokio::test]
async fn entries_that_cannot_be() {
    let page = Page::with_api(json!({})).await;
    page.put("roles", None, json!({ "name": "manager" })).await;
    let entry = |entry: Value| json!({ "previous": null, "entry": entry });
    for (collection, body, status, part) in [
        ("apis", entry(json!({ "identifier": API })), 409, "taken"),
        ("apis", entry(json!({ "identifier": " " })), 400, "missing"),
        (
            "apis",
            entry(json!({ "identifier": "a\nb" })),
            400,
            "control character",
        ),
        (
            "apis",
            entry(json!({ "identifier": "b", "scopes": { "a b": "" } })),
            400,
            "not a scope",
        ),
        (
            "apis",
            entry(json!({ "identifier": "b", "lifetime": 0 })),
            400,
            "lifetime",
        ),
        (
            "apis",
            entry(json!({ "identifier": "b", "algorithm": "none" })),
            400,
            "none",
        ),
        (
            "apis",
            entry(json!({ "identifier": "b", "colour": "red" })),
            400,
            "colour",
        ),
        ("roles", entry(json!({ "name": "manager" })), 409, "taken"),
        (
            "roles",
            entry(json!({ "name": "x", "permissions": { API: ["other"] } })),
            400,
            "not a scope",
        ),
        (
            "roles",
            entry(json!({ "name": "x", "permissions": { "urn:x": [] } })),
            400,
            "not an API",
        ),
        (
            "users",
            entry(json!({ "id": "u", "roles": ["boss"] })),
            400,
            "not a role",
        ),
        (
            "users",
            entry(json!({ "id": "u", "organizations": ["x"] })),
            400,
            "not an organization",
        ),
        (
            "users",
            json!({ "previous": "gone", "entry": { "id": "u" } }),
            404,
            "does not exist",
        ),
    ] {
        let (got, message) = page.refused(Method::PUT, collection, body.clone()).await;
        assert_eq!(got, status, "{body}: {message}");
        assert!(message.contains(part), "{body}: {message}");
    }
    let state = page.state().await;
    assert_eq!(state["apis"].as_array().unwrap().len(), 1);
    assert_eq!(state["users"], json!([]));
}
