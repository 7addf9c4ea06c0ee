use authz_core::{AuthorizerBuilder, StatusLists};
use serde_json::{Map, Value};
use url::Url;

use super::{
    fetch::Http,
    report::{Diagnosis, Outcome, Report},
};

/// The place of a token in a status list (draft-ietf-oauth-status-list-20 section 6.2).
pub(super) struct ListedStatus<'t> {
    uri: &'t str,
    index: &'t Value,
}

impl<'t> ListedStatus<'t> {
    pub(super) fn of(claims: &'t Map<String, Value>) -> Option<Self> {
        let reference = claims.get("status")?.get("status_list")?;
        Some(Self {
            uri: reference.get("uri")?.as_str()?,
            index: reference.get("idx")?,
        })
    }

    /// Lets the engine fetch the list, after the token's signature has been verified.
    pub(super) fn add(&self, builder: AuthorizerBuilder, http: &Http) -> AuthorizerBuilder {
        let origin = Url::parse(self.uri).map(|it| it.origin().ascii_serialization());
        let origin = origin.unwrap_or_default();
        builder.status_lists(StatusLists::at_origin(origin).fetcher(http.fetcher()))
    }

    pub(super) fn is_valid(&self, report: &mut Report) {
        let detail = format!("{}, index {}: valid", self.uri, self.index);
        report.step("status list", Outcome::Good, detail);
    }

    pub(super) fn is_revoked(&self, report: &mut Report) {
        let detail = format!("{}, index {}: not valid", self.uri, self.index);
        report.step("status list", Outcome::Bad, detail);
        report.diagnose(
            Diagnosis::Revoked,
            format!(
                "the token is good, but its status list {} says that it is revoked or suspended",
                self.uri
            ),
            "get a new token; servers notice the status only with `status_lists`",
        );
    }

    pub(super) fn is_unknown(&self, problem: Option<&str>, report: &mut Report) {
        let problem = problem.unwrap_or("it was not fetched");
        report.step(
            "status list",
            Outcome::Bad,
            format!("{}: {problem}", self.uri),
        );
        report.diagnose(
            Diagnosis::StatusList,
            format!("the status list {} can't be used: {problem}", self.uri),
            "check the address, and that the issuer signs the list with one of its keys; servers with `status_lists` answer 503",
        );
    }
}
