//! A conformance runner for y-octo: it performs the steps of vectors on its documents and says what it saw.
//!
//! [`session`] has the documents of one session, [`ops`] the local operations, [`values`] the typed JSON of values and
//! states, [`frozen`] the library's read-only view, [`presence`] awareness, [`sync`] its messages. What does not depend
//! on the library is in `conformance_runner`.

pub mod frozen;
pub mod ops;
pub mod presence;
pub mod session;
pub mod sync;
pub mod values;
pub mod wrap;
