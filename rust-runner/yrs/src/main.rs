//! `yrs-runner`: the runner protocol on standard input and output, or vectors played alone when paths are given.

use std::process::ExitCode;

use yrs_conformance_runner::session::Peers;

fn main() -> ExitCode {
    conformance_runner::cli::main::<Peers>("yrs-runner")
}
