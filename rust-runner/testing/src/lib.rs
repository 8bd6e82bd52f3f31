//! What the tests of the Rust runners share.

pub mod divergences;
pub mod process;
