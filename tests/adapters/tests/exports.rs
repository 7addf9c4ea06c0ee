//! An application depends on one crate: what it needs of the core, it finds in its adapter.

/// The adapters, and where they say what they take over from the core.
const ADAPTERS: [(&str, &str); 3] = [
    (
        "axum",
        include_str!("../../../crates/authz-axum/src/lib.rs"),
    ),
    (
        "warp",
        include_str!("../../../crates/authz-warp/src/lib.rs"),
    ),
    (
        "poem",
        include_str!("../../../crates/authz-poem/src/lib.rs"),
    ),
];

#[test]
fn every_adapter_gives_the_same_of_the_core() {
    for (name, source) in ADAPTERS {
        assert!(source.contains("pub use authz_core::prelude::*;"), "{name}");
    }
}

#[test]
fn and_every_function_that_policies_are_built_of() {
    let core = include_str!("../../../crates/authz-core/src/policy/mod.rs");
    let module = |name: &str| {
        let (_, items) = core.split_once(&format!("    {name}::{{")).expect(name);
        words(items.split_once('}').expect("the list ends").0)
    };
    let items = module("build");
    let functions = items
        .into_iter()
        .filter(|it| it.starts_with(char::is_lowercase));
    let functions: Vec<_> = functions.collect();
    assert!(functions.len() >= 18, "{functions:?}");
    let given = words(include_str!("../../../crates/authz-core/src/prelude.rs"));
    for function in functions {
        assert!(given.contains(&function), "{function}");
    }
}

fn words(text: &'static str) -> Vec<&'static str> {
    let words = text.split([',', '{', '}', '\n', ' ']);
    words.filter(|word| !word.is_empty()).collect()
}
