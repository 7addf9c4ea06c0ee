use serde_json::{Map, Value};

/// The subject of an event: `sub_id` (RFC 9493, Shared Signals Framework section 3).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubjectId {
    /// `iss_sub`: a user by issuer and `sub`, as in access tokens.
    IssSub {
        /// `iss`.
        issuer: String,
        /// `sub`.
        subject: String,
    },
    /// `jwt_id`: one token.
    JwtId {
        /// `iss`.
        issuer: String,
        /// `jti`.
        token_id: String,
    },
    /// `opaque`: an identifier that only the transmitter and the application know.
    Opaque(String),
    /// `email`: an address.
    Email(String),
    /// `complex`: several subjects that narrow each other down.
    Complex {
        /// `user`.
        user: Option<Box<Self>>,
        /// `session`.
        session: Option<Box<Self>>,
        /// Whether there are further members, such as `device` or `tenant`.
        has_more: bool,
    },
    /// Another format, by its name.
    Other(String),
}

/// The tokens that an event revokes, if they were issued before it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevokedTokens {
    /// One token, whenever it was issued.
    Token {
        /// `iss`.
        issuer: String,
        /// `jti`.
        token_id: String,
    },
    /// All tokens of a subject.
    Subject {
        /// `iss`.
        issuer: String,
        /// `sub`.
        subject: String,
    },
    /// All tokens of a session.
    Session {
        /// `iss`.
        issuer: String,
        /// `sid`.
        session: String,
    },
    /// All tokens of a client.
    Client {
        /// `iss`.
        issuer: String,
        /// `client_id`, or else `azp`.
        client: String,
    },
}

impl SubjectId {
    /// Parses `sub_id`. Returns `None` if it is malformed.
    pub(super) fn parse(value: &Value) -> Option<Self> {
        let members = value.as_object()?;
        let text = |name: &str| members.get(name)?.as_str().map(str::to_owned);
        Some(match &*text("format")? {
            "iss_sub" => Self::IssSub {
                issuer: text("iss")?,
                subject: text("sub")?,
            },
            "jwt_id" => Self::JwtId {
                issuer: text("iss")?,
                token_id: text("jti")?,
            },
            "opaque" => Self::Opaque(text("id")?),
            "email" => Self::Email(text("email")?),
            "complex" => Self::parse_complex(members)?,
            other => Self::Other(other.to_owned()),
        })
    }

    fn parse_complex(members: &Map<String, Value>) -> Option<Self> {
        let part = |name: &str| match members.get(name) {
            Some(part) => {
                let part = Self::parse(part)?;
                // The format does not nest.
                (!matches!(part, Self::Complex { .. })).then(|| Some(Box::new(part)))
            }
            None => Some(None),
        };
        Some(Self::Complex {
            user: part("user")?,
            session: part("session")?,
            has_more: (members.keys()).any(|it| !matches!(&**it, "format" | "user" | "session")),
        })
    }

    /// Returns the format, for the log.
    pub(super) fn format(&self) -> &str {
        match self {
            Self::IssSub { .. } => "iss_sub",
            Self::JwtId { .. } => "jwt_id",
            Self::Opaque(_) => "opaque",
            Self::Email(_) => "email",
            Self::Complex { .. } => "complex",
            Self::Other(format) => format,
        }
    }
}
