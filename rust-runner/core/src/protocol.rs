//! The runner protocol: a JSON object a line on standard input, an answer a line on standard output.

use std::collections::btree_map::Entry;
use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use cpu_time::ProcessTime;
use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{json, Value};

use crate::fault::{Fault, Reply};
use crate::library::Documents;
use crate::session::Session;
use crate::step::{deep_from_str, PeerOptions, RootKind, Step};

#[derive(Deserialize)]
struct Request<'a> {
    seq: u64,
    #[serde(borrow)]
    hello: Option<&'a RawValue>,
    #[serde(borrow)]
    run: Option<Vec<Run<'a>>>,
}

#[derive(Deserialize)]
struct Run<'a> {
    session: u64,
    /// The place of another one in the request, which says all the rest.
    like: Option<usize>,
    roots: Option<BTreeMap<String, String>>,
    peers: Option<BTreeMap<String, PeerOptions>>,
    #[serde(default)]
    wrap: bool,
    // Kept as text and read one by one: a malformed step must cost its own session only.
    #[serde(borrow, default)]
    steps: Vec<&'a RawValue>,
    #[serde(default)]
    end: bool,
}

#[derive(Serialize)]
struct Response {
    seq: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    hello: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<Vec<RunAnswer>>,
}

#[derive(Serialize)]
struct RunAnswer {
    session: u64,
    #[serde(serialize_with = "counted")]
    answers: Vec<Reply>,
}

/// Steps in a row that observed nothing are told as their number.
fn counted<S: Serializer>(answers: &[Reply], serializer: S) -> Result<S::Ok, S::Error> {
    let mut told = serializer.serialize_seq(None)?;
    for run in answers.chunk_by(|one, next| one.is_nothing() && next.is_nothing()) {
        match run {
            [answer] if !answer.is_nothing() => told.serialize_element(answer)?,
            nothing => told.serialize_element(&nothing.len())?,
        }
    }
    told.end()
}

/// The sessions that are open; `None` for one that ended early and is still named by requests.
pub struct Runner<D> {
    sessions: BTreeMap<u64, Option<Session<D>>>,
}

/// Answers the lines of `input` until it ends.
///
/// # Errors
/// Of reading and writing, and `InvalidData` for a line that is no request.
pub fn serve<D: Documents>(mut input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let mut runner = Runner::<D> { sessions: BTreeMap::new() };
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        let mut answer = runner.answer(&line)?;
        answer.push(b'\n');
        output.write_all(&answer)?;
        output.flush()?;
        line.clear();
    }
    Ok(())
}

/// The CPU time of request lines that are performed in this process: read beforehand, their answers not written.
///
/// # Errors
/// `InvalidData` for a line that is no request.
pub fn measure<D: Documents>(lines: &str) -> io::Result<Value> {
    let requests = lines.lines().map(serde_json::from_str).collect::<Result<Vec<Request>, _>>()?;
    let mut runner = Runner::<D> { sessions: BTreeMap::new() };
    let mut sessions = 0;
    let before = ProcessTime::now();
    for (session, run) in requests.iter().filter_map(|request| request.run.as_ref()).flat_map(|runs| whole(runs)) {
        runner.run(session, run);
        sessions += 1;
    }
    Ok(json!({"sessions": sessions, "seconds": before.elapsed().as_secs_f64()}))
}

impl<D: Documents> Runner<D> {
    /// The answer to one line, without the line's end.
    ///
    /// # Errors
    /// `InvalidData` for a line that is no request.
    pub fn answer(&mut self, line: &str) -> io::Result<Vec<u8>> {
        let Request { seq, hello, run } = serde_json::from_str(line)?;
        let answer = match (hello, run) {
            (Some(_), _) => Response { seq, hello: Some(self::hello::<D>()), run: None },
            (None, Some(runs)) => {
                let answers = whole(&runs).map(|(session, run)| self.run(session, run)).collect();
                Response { seq, hello: None, run: Some(answers) }
            }
            (None, None) => return Err(io::Error::new(io::ErrorKind::InvalidData, "neither hello nor run")),
        };
        Ok(serde_json::to_vec(&answer)?)
    }

    fn run(&mut self, session: u64, run: &Run) -> RunAnswer {
        let mut answers = Vec::with_capacity(run.steps.len());
        let slot = match self.sessions.entry(session) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(vacant) => match begin(run) {
                Ok(session) => vacant.insert(Some(session)),
                Err(fault) => {
                    answers.push(Err(fault).into());
                    vacant.insert(None)
                }
            },
        };
        if let Some(mut session) = slot.take() {
            *slot = match perform(&mut session, &run.steps, &mut answers) {
                Ending::Goes if run.end => {
                    session.close();
                    None
                }
                Ending::Goes => Some(session),
                Ending::Over => {
                    session.close();
                    None
                }
                Ending::Broken => {
                    session.abandon();
                    None
                }
            };
        }
        if run.end {
            self.sessions.remove(&session);
        }
        RunAnswer { session, answers }
    }
}

/// The sessions of a request, each with what is to be done.
fn whole<'a, 'b>(runs: &'a [Run<'b>]) -> impl Iterator<Item = (u64, &'a Run<'b>)> {
    runs.iter().map(|run| (run.session, run.like.and_then(|place| runs.get(place)).unwrap_or(run)))
}

enum Ending {
    Goes,
    Over,
    Broken,
}

fn begin<D: Documents>(run: &Run) -> Result<Session<D>, Fault> {
    let (Some(roots), Some(peers)) = (&run.roots, &run.peers) else {
        return Err(Fault::runner("a session begins with its roots and peers"));
    };
    let roots = roots.iter().map(|(name, kind)| Ok((name.clone(), RootKind::parse(kind)?)));
    Ok(Session::new(roots.collect::<Result<_, Fault>>()?, peers)?.wrapping(run.wrap))
}

fn perform<D: Documents>(session: &mut Session<D>, steps: &[&RawValue], answers: &mut Vec<Reply>) -> Ending {
    for raw in steps {
        let answer = match deep_from_str::<Step>(raw.get()) {
            Ok(step) => session.step(&step),
            Err(error) => Err(Fault::runner(format!("malformed step: {error}"))),
        };
        let ending = match &answer {
            Err(Fault::Panic(_)) => Ending::Broken,
            Err(fault) if fault.ends_session() => Ending::Over,
            _ => Ending::Goes,
        };
        answers.push(answer.into());
        if !matches!(ending, Ending::Goes) {
            return ending;
        }
    }
    Ending::Goes
}

/// What `hello` answers.
pub fn hello<D: Documents>() -> Value {
    let library = D::library();
    json!({
        "protocol": 1,
        "name": library.name,
        "version": library.version,
        "language": "rust",
        "runtime": library.runtime,
        "features": library.features,
        "lossy": library.lossy,
        "like": true,
    })
}
