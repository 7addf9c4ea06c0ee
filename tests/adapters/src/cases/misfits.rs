use authz_core::Reason;
use authz_testkit::DevIssuer;
use serde_json::{Value, json};

use crate::{
    App, Setup,
    case::{get, invalid_token},
    log::Log,
};

/// Tokens that verify and do not fit the application's type: the caller's token is no good here, and
/// the operator reads which field it is.
pub async fn misfits<A: App>(app: impl Fn(&Setup) -> A) {
    let issuer = DevIssuer::start().await;
    let setup = Setup::new(&issuer, |builder| builder);
    let app = app(&setup);
    let with = |org: Value| issuer.token().claim("org_id", org);
    for (name, token, named) in [
        ("missing", issuer.token(), "missing field `org_id`"),
        ("null", with(json!(null)), "org_id: invalid type: null"),
        ("a number", with(json!(7)), "org_id: invalid type: integer"),
        (
            "an array",
            with(json!(["acme"])),
            "org_id: invalid type: sequence",
        ),
    ] {
        let token = token.build();
        let log = Log::default();
        let guard = log.listen();
        let refused = invalid_token(Reason::ClaimsMismatch);
        let case = get("/typed").bearer(&token).refused(name, refused);
        case.check(&app, &setup.seen).await;
        drop(guard);

        let lines = log.text();
        assert_eq!(
            lines.matches("request refused").count(),
            1,
            "{name}: {lines}"
        );
        for part in [
            "INFO",
            r#"reason="claims_mismatch""#,
            "status=401",
            named,
            // The application's type, and whose token it was.
            "::Organization",
            "jti=",
        ] {
            assert!(lines.contains(part), "{name}: no {part} in {lines}");
        }
        for part in token.split('.') {
            assert!(!lines.contains(part), "{name}: {lines}");
        }
    }
}
