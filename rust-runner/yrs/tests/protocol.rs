//! The protocol, spoken with the real binary.

use std::process::Command;

use conformance_runner_testing::process::Runner;
use serde_json::{json, Value};

fn start() -> Runner {
    Runner::start(env!("CARGO_BIN_EXE_yrs-runner"))
}

fn insert(text: &str) -> Value {
    json!({"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": text})
}

fn state() -> Value {
    json!({"op": "state", "peer": "a", "as": "s"})
}

#[test]
fn hello_names_the_linked_yrs() {
    let mut runner = start();
    let hello = runner.ask(json!({"hello": {"protocol": 1}}))["hello"].take();
    assert_eq!(hello["name"], "yrs");
    let version = hello["version"].as_str().expect("it is a string");
    assert!(version.starts_with(|first: char| first.is_ascii_digit()), "{version}");
    let features: Vec<_> = hello["features"].as_array().expect("it is a list").iter().collect();
    for wanted in ["text.insert", "apply.v2", "emit", "root.xml"] {
        assert!(features.iter().any(|feature| *feature == wanted), "{wanted}");
    }
    runner.finish();
}

#[test]
fn a_session_is_like_another_one_of_its_request() {
    let mut runner = start();
    let first = json!({
        "session": 1, "roots": {"t": "text"}, "peers": {"a": {"client": 1}}, "steps": [insert("hi")]
    });
    runner.ask(json!({"run": [first, {"session": 2, "like": 0}]}));
    let answer = runner.ask(json!({"run": [
        {"session": 1, "steps": [insert("oh "), state()], "end": true},
        {"session": 2, "steps": [state()], "end": true},
        {"session": 3, "like": 9},
    ]}));
    assert_eq!(answer["run"][0]["answers"], json!([1, {"ok": {"t": {"$text": "oh hi"}}}]));
    assert_eq!(answer["run"][1], json!({"session": 2, "answers": [{"ok": {"t": {"$text": "hi"}}}]}));
    assert_eq!(answer["run"][2]["answers"][0]["error"]["kind"], "runner");
    runner.finish();
}

#[test]
fn a_batch_answers_every_session() {
    let mut runner = start();
    let session = |number: u64| {
        json!({
            "session": number, "roots": {"t": "text"}, "peers": {"a": {"client": number}},
            "steps": [insert("hi"), state()], "end": true
        })
    };
    let answer = runner.ask(json!({"run": (1..=50).map(session).collect::<Vec<_>>()}));
    let runs = answer["run"].as_array().expect("it is a list");
    assert_eq!(runs.len(), 50);
    for (number, run) in (1..).zip(runs) {
        assert_eq!(*run, json!({"session": number, "answers": [1, {"ok": {"t": {"$text": "hi"}}}]}));
    }
    runner.finish();
}

#[test]
fn an_unknown_op_is_unsupported_and_ends_the_session() {
    let mut runner = start();
    assert_eq!(runner.play(json!([{"op": "text.sing", "peer": "a"}, state()])), json!([{"unsupported": "text.sing"}]));
    runner.finish();
}

#[test]
fn an_unfilled_slot_is_an_error_and_the_session_goes_on() {
    let mut runner = start();
    let answers = runner.play(json!([{"op": "apply", "peer": "a", "update": "u"}, state()]));
    assert_eq!(answers[0]["error"]["kind"], "slot");
    assert_eq!(answers[1], json!({"ok": {"t": {"$text": ""}}}));
    runner.finish();
}

#[test]
fn a_malformed_update_is_refused_in_both_formats() {
    let mut runner = start();
    for format in ["v1", "v2"] {
        let apply = json!({"op": "apply", "peer": "a", "update": {"base64": "AQE="}, "format": format});
        assert_eq!(runner.play(json!([apply, state()]))[0]["error"]["kind"], "refused");
    }
    runner.finish();
}

#[test]
fn a_malformed_step_costs_its_own_session_only() {
    let mut runner = start();
    let answers = runner.play(json!([{"op": "text.insert", "peer": "a", "path": ["t"], "index": -1}, state()]));
    assert_eq!(answers.as_array().map(Vec::len), Some(1));
    assert_eq!(answers[0]["error"]["kind"], "runner");
    assert_eq!(runner.play(json!([state()])), json!([{"ok": {"t": {"$text": ""}}}]));
    runner.finish();
}

