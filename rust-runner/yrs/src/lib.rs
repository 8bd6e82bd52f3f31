//! A conformance runner for yrs: it performs the steps of vectors on yrs documents and says what it saw.
//!
//! [`session`] has the documents of one session, [`document`] one of the documents, [`ops`] the local operations, [`values`]
//! the typed JSON of values and states, [`compat`] what differs between releases of yrs. What does not depend on the
//! library is in `conformance_runner`.

pub use conformance_runner::{fault, step};

pub mod compat;
pub mod document;
pub mod events;
pub mod ops;
pub mod positions;
pub mod presence;
pub mod session;
pub mod snapshots;
pub mod subdocs;
pub mod sync;
pub mod values;
pub mod wrap;
