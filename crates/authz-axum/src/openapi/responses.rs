//! The responses to rejected requests.

use utoipa::openapi::{
    Components, ContentBuilder, Header, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Type,
    path::Operation,
};

const UNAUTHORIZED: &str = "Unauthorized";
const FORBIDDEN: &str = "Forbidden";
const KEYS_UNAVAILABLE: &str = "KeysUnavailable";
const REJECTION: &str = "Rejection";

/// Refers to the responses, unless the operation has its own for the same status.
pub(super) fn add_to(operation: &mut Operation, may_be_forbidden: bool) {
    let forbidden = may_be_forbidden.then_some(("403", FORBIDDEN));
    let all = [("401", UNAUTHORIZED), ("503", KEYS_UNAVAILABLE)];
    for (status, name) in all.into_iter().chain(forbidden) {
        let responses = &mut operation.responses.responses;
        (responses.entry(status.to_owned()))
            .or_insert_with(|| Ref::from_response_name(name).into());
    }
}

/// Defines what [`add_to`] refers to. Definitions of the application stay.
pub(super) fn define(components: &mut Components, problem_details: bool) {
    let mut body = ObjectBuilder::new();
    let (content_type, members) = match problem_details {
        true => (
            "application/problem+json",
            &["type", "title", "status", "detail", "error"][..],
        ),
        false => ("application/json", &["error", "error_description"][..]),
    };
    for member in members {
        let member_type = if *member == "status" {
            Type::Integer
        } else {
            Type::String
        };
        let member_type = ObjectBuilder::new().schema_type(member_type);
        body = body.property(*member, member_type).required(*member);
    }
    (components.schemas.entry(REJECTION.to_owned())).or_insert_with(|| body.into());

    let respond = |description: &str, header: &str, about: &str, header_type| {
        let schema = Ref::from_schema_name(REJECTION);
        let mut field = Header::new(ObjectBuilder::new().schema_type(header_type));
        field.description = Some(about.to_owned());
        ResponseBuilder::new()
            .description(description)
            .header(header, field)
            .content(
                content_type,
                ContentBuilder::new().schema(Some(schema)).build(),
            )
            .build()
    };
    let challenge = |description| {
        let about = "The challenge (RFC 6750 section 3)";
        respond(description, "WWW-Authenticate", about, Type::String)
    };
    let unavailable = respond(
        "The issuer's keys are not available",
        "Retry-After",
        "Seconds until the next attempt",
        Type::Integer,
    );
    for (name, response) in [
        (UNAUTHORIZED, challenge("The token is missing or invalid")),
        (
            FORBIDDEN,
            challenge("The token does not satisfy the policy of this operation"),
        ),
        (KEYS_UNAVAILABLE, unavailable),
    ] {
        let response: RefOr<Response> = response.into();
        components
            .responses
            .entry(name.to_owned())
            .or_insert(response);
    }
}
