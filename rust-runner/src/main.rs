//! `yrs-runner`: the runner protocol on standard input and output, or vectors played alone when paths are given.

use std::io;
use std::process::ExitCode;

use yrs_conformance_runner::standalone::{self, Options};
use yrs_conformance_runner::step::Format;
use yrs_conformance_runner::{protocol, session};

const USAGE: &str = "\
usage: yrs-runner                      speak the runner protocol on standard input and output
       yrs-runner [options] PATH...    play the vectors in files or folders alone

options:
  --filter GLOB           only the cases whose ids match
  --skip GLOB             not these; may be repeated. A case of a stack overflow ends the process
  --format v1|v2|both     the encodings of updates to play with (default both)
  --version               the version of yrs
  --help                  this text";

// Everything runs on the main thread and its stack: a deeply nested document should overflow the stack here exactly
// where it does in an application.
fn main() -> ExitCode {
    session::record_panics();
    match parse(std::env::args().skip(1)) {
        Ok(Command::Print(text)) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Ok(Command::Serve) => exit(protocol::serve(io::stdin().lock(), io::stdout().lock()).map(|()| 0)),
        Ok(Command::Play(options)) => {
            let output = io::BufWriter::new(io::stdout().lock());
            let played = standalone::run(&options, output);
            exit(played.map(|results| u8::from(results.iter().any(|played| !played.differences.is_empty()))))
        }
        Err(message) => {
            eprintln!("yrs-runner: {message}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn exit(result: io::Result<u8>) -> ExitCode {
    ExitCode::from(result.unwrap_or_else(|error| {
        eprintln!("yrs-runner: {error}");
        2
    }))
}

enum Command {
    Serve,
    Play(Options),
    Print(String),
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut options =
        Options { paths: Vec::new(), filter: None, skip: Vec::new(), formats: vec![Format::V1, Format::V2] };
    let mut narrowed = false;
    while let Some(argument) = arguments.next() {
        let (name, inline) = match argument.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
            _ => (argument.as_str(), None),
        };
        let mut value = || inline.clone().or_else(|| arguments.next()).ok_or(format!("{name} needs a value"));
        match name {
            "--help" | "-h" => return Ok(Command::Print(USAGE.into())),
            "--version" => return Ok(Command::Print(env!("YRS_VERSION").into())),
            "--filter" => options.filter = Some(value()?),
            "--skip" => options.skip.push(value()?),
            "--format" => {
                options.formats = match value()?.as_str() {
                    "v1" => vec![Format::V1],
                    "v2" => vec![Format::V2],
                    "both" => vec![Format::V1, Format::V2],
                    other => return Err(format!("no format {other:?}")),
                }
            }
            _ if name.starts_with('-') => return Err(format!("no option {name}")),
            _ => {
                options.paths.push(argument.into());
                continue;
            }
        }
        narrowed = true;
    }
    match (options.paths.is_empty(), narrowed) {
        (false, _) => Ok(Command::Play(options)),
        (true, true) => Err("which vectors? no path is given".into()),
        (true, false) => Ok(Command::Serve),
    }
}
