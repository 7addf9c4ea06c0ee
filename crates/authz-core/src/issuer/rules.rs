/// How a token proves that it is meant for this API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AudienceRule {
    /// `aud` must contain one of the audiences.
    Audience,
    /// A token without `aud` must be from a listed client.
    Client,
    /// A token without `aud` must have the required claims.
    Claim,
}

/// A rule about a claim of an access token for this API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClaimRule {
    /// The claim must have this string as its value.
    Equals(String, String),
    /// The claim must have this string as its value, or be absent.
    EqualsIfPresent(String, String),
    /// At least one of the claims must be present.
    OneOf(Vec<String>),
    /// The claim must be absent.
    Absent(String),
}

/// The accepted values of the header's `typ` (RFC 8725 section 3.11).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TokenTypes {
    /// `at+jwt`, `application/at+jwt`, `JWT` or no `typ`, as issuers send in practice.
    #[default]
    Lenient,
    /// Only `at+jwt` or `application/at+jwt` (RFC 9068 section 4).
    AccessTokenOnly,
    /// Only these values, ignoring case.
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

    /// Returns `false` if a name or value is empty, for example because a variable is not set.
    pub(super) fn is_complete(&self) -> bool {
        match self {
            Self::Equals(name, value) | Self::EqualsIfPresent(name, value) => {
                !name.is_empty() && !value.is_empty()
            }
            Self::OneOf(names) => !names.is_empty() && !names.iter().any(String::is_empty),
            Self::Absent(name) => !name.is_empty(),
        }
    }
}
