use crate::untrusted::debug_as_display;

/// Why an adapter can't serve the metadata. `Debug` prints the message, because a `main` that returns
/// the error prints `Debug`.
///
/// ```
/// use authz_core::{MetadataError, MetadataErrorKind};
///
/// let error = MetadataError::unroutable("/.well-known/oauth-protected-resource//");
/// assert_eq!(error.kind(), MetadataErrorKind::Unroutable);
/// ```
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MetadataError {
    kind: MetadataErrorKind,
    message: String,
}

/// The kinds of [`MetadataError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MetadataErrorKind {
    /// The authorizer does not have a resource identifier.
    MissingResource,
    /// The framework's router does not accept a route for the document.
    Unroutable,
}

impl MetadataError {
    /// Creates an error: the authorizer does not have a resource identifier.
    #[must_use]
    pub fn missing_resource() -> Self {
        Self {
            kind: MetadataErrorKind::MissingResource,
            message: "no metadata to serve: name this API on the authorizer's builder, for example with `.resource(\"https://api.example\")`".to_owned(),
        }
    }

    /// Creates an error: the framework's router does not accept a route for the document at `path`.
    #[must_use]
    pub fn unroutable(path: &str) -> Self {
        Self {
            kind: MetadataErrorKind::Unroutable,
            message: format!(
                "the metadata can't be served at {path:?}: remove the application's own route there; choose a resource without `//` in its path"
            ),
        }
    }

    /// Returns the kind of error.
    #[must_use]
    pub const fn kind(&self) -> MetadataErrorKind {
        self.kind
    }
}

debug_as_display!(MetadataError);
