//! Models of the two pieces of `authz-core` that threads meet in, small enough for loom to try
//! every interleaving. They follow `jwks/remote/flight.rs` and `authorizer/verify.rs` step by step,
//! each step named after its function there: whoever changes the order of steps in one changes it
//! in the other.
