//! The issuer changes its signing key.

use blackbox::http::Request;

use crate::stage::{self, Issuer, Subject};

pub(crate) fn of_the_signing_key(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::ready(subject, &issuer);
    let call = || {
        let token = issuer.token().scope("read:messages").build();
        Request::get("/api/private").bearer(token)
    };
    let old = call();
    assert_eq!(stage::send(&server, &old).status(), 200);

    issuer.rotate();
    assert_eq!(stage::send(&server, &call()).status(), 200, "the new key");
    assert_eq!(stage::send(&server, &old).status(), 200, "still published");
}
