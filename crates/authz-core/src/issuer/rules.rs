/// What makes sure that a token is meant for this API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AudienceRule {
    /// `aud` has to contain one of the audiences.
    Audience,
    /// The issuer's tokens have no `aud`: the client has to be one of those listed.
    Client,
    /// The issuer's tokens have neither: a required claim has to have its value.
    Claim,
}

/// What a claim has to be, for a token to be an access token for this API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClaimRule {
    /// There, with this text as its value.
    Equals(String, String),
    /// This text, or not there.
    EqualsIfPresent(String, String),
    /// One of them there.
    OneOf(Vec<String>),
    /// Not there.
    Absent(String),
}

/// Which values of the header's `typ` are accepted (RFC 8725 section 3.11).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TokenTypes {
    /// `at+jwt`, `application/at+jwt`, `JWT` or none: what issuers send in practice.
    #[default]
    Lenient,
    /// `at+jwt` or `application/at+jwt` alone (RFC 9068 section 4).
    AccessTokenOnly,
    /// These alone, compared without regard to case.
    Only(Vec<String>),
}

impl ClaimRule {
    pub(super) fn names(&self) -> &[String] {
        match self {
            Self::Equals(name, _) | Self::EqualsIfPresent(name, _) | Self::Absent(name) => {
                std::slice::from_ref(name)
            }
            Self::OneOf(names) => names,
        }
    }

    /// An empty name or value is a variable that is not set.
    pub(super) fn can_be_meant(&self) -> bool {
        match self {
            Self::Equals(name, value) | Self::EqualsIfPresent(name, value) => {
                !name.is_empty() && !value.is_empty()
            }
            Self::OneOf(names) => !names.is_empty() && !names.iter().any(String::is_empty),
            Self::Absent(name) => !name.is_empty(),
        }
    }
}
