//! What the Rust runners share, whatever library they host.
//!
//! A runner implements [`library::Documents`] for its library and hands it to [`cli::main`]. [`protocol`] is the loop over
//! standard input and output, [`session`] the documents and slots of one session, [`step`] the shapes of what is asked,
//! [`values`] the typed JSON of values and states, [`wrap`] numbers that fit every document. [`standalone`] plays all peers of vector files by itself and judges
//! them by [`compare`].

pub mod cli;
pub mod compare;
pub mod fault;
pub mod library;
pub mod protocol;
pub mod session;
pub mod slots;
pub mod standalone;
pub mod step;
pub mod suite;
pub mod values;
pub mod wrap;
