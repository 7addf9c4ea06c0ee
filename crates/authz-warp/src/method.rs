use warp::Filter;

/// Matches `GET` and `HEAD`: `warp::get()` matches `GET` alone, and a server has to serve both (RFC
/// 9110 section 9.1). The body of the answer to `HEAD` is not sent.
///
/// ```
/// use warp::Filter;
///
/// let route = warp::path!("messages").and(authz_warp::get_or_head()).map(|| "[]");
/// ```
#[must_use]
pub fn get_or_head() -> impl Filter<Extract = (), Error = warp::Rejection> + Copy {
    warp::get().or(warp::head()).unify()
}
