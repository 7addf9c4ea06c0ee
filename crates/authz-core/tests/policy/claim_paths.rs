//! How the paths of claims are written.

use authz_core::ClaimPath;

#[test]
fn reads_names_and_writes_them_back() {
    for (text, names, canonical) in [
        ("org_id", &["org_id"][..], "org_id"),
        ("a.b.c", &["a", "b", "c"], "a.b.c"),
        (
            "https://example.com/team",
            &["https://example.com/team"],
            "https://example.com/team",
        ),
        ("cognito:groups", &["cognito:groups"], "cognito:groups"),
        (
            "'kubernetes.io'.namespace",
            &["kubernetes.io", "namespace"],
            "'kubernetes.io'.namespace",
        ),
        (
            "'https://example.com/app'.roles",
            &["https://example.com/app", "roles"],
            "'https://example.com/app'.roles",
        ),
        ("'org_id'", &["org_id"], "org_id"),
        ("'it''s'.'a.b'", &["it's", "a.b"], "'it''s'.'a.b'"),
        ("'it''s:'", &["it's:"], "'it''s:'"),
    ] {
        let path: ClaimPath = text.parse().unwrap();
        assert!(path.names().eq(names.iter().copied()), "{text}");
        assert_eq!(path.to_string(), canonical);
        assert_eq!(canonical.parse::<ClaimPath>().unwrap(), path);
    }
}

#[test]
fn refuses_what_names_nothing() {
    for text in [
        "", ".", "a.", ".a", "a..b", "'a", "''", "'a'b", "a'b", "a.'",
    ] {
        assert!(text.parse::<ClaimPath>().is_err(), "{text}");
    }
}
