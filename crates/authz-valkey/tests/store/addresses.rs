use authz_valkey::{Valkey, ValkeyErrorKind};

#[tokio::test]
async fn invalid_ones_are_errors_that_show_no_password() {
    for url in [
        "",
        "store.internal",
        "http://:hunter2@store.internal",
        "redis://:hunter2@store.internal:port",
        "redis://:hunter2@store.internal/database",
        "rediss://:hunter2@store.internal/#insecure",
        "redis://:hunter2@",
    ] {
        let error = Valkey::connect(url).expect_err(url);
        assert_eq!(error.kind(), ValkeyErrorKind::Address, "{url}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
    let valkey = Valkey::connect("redis://user:hunter2@store.invalid").unwrap();
    assert!(!format!("{valkey:?}").contains("hunter2"), "{valkey:?}");
    let builder = Valkey::builder("redis://user:hunter2@store.invalid");
    assert!(!format!("{builder:?}").contains("hunter2"), "{builder:?}");
}

#[test]
fn a_runtime_is_needed() {
    let error = Valkey::connect("redis://store.invalid").unwrap_err();
    assert_eq!(error.kind(), ValkeyErrorKind::NoRuntime);
}
