//! A conformance runner for yrs: it performs the steps of vectors on yrs documents and says what it saw.
//!
//! [`protocol`] is the loop over standard input and output, [`session`] the documents and slots of one session,
//! [`document`] one of the documents, [`ops`] the local operations, [`values`] the typed JSON of values and states, [`compat`] what differs between releases
//! of yrs. [`standalone`] plays all peers of vector files by itself and judges them by [`compare`].

pub mod compare;
pub mod compat;
pub mod document;
pub mod events;
pub mod fault;
pub mod ops;
pub mod positions;
pub mod presence;
pub mod protocol;
pub mod session;
pub mod snapshots;
pub mod standalone;
pub mod step;
pub mod subdocs;
pub mod suite;
pub mod sync;
pub mod values;
pub mod wrap;
