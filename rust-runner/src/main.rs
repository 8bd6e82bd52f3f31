//! `yrs-runner`: the runner protocol on standard input and output, or vectors played alone when paths are given.

use std::io;
use std::process::ExitCode;

use yrs_conformance_runner::{protocol, session};

fn main() -> ExitCode {
    session::record_panics();
    match protocol::serve(io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("yrs-runner: {error}");
            ExitCode::from(2)
        }
    }
}
