//! Access-token authorization for poem.
