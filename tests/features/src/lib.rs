//! Cargo builds a dependency once, with the features that anybody in the build asks for. This
//! package asks for the ones that have broken other libraries; its test shows that ours works.
