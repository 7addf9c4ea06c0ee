use authz_core::Reason;
use authz_testkit::{Algorithm, SigningKey};

use crate::{
    App, Setup,
    case::{check_all, dev_user, get, invalid_token},
};

/// What becomes of a token's verdict. Which tokens are good is the matter of the attacks' table.
pub async fn tokens<A: App>(app: impl Fn(&Setup) -> A) {
    check_all(app, |issuer| {
        let good = || issuer.token().scope("read:messages");
        let stranger = SigningKey::generate(Algorithm::RS256);
        let messages = |token: String| get("/messages").bearer(&token);
        vec![
            messages(good().expires_in(-3600).build())
                .refused("expired", invalid_token(Reason::Expired)),
            // Newer keys are fetched before it is refused.
            messages(good().key(&stranger).build())
                .refused("unknown key", invalid_token(Reason::UnknownKey)),
            messages(good().auth0_style().build())
                .served("Auth0's style", dev_user(&["read:messages"])),
        ]
    })
    .await;
}
