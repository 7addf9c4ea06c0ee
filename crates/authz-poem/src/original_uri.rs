use poem::{Request, http::Uri, web::RemoteAddr};

/// The target that the client sent. Requests that were made by hand, as poem's `TestClient` does, have `/`
/// for it and nobody who sent them: then the one that is served is all there is.
pub(crate) fn original_uri(request: &Request) -> Option<&Uri> {
    let original = request.original_uri();
    let is_sent = original != "/" || *request.remote_addr() != RemoteAddr::default();
    is_sent.then_some(original)
}
