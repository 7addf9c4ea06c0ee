mod algorithm;

pub use algorithm::{Algorithm, KeyFamily, UnknownAlgorithm};
