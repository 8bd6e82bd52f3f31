//! The command line: the runner protocol on standard input and output, or vectors played alone when paths are given.

use std::io;
use std::process::ExitCode;

use crate::library::Documents;
use crate::standalone::{self, Options};
use crate::step::Format;
use crate::{protocol, session};

const USAGE: &str = "\
usage: PROGRAM                      speak the runner protocol on standard input and output
       PROGRAM [options] PATH...    play the vectors in files or folders alone

options:
  --filter GLOB           only the cases whose ids match
  --skip GLOB             not these; may be repeated. A case of a stack overflow ends the process
  --format v1|v2|both     the encodings of updates to play with (default both)
  --measure REQUESTS      perform a file of request lines, print the CPU time
  --version               the version of the library
  --help                  this text";

/// What the binary `program` does with its arguments.
///
/// Everything runs on the thread that calls and its stack: a deeply nested document should overflow the stack here
/// exactly where it does in an application.
pub fn main<D: Documents>(program: &str) -> ExitCode {
    session::record_panics();
    match parse(std::env::args().skip(1)) {
        Ok(Command::Help) => print(&usage(program)),
        Ok(Command::Version) => print(D::library().version),
        Ok(Command::Serve) => exit(program, protocol::serve::<D>(io::stdin().lock(), io::stdout().lock()).map(|()| 0)),
        Ok(Command::Measure(file)) => exit(program, measure::<D>(&file)),
        Ok(Command::Play(options)) => {
            let output = io::BufWriter::new(io::stdout().lock());
            let played = standalone::run::<D>(&options, output);
            exit(program, played.map(|results| u8::from(results.iter().any(|played| !played.differences.is_empty()))))
        }
        Err(message) => {
            eprintln!("{program}: {message}\n{}", usage(program));
            ExitCode::from(2)
        }
    }
}

fn measure<D: Documents>(file: &str) -> io::Result<u8> {
    println!("{}", protocol::measure::<D>(&std::fs::read_to_string(file)?)?);
    Ok(0)
}

fn usage(program: &str) -> String {
    USAGE.replace("PROGRAM", program)
}

fn print(text: &str) -> ExitCode {
    println!("{text}");
    ExitCode::SUCCESS
}

fn exit(program: &str, result: io::Result<u8>) -> ExitCode {
    ExitCode::from(result.unwrap_or_else(|error| {
        eprintln!("{program}: {error}");
        2
    }))
}

enum Command {
    Serve,
    Play(Options),
    Help,
    Measure(String),
    Version,
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
            "--help" | "-h" => return Ok(Command::Help),
            "--version" => return Ok(Command::Version),
            "--measure" => return Ok(Command::Measure(value()?)),
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
