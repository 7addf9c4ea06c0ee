use poem::{Request, http::Uri, web::RemoteAddr};

/// Returns the target that the client sent; `None` for a request that was built in the process, as by poem's
/// `TestClient`, whose original target is always `/` and whose remote address is empty.
pub(crate) fn original_uri(request: &Request) -> Option<&Uri> {
    let original = request.original_uri();
    let is_sent = original != "/" || *request.remote_addr() != RemoteAddr::default();
    is_sent.then_some(original)
}
