//! The protocol, spoken with a real binary.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{json, Value};

/// A runner that is spoken to.
pub struct Runner {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    seq: u64,
}

impl Runner {
    /// Starts the binary at `program`.
    pub fn start(program: &str) -> Self {
        let mut child =
            Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the runner starts");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("its output is piped"));
        Self { child, input, output, seq: 0 }
    }

    /// The line that answers a request.
    pub fn ask_text(&mut self, mut request: Value) -> String {
        self.seq += 1;
        request["seq"] = self.seq.into();
        writeln!(self.input.as_ref().expect("it is open"), "{request}").expect("the runner reads");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the runner answers in UTF-8");
        line
    }

    /// The answer to a request.
    pub fn ask(&mut self, request: Value) -> Value {
        let line = self.ask_text(request);
        let answer: Value = serde_json::from_str(&line).expect("a line is JSON");
        assert_eq!(answer["seq"], self.seq);
        answer
    }

    /// The answers of one session of a single text peer `a` that ends with the request.
    pub fn play(&mut self, steps: Value) -> Value {
        let session = json!({
            "session": 1, "roots": {"t": "text"}, "peers": {"a": {"client": 1}}, "steps": steps, "end": true
        });
        self.ask(json!({"run": [session]}))["run"][0]["answers"].take()
    }

    /// Ends the input; the runner must end well.
    pub fn finish(mut self) {
        drop(self.input.take());
        assert!(self.child.wait().expect("the runner ends").success());
    }
}
