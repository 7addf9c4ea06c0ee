//! Requests and responses, as the servers of all frameworks have them.

use poem::{
    Body, Error, IntoResponse, Request, RequestBody, Response, Result,
    http::{HeaderMap, StatusCode},
    web,
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions,
    registry::{
        MetaMediaType, MetaRequest, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef,
        Registry,
    },
    types::Type as _,
};
use quickstart::NewMessage;
use serde::Serialize;

/// A response with JSON and this status.
pub(crate) struct PoemAnswer<const STATUS: u16 = 200>(pub(crate) Response);

/// Responds with JSON, without the `charset` of poem and poem-openapi: the media type does not define one (RFC 8259
/// section 11).
pub(crate) fn json<const STATUS: u16>(value: impl Serialize + Send) -> PoemAnswer<STATUS> {
    PoemAnswer(web::Json(value).with_content_type(JSON).into_response())
}

impl<const STATUS: u16> IntoResponse for PoemAnswer<STATUS> {
    fn into_response(mut self) -> Response {
        self.0
            .set_status(StatusCode::from_u16(STATUS).unwrap_or_default());
        self.0
    }
}

impl<const STATUS: u16> ApiResponse for PoemAnswer<STATUS> {
    fn meta() -> MetaResponses {
        let content = MetaMediaType {
            content_type: JSON,
            schema: MetaSchemaRef::Inline(Box::new(MetaSchema::ANY)),
        };
        let response = MetaResponse {
            description: "",
            status: Some(STATUS),
            status_range: None,
            content: vec![content],
            headers: Vec::new(),
        };
        MetaResponses {
            responses: vec![response],
        }
    }

    fn register(_: &mut Registry) {}
}

/// The message in a request's body. poem-openapi's own `Json` responds to other bodies in its own way.
pub(crate) struct MessageBody(pub(crate) NewMessage);

impl<'a> ApiExtractor<'a> for MessageBody {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        let schema = MetaSchema {
            properties: vec![("text", String::schema_ref())],
            required: vec!["text"],
            ..MetaSchema::new("object")
        };
        let content = MetaMediaType {
            content_type: JSON,
            schema: MetaSchemaRef::Inline(Box::new(schema)),
        };
        Some(MetaRequest {
            description: None,
            content: vec![content],
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        read(request.headers(), body.take()?).await.map(Self)
    }
}

/// Reads the message in the body of a request with these header fields.
pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<NewMessage> {
    let read = NewMessage::read(headers, body.into_bytes_stream()).await;
    read.map_err(|problem| Error::from_response(problem.into_response()))
}

pub(crate) const JSON: &str = "application/json";
