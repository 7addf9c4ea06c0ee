//! Access-token authorization for warp.
