//! Vectors played alone: all peers of a case are one library, and the result is compared with the expectation.

use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::Value;

use crate::compare::meets;
use crate::fault::{Fault, Reply};
use crate::library::Documents;
use crate::session::Session;
use crate::step::{Format, PeerOptions, RootKind, Step};
use crate::suite::{self, glob, Case, RELAY, RELAY_CLIENT};

/// What to play.
#[derive(Debug)]
pub struct Options {
    /// Suite files, and folders of them.
    pub paths: Vec<PathBuf>,
    /// Play only the cases whose ids match this glob.
    pub filter: Option<String>,
    /// Leave out the cases whose ids match one of these globs, such as those that end this process.
    pub skip: Vec<String>,
    /// The encodings of updates to play every case with.
    pub formats: Vec<Format>,
}

/// The result of one case with one encoding of updates.
#[derive(Debug)]
pub struct Played {
    /// The case's id.
    pub id: String,
    /// Who must pass it: `required`, `recommended` or `informational`.
    pub level: String,
    /// The encoding.
    pub format: Format,
    /// A line for each difference; empty when the case agrees.
    pub differences: Vec<String>,
    /// The feature that the case needs and the library lacks.
    pub unsupported: Option<String>,
    /// The last state that was read; null when none was.
    pub state: Value,
}

/// Plays the cases, and writes a line for each with its observed state. A difference follows on lines of their own.
///
/// # Errors
/// `InvalidInput` for a bad vector or a path without any, and those of writing.
pub fn run<D: Documents>(options: &Options, mut output: impl Write) -> io::Result<Vec<Played>> {
    let invalid = |message| io::Error::new(io::ErrorKind::InvalidInput, message);
    let mut cases = suite::load(&options.paths).map_err(invalid)?;
    cases.retain(|case| options.filter.as_deref().is_none_or(|filter| glob(filter, &case.id)));
    cases.retain(|case| !options.skip.iter().any(|skip| glob(skip, &case.id)));
    if cases.is_empty() {
        return Err(invalid("no case to play".into()));
    }
    let mut results = Vec::new();
    let mut tally = Tally::default();
    for case in &cases {
        let played = options.formats.iter().map(|format| play::<D>(case, *format)).collect::<Result<Vec<_>, _>>();
        let played = played.map_err(|error| invalid(format!("{}: {error}", case.id)))?;
        tally.report(&played, &mut output)?;
        // A stack overflow in the library ends the process; what was seen before it must be on the screen.
        output.flush()?;
        results.extend(played);
    }
    let Tally { passed, failed, unsupported } = tally;
    writeln!(output, "{} cases: {passed} passed, {failed} failed, {unsupported} unsupported", cases.len())?;
    Ok(results)
}

#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    unsupported: usize,
}

impl Tally {
    /// Counts a case, which was played once a format, and writes its line.
    fn report(&mut self, played: &[Played], output: &mut impl Write) -> io::Result<()> {
        let Some(first) = played.first() else { return Ok(()) };
        let unsupported = played.iter().find_map(|played| played.unsupported.as_ref());
        let (verdict, count) = if played.iter().any(|played| !played.differences.is_empty()) {
            ("FAIL", &mut self.failed)
        } else if unsupported.is_some() {
            ("unsupported", &mut self.unsupported)
        } else {
            ("pass", &mut self.passed)
        };
        *count += 1;
        match unsupported.filter(|_| verdict == "unsupported") {
            Some(feature) => writeln!(output, "{verdict} {} {feature}", first.id)?,
            None => writeln!(output, "{verdict} {} {}", first.id, first.state)?,
        }
        for Played { format, differences, .. } in played {
            for difference in differences {
                writeln!(output, "    {} {difference}", format.name())?;
            }
        }
        Ok(())
    }
}

/// Plays one case.
///
/// # Errors
/// A message for a step that is none.
pub fn play<D: Documents>(case: &Case, format: Format) -> Result<Played, String> {
    let mut played = Played {
        id: case.id.clone(),
        level: case.level.clone(),
        format,
        differences: Vec::new(),
        unsupported: None,
        state: Value::Null,
    };
    let lossy = D::library().lossy;
    let mut session = match begin::<D>(case) {
        Ok(session) => session,
        Err(fault) => {
            played.conclude(fault, "the session");
            return Ok(played);
        }
    };
    for demanded in case.program(format) {
        let step: Step = serde_json::from_value(demanded.step).map_err(|error| error.to_string())?;
        let answer = session.step(&step);
        if let (true, Ok(state)) = (step.op == "state", &answer) {
            played.state = state.clone();
        }
        let label = step.slot.as_deref().map_or_else(|| step.op.clone(), |slot| format!("{} as {slot}", step.op));
        let met = match demanded.alternatives.as_slice() {
            [] => answer.is_ok(),
            alternatives => alternatives.iter().any(|alternative| meets(alternative, &answer, lossy)),
        };
        match answer {
            Err(fault) if fault.ends_session() => {
                if matches!(fault, Fault::Panic(_)) {
                    session.abandon();
                } else {
                    session.close();
                }
                played.conclude(fault, &label);
                return Ok(played);
            }
            answer if !met => played.differences.push(format!(
                "{label}: expected {}, observed {}",
                expected(&demanded.alternatives),
                Reply::from(answer)
            )),
            _ => {}
        }
    }
    session.close();
    Ok(played)
}

fn expected(alternatives: &[Value]) -> String {
    match alternatives {
        [] => "success".into(),
        alternatives => alternatives.iter().map(Value::to_string).collect::<Vec<_>>().join(" or "),
    }
}

impl Played {
    fn conclude(&mut self, fault: Fault, at: &str) {
        match fault {
            Fault::Unsupported(feature) => {
                self.unsupported = Some(feature);
                self.differences.clear();
            }
            fault => self.differences.push(format!("{at}: observed {}", Reply::from(Err(fault)))),
        }
    }
}

fn begin<D: Documents>(case: &Case) -> Result<Session<D>, Fault> {
    let roots = case.roots.iter().map(|(name, kind)| Ok((name.clone(), RootKind::parse(kind)?)));
    let relay = (RELAY.to_owned(), PeerOptions { client: RELAY_CLIENT, gc: true, declare: true });
    let peers: Vec<_> = case.peers.iter().cloned().chain([relay]).collect();
    let peers = peers.iter().map(|(name, options)| (name, options));
    Ok(Session::new(roots.collect::<Result<_, Fault>>()?, peers)?.wrapping(case.wrap))
}
