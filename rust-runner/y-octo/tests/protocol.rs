//! The protocol, spoken with the real binary.

use conformance_runner_testing::process::Runner;
use serde_json::{json, Value};

fn start() -> Runner {
    Runner::start(env!("CARGO_BIN_EXE_y-octo-runner"))
}

fn insert(text: &str) -> Value {
    json!({"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": text})
}

fn state() -> Value {
    json!({"op": "state", "peer": "a"})
}

#[test]
fn hello_tells_the_library_and_what_it_can() {
    let mut runner = start();
    let hello = runner.ask(json!({"hello": {"protocol": 1}}))["hello"].take();
    assert_eq!(hello["name"], "y-octo");
    assert_eq!(hello["version"], "0.1.1");
    let features = hello["features"].as_array().expect("a list");
    assert!(features.contains(&json!("text.insert")));
    for missing in ["apply.v2", "xml.insert", "map.clear", "undo", "snapshot", "position", "observe", "diff"] {
        assert!(!features.contains(&json!(missing)), "{missing}");
    }
    runner.finish();
}

#[test]
fn what_the_library_lacks_is_unsupported() {
    let mut runner = start();
    let ask = |runner: &mut Runner, step: Value| runner.play(json!([step]))[0]["unsupported"].take();
    assert_eq!(ask(&mut runner, json!({"op": "encode", "peer": "a", "format": "v2"})), "encode.v2");
    assert_eq!(ask(&mut runner, json!({"op": "undo", "peer": "a"})), "undo");
    assert_eq!(ask(&mut runner, json!({"op": "no.such.op", "peer": "a"})), "no.such.op");
    let mut step = insert("x");
    step["origin"] = "me".into();
    assert_eq!(ask(&mut runner, step), "origin");
    runner.finish();
}

#[test]
fn a_local_op_emits_what_changed() {
    let mut runner = start();
    let mut first = insert("abc");
    first["as"] = "u".into();
    let delete = json!({"op": "text.delete", "peer": "a", "path": ["t"], "index": 0, "length": 1, "as": "d"});
    let nothing = json!({"op": "transact", "peer": "a", "steps": [], "as": "n"});
    let answers = runner.play(json!([first, delete, nothing, state()]));
    assert_eq!(answers[0]["ok"], "AQEBAAQBAXQDYWJjAA==");
    assert_eq!(answers[1]["ok"], "AAEBAQAB");
    assert_eq!(answers[2], 1);
    assert_eq!(answers[3], json!({"ok": {"t": {"$text": "bc"}}}));
    runner.finish();
}

#[test]
fn xml_that_another_wrote_is_read() {
    let mut runner = start();
    // Client 7: <p id="1">hi</p> in the fragment x.
    let update = "AQQHAAcBAXgDAXAoAAcAAmlkAXcBMQcABwAGBAAHAgJoaQA=";
    let session = json!({
        "session": 1, "roots": {"x": "xml"}, "peers": {"a": {"client": 1}}, "end": true,
        "steps": [{"op": "apply", "peer": "a", "update": {"base64": update}}, state()]
    });
    let answers = runner.ask(json!({"run": [session]}))["run"][0]["answers"].take();
    let paragraph = json!({"$element": "p", "attributes": {"id": "1"}, "children": [{"$xmltext": "hi"}]});
    assert_eq!(answers[1], json!({"ok": {"x": {"$fragment": [paragraph]}}}));
    runner.finish();
}

#[test]
fn a_panic_ends_its_session_and_the_next_one_runs() {
    let mut runner = start();
    let session = json!({
        "session": 1, "roots": {"m": "map"}, "peers": {"a": {"client": 1}}, "end": true,
        "steps": [
            // Four values under a key, of which the other side knows two.
            {"op": "apply", "peer": "a", "update": {"base64": "AQEHACgBAW0BawR9AX0CfQN9BAA="}},
            {"op": "encode", "peer": "a", "since": {"base64": "AQcC"}},
            {"op": "state", "peer": "a"}
        ]
    });
    let answers = runner.ask(json!({"run": [session]}))["run"][0]["answers"].take();
    assert_eq!(answers.as_array().map(Vec::len), Some(2), "{answers}");
    assert_eq!(answers[1]["error"]["kind"], "panic");
    assert_eq!(runner.play(json!([insert("x"), state()]))[1], json!({"ok": {"t": {"$text": "x"}}}));
    runner.finish();
}

#[test]
fn numbers_are_taken_modulo_what_there_is() {
    let mut runner = start();
    let delete = json!({"op": "text.delete", "peer": "a", "path": ["t"], "index": 7, "length": 9});
    let elsewhere = json!({"op": "text.delete", "peer": "a", "path": ["t", 3], "index": 0, "length": 1});
    let session = json!({
        "session": 1, "roots": {"t": "text"}, "peers": {"a": {"client": 1}}, "end": true, "wrap": true,
        "steps": [insert("abc"), delete, elsewhere, state()]
    });
    let answers = runner.ask(json!({"run": [session]}))["run"][0]["answers"].take();
    assert_eq!(answers, json!([3, {"ok": {"t": {"$text": "a"}}}]));
    runner.finish();
}

#[test]
fn requests_are_measured_in_the_process() {
    let requests = std::env::temp_dir().join(format!("y-octo-requests-{}", std::process::id()));
    let session = json!({"session": 1, "roots": {"t": "text"}, "peers": {"a": {"client": 1}}, "steps": [insert("x")], "end": true});
    std::fs::write(&requests, json!({"seq": 0, "run": [session]}).to_string()).expect("it is written");
    let output =
        std::process::Command::new(env!("CARGO_BIN_EXE_y-octo-runner")).arg("--measure").arg(&requests).output();
    std::fs::remove_file(&requests).expect("it is there");
    let told: Value = serde_json::from_slice(&output.expect("it runs").stdout).expect("it prints JSON");
    assert_eq!(told["sessions"], 1);
    assert!(told["seconds"].is_number());
}
