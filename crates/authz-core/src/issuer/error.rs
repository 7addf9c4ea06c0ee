use std::{fmt, time::Duration};

use crate::{
    jwks::{KeyCandidates, RemoteJwksError},
    policy::{BadImplication, InvalidClaimPath, InvalidScope},
    untrusted::Excerpt,
};

/// Why an [`Authorizer`](crate::Authorizer) can't be built.
///
/// `Debug` shows the same message as `Display`: it is what a `main` that returns the error prints.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No issuer was given.
    #[error(
        "no issuer is configured: give the `iss` of the tokens to accept, as with `.issuer(Issuer::new(\"https://login.example\"))`"
    )]
    MissingIssuer,
    /// No audience was given.
    #[error(
        "issuer {issuer:?} has no audience: give the identifier of this API, as with `.audience(\"https://api.example\")`, or for all issuers of access tokens with `.resource(\"https://api.example\")` on the builder; without one, tokens meant for other APIs would be accepted"
    )]
    MissingAudience {
        /// The issuer.
        issuer: String,
    },
    /// Clients are to take the place of the audience, and none is listed.
    #[error(
        "issuer {issuer:?} has no audience, and no clients that take its place: list them with `.clients([..])`"
    )]
    MissingClients {
        /// The issuer.
        issuer: String,
    },
    /// A profile, as [`Issuer::auth0`](crate::Issuer::auth0), was called with arguments that it can't work with.
    #[error("{call}: {problem}; write {instead}")]
    InvalidProfile {
        /// The call as it was written.
        call: String,
        /// What is wrong with it.
        problem: &'static str,
        /// A call that works.
        instead: String,
    },
    /// A rule about a claim has an empty name or value, or names no claim.
    #[error(
        "issuer {issuer:?} has a rule about a claim with an empty name or value: give both, as with `.required_claim(\"token_use\", \"access\")`"
    )]
    EmptyClaimRule {
        /// The issuer.
        issuer: String,
    },
    /// An audience is the empty string.
    #[error("issuer {issuer:?} has an empty audience")]
    EmptyAudience {
        /// The issuer.
        issuer: String,
    },
    /// The list of algorithms is empty.
    #[error("issuer {issuer:?} has an empty list of algorithms: no token could be accepted")]
    NoAlgorithms {
        /// The issuer.
        issuer: String,
    },
    /// Two issuers have the same identifier.
    #[error("issuer {issuer:?} is configured twice")]
    DuplicateIssuer {
        /// The issuer.
        issuer: String,
    },
    /// Not the ARN of an Application Load Balancer.
    #[error(
        "{} is not the ARN of an Application Load Balancer: give the issuer of its users, its ARN and its client, as with `Issuer::aws_alb(\"https://login.example\", \"arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/my-api/50dc6c495c0c9188\", \"client-id\")`",
        Excerpt(given)
    )]
    InvalidLoadBalancer {
        /// What was given in its place.
        given: String,
    },
    /// A load balancer in a part of AWS whose key addresses are not known here.
    #[error(
        "the address of the public keys of load balancer {} is not known: give it, without the `kid` at its end, with `.jwks_uri(\"https://..\")`",
        Excerpt(signer)
    )]
    LoadBalancerKeys {
        /// The load balancer's ARN.
        signer: String,
    },
    /// A pattern for tenants that has not exactly one open place.
    #[error(
        "{pattern:?} is no pattern for tenants: one whole label of the host, with a domain after it, or segment of the path has to be in braces, as in \"https://login.example/{{tenant}}/v2.0\""
    )]
    InvalidTenantPattern {
        /// The pattern.
        pattern: String,
    },
    /// A duration longer than a hundred years.
    #[error("{setting} is {value:?}: at most 100 years are accepted")]
    DurationTooLong {
        /// The setting: the name of the builder's method.
        setting: &'static str,
        /// What was given.
        value: Duration,
    },
    /// The limit of keys tried for one token is zero, or too high.
    #[error(
        "issuer {issuer:?}: key_candidates is {given}; between 1 and {} keys can be tried for a token",
        KeyCandidates::MAX
    )]
    InvalidKeyCandidates {
        /// The issuer.
        issuer: String,
        /// What was given.
        given: usize,
    },
    /// One key set address for all tenants: each would sign for the others.
    #[error(
        "tenants share one key set address: the keys of one would verify the tokens of another; leave it out, so that each tenant's own keys are found by discovery"
    )]
    SharedTenantKeys,
    /// The keys can't be fetched that way.
    #[error("the keys of issuer {issuer:?} can't be fetched: {source}")]
    Keys {
        /// The issuer.
        issuer: String,
        /// Why.
        source: RemoteJwksError,
    },
    /// A claim that roles or groups are to be read from can't be one.
    #[error("the roles or groups of issuer {issuer:?}: {source}")]
    InvalidClaimPath {
        /// The issuer.
        issuer: String,
        /// Why.
        source: InvalidClaimPath,
    },
    /// A scope in an implication is not a valid scope.
    #[error("what scopes imply: {source}")]
    InvalidImplication {
        /// Why.
        source: InvalidScope,
    },
    /// Scopes imply each other in a circle: they would all be the same.
    #[error("scopes imply each other in a circle: {}", cycle.join(" implies "))]
    CircularImplication {
        /// Each implies the next; the last is the first again.
        cycle: Vec<String>,
    },
    /// The resource identifier isn't an absolute https URL without fragment (RFC 9728 section 1.2). Plain
    /// http is for this machine's own addresses.
    #[error(
        "the resource identifier {resource:?} is not an absolute https URL without fragment and user (RFC 9728 section 1.2): give the address that clients use, as with `.resource(\"https://api.example\")`; plain http is for loopback addresses only"
    )]
    InvalidResource {
        /// What was given.
        resource: String,
    },
    /// A member of the resource's metadata can't be published.
    #[error(
        "member {} of the resource's metadata is {}: {problem}",
        Excerpt(member),
        Excerpt(value)
    )]
    InvalidMetadata {
        /// The member's name.
        member: String,
        /// Its value, as JSON.
        value: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<BadImplication> for BuildError {
    fn from(bad: BadImplication) -> Self {
        match bad {
            BadImplication::Invalid(source) => Self::InvalidImplication { source },
            BadImplication::Cycle(cycle) => Self::CircularImplication { cycle },
        }
    }
}

/// No setting is so long that a time can't be reckoned with it.
pub(crate) fn check_duration(setting: &'static str, value: Duration) -> Result<(), BuildError> {
    const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    if value > LONGEST {
        return Err(BuildError::DurationTooLong { setting, value });
    }
    Ok(())
}