#[test]
fn a_panic_ends_its_session_and_the_next_one_runs() {
    let mut runner = start();
    let beyond = json!({"op": "text.delete", "peer": "a", "path": ["t"], "index": 5, "length": 2});
    let out_of_range = json!({"op": "array.delete", "peer": "a", "path": ["l"], "index": 5, "length": 2});
    let session = json!({
        "session": 1, "roots": {"t": "text", "l": "array"}, "peers": {"a": {"client": 1}},
        "steps": [out_of_range, beyond, state()], "end": true
    });
    let answers = runner.ask(json!({"run": [session]}))["run"][0]["answers"].take();
    assert_eq!(answers.as_array().map(Vec::len), Some(1), "{answers}");
    assert_eq!(answers[0]["error"]["kind"], "panic");
    assert_eq!(runner.play(json!([insert("x"), state()]))[1], json!({"ok": {"t": {"$text": "x"}}}));
    runner.finish();
}

#[test]
fn a_session_lives_over_two_requests() {
    let mut runner = start();
    let begin = json!({
        "session": 9, "roots": {"t": "text"}, "peers": {"a": {"client": 1}},
        "steps": [{"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "hi", "as": "u"}]
    });
    assert!(runner.ask(json!({"run": [begin]}))["run"][0]["answers"][0]["ok"].is_string());
    let rest = json!({"session": 9, "steps": [{"op": "apply", "peer": "a", "update": "u"}, state()], "end": true});
    let answer = runner.ask(json!({"run": [rest.clone()]}));
    assert_eq!(answer["run"][0]["answers"], json!([1, {"ok": {"t": {"$text": "hi"}}}]));
    let again = runner.ask(json!({"run": [rest]}));
    assert_eq!(again["run"][0]["answers"][0]["error"]["kind"], "runner");
    runner.finish();
}

#[test]
fn steps_in_a_row_that_observe_nothing_are_told_as_their_number() {
    let answers = start().play(json!([insert("x"), insert("y"), state(), insert("z")]));
    assert_eq!(answers, json!([2, {"ok": {"t": {"$text": "yx"}}}, 1]));
}

#[test]
fn requests_of_a_session_that_ended_early_have_no_answers() {
    let mut runner = start();
    let begin = json!({
        "session": 3, "roots": {}, "peers": {"a": {"client": 1}}, "steps": [{"op": "nothing", "peer": "a"}]
    });
    runner.ask(json!({"run": [begin]}));
    let answer = runner.ask(json!({"run": [{"session": 3, "steps": [state()], "end": true}]}));
    assert_eq!(answer["run"], json!([{"session": 3, "answers": []}]));
    runner.finish();
}

#[test]
fn a_local_op_emits_its_update_and_null_when_nothing_changed() {
    let mut runner = start();
    let answers = runner.play(json!([
        {"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "abc", "as": "u"},
        {"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "", "as": "none"},
        {"op": "transact", "peer": "a", "as": "d", "steps": [
            {"op": "text.delete", "peer": "a", "path": ["t"], "index": 0, "length": 1},
            {"op": "text.delete", "peer": "a", "path": ["t"], "index": 0, "length": 1}
        ]},
        state()
    ]));
    assert_eq!(answers[0]["ok"], "AQEBAAQBAXQDYWJjAA==");
    assert_eq!(answers[1], json!(1));
    assert_eq!(answers[2]["ok"], "AAEBAQAC");
    assert_eq!(answers[3], json!({"ok": {"t": {"$text": "c"}}}));
    runner.finish();
}

#[test]
fn a_line_of_several_megabytes_passes() {
    let mut runner = start();
    let text = "long \u{1f389} ".repeat(400_000);
    let answers = runner.play(json!([insert(&text), state()]));
    assert_eq!(answers[1]["ok"]["t"]["$text"], text);
    runner.finish();
}

#[test]
fn a_value_of_a_thousand_levels_passes() {
    let mut runner = start();
    let value = (0..1000).fold(json!(1), |inner, _| json!([inner]));
    let session = json!({
        "session": 1, "roots": {"m": "map"}, "peers": {"a": {"client": 1}}, "end": true,
        "steps": [{"op": "map.set", "peer": "a", "path": ["m"], "key": "k", "value": value}, state()]
    });
    let line = runner.ask_text(json!({"run": [session]}));
    assert!(line.contains(&format!("{}1{}", "[".repeat(1000), "]".repeat(1000))), "{line}");
    runner.finish();
}

#[test]
fn bad_usage_exits_with_2() {
    for arguments in [&["--format", "v3", "x"][..], &["--nonsense"], &["no/such/folder"], &["--filter", "*"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_yrs-runner")).args(arguments).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}
