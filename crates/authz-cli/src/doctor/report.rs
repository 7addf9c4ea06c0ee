use std::{collections::BTreeSet, fmt};

use serde::Serialize;
use url::Url;

/// What was examined, in order, and what is wrong.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    steps: Vec<ReportStep>,
    diagnoses: Vec<ReportFinding>,
    /// The server's clock minus this machine's, in seconds.
    #[serde(rename = "clock_skew_seconds")]
    pub(super) skew: Option<i64>,
    /// Where the issuer answers whether a token is active, by its metadata.
    #[serde(skip)]
    pub(super) introspection: Option<String>,
    /// Hosts whose certificate has been reported.
    #[serde(skip)]
    hosts: BTreeSet<String>,
}

#[derive(Debug, Serialize)]
struct ReportStep {
    name: String,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Good,
    Bad,
    /// Worth knowing, and not an error.
    Note,
    NotReached,
}

/// The name of a fault. Names are stable: programs may compare them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Diagnosis {
    ClockSkew,
    Expired,
    IdToken,
    IssuerSlash,
    KeyServerDown,
    MetadataPath,
    NotAnApi,
    OpaqueToken,
    OtherTenant,
    PolicyNotMet,
    RedirectRefused,
    Revoked,
    RotatedKey,
    SecretTooShort,
    StatusList,
    Tls,
    TokenRefused,
    UnusableKeys,
    WrongAudience,
    WrongIssuer,
    WrongJwksUri,
}

#[derive(Debug, Serialize)]
struct ReportFinding {
    diagnosis: Diagnosis,
    what: String,
    todo: String,
}

impl Report {
    pub(super) fn step(
        &mut self,
        name: impl Into<String>,
        outcome: Outcome,
        detail: impl Into<Option<String>>,
    ) {
        self.steps.push(ReportStep {
            name: name.into(),
            outcome,
            detail: detail.into(),
        });
    }

    pub(super) fn diagnose(
        &mut self,
        diagnosis: Diagnosis,
        what: impl Into<String>,
        todo: impl Into<String>,
    ) {
        // The first of its kind is nearest to the cause.
        if !self.has(diagnosis) {
            self.diagnoses.push(ReportFinding {
                diagnosis,
                what: what.into(),
                todo: todo.into(),
            });
        }
    }

    /// Like [`diagnose`](Self::diagnose), unless a certificate or a redirect is the cause.
    pub(super) fn diagnose_unless_explained(
        &mut self,
        diagnosis: Diagnosis,
        what: impl Into<String>,
        todo: impl Into<String>,
    ) {
        if !self.has(Diagnosis::Tls) && !self.has(Diagnosis::RedirectRefused) {
            self.diagnose(diagnosis, what, todo);
        }
    }

    /// Returns whether this host's certificate has not been reported before.
    pub(super) fn is_first(&mut self, url: &Url) -> bool {
        self.hosts.insert(url.authority().to_owned())
    }

    pub(super) fn has(&self, diagnosis: Diagnosis) -> bool {
        self.diagnoses.iter().any(|it| it.diagnosis == diagnosis)
    }

    pub(super) fn is_good(&self) -> bool {
        self.diagnoses.is_empty() && !self.steps.iter().any(|it| it.outcome == Outcome::Bad)
    }
}

impl Diagnosis {
    fn name(self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|it| it.as_str().map(str::to_owned))
            .unwrap_or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            let sign = match step.outcome {
                Outcome::Good => "✓",
                Outcome::Bad => "✗",
                Outcome::Note => "·",
                Outcome::NotReached => " ",
            };
            write!(f, "{sign} {}", step.name)?;
            if let Some(detail) = &step.detail {
                write!(f, ": {detail}")?;
            }
            writeln!(f)?;
        }
        if self.is_good() {
            return writeln!(f, "\nNothing is wrong.");
        }
        for finding in &self.diagnoses {
            writeln!(f, "\n{}: {}", finding.diagnosis.name(), finding.what)?;
            writeln!(f, "  what to do: {}", finding.todo)?;
        }
        Ok(())
    }
}
