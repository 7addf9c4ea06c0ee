/// A scope known at compile time, for a requirement in a handler's signature.
/// [`required_scope!`](crate::required_scope) declares one.
pub trait RequiredScope: 'static {
    /// The name of the scope.
    const NAME: &'static str;
}

/// Declares a [`RequiredScope`].
///
/// ```
/// authz_core::required_scope!(pub ReadMessages = "read:messages");
/// ```
///
/// An invalid scope does not compile:
///
/// ```compile_fail
/// authz_core::required_scope!(pub ReadMessages = "read messages");
/// ```
#[macro_export]
macro_rules! required_scope {
    ($(#[$attribute:meta])* $visibility:vis $name:ident = $scope:literal $(;)?) => {
        $(#[$attribute])*
        #[doc = ::core::concat!("The scope `", $scope, "`.")]
        #[derive(Clone, Copy, Debug)]
        $visibility struct $name;

        impl $crate::RequiredScope for $name {
            const NAME: &'static str = $scope;
        }

        const _: () = ::core::assert!(
            $crate::Scope::is_valid($scope),
            ::core::concat!(
                ::core::stringify!($scope),
                " is not a scope: one or more visible ASCII characters, without spaces, double \
                 quotes and backslashes (RFC 6749 section 3.3)"
            )
        );
    };
}
