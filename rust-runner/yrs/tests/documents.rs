//! What a session does beside writing and exchanging updates, each as an example on the real library.

use serde_json::{json, Map, Value};
use yrs_conformance_runner::fault::{Answer, Fault};
use yrs_conformance_runner::session::Session;
use yrs_conformance_runner::step::{PeerOptions, RootKind, Roots, Step};

/// Two peers, `a` (client 1, without garbage collection) and `b` (client 2), with a root of every kind.
fn session() -> Session {
    let roots = [("t", "text"), ("l", "array"), ("m", "map"), ("x", "xml")];
    let roots: Roots =
        roots.iter().map(|(name, kind)| ((*name).into(), RootKind::parse(kind).expect("it is known"))).collect();
    let peers = [
        ("a".to_owned(), PeerOptions { client: 1, gc: false, declare: true }),
        ("b".to_owned(), PeerOptions { client: 2, gc: true, declare: true }),
    ];
    Session::new(roots, peers.iter().map(|(name, options)| (name, options))).expect("it begins")
}

/// Performs a step of `a`, unless it names another peer.
fn answer(session: &mut Session, mut step: Value) -> Answer {
    let keys = step.as_object_mut().expect("a step is an object");
    keys.entry("peer").or_insert_with(|| json!("a"));
    session.step(&serde_json::from_value::<Step>(step).expect("the step is well formed"))
}

fn done(session: &mut Session, step: Value) -> Value {
    let shown = step.to_string();
    answer(session, step).unwrap_or_else(|fault| panic!("{shown}: {fault:?}"))
}

fn write(session: &mut Session, text: &str, more: Value) {
    let mut step = json!({"op": "text.insert", "path": ["t"], "index": 0, "text": text});
    step.as_object_mut().expect("it is an object").extend(more.as_object().cloned().unwrap_or_default());
    done(session, step);
}

fn text(session: &mut Session, peer: &str) -> Value {
    done(session, json!({"op": "state", "peer": peer}))["t"]["$text"].take()
}

#[test]
fn a_delta_is_one_local_op() {
    let mut session = session();
    write(&mut session, "hello", json!({}));
    let delta = json!([{"retain": 1, "attributes": {"b": true}}, {"delete": 3}, {"insert": "!"}]);
    done(&mut session, json!({"op": "text.delta", "path": ["t"], "delta": delta}));
    let state = text(&mut session, "a");
    assert_eq!(state, json!([{"insert": "h", "attributes": {"b": true}}, {"insert": "!o"}]));
}

#[test]
fn a_cleared_map_is_empty() {
    let mut session = session();
    done(&mut session, json!({"op": "map.set", "path": ["m"], "key": "k", "value": 1}));
    done(&mut session, json!({"op": "map.clear", "path": ["m"]}));
    assert_eq!(done(&mut session, json!({"op": "state"}))["m"], json!({"$map": {}}));
}

#[test]
fn the_ops_after_a_refused_one_are_not_performed() {
    let mut session = session();
    let insert = |path: &str| json!({"op": "text.insert", "peer": "a", "path": [path], "index": 0, "text": "x"});
    let steps = json!([insert("t"), insert("m"), insert("t")]);
    assert!(matches!(answer(&mut session, json!({"op": "transact", "steps": steps})), Err(Fault::Refused(_))));
    assert_eq!(text(&mut session, "a"), "x");
}

/// A lack of a feature would end the session, and hide that the document is broken.
#[test]
fn a_type_of_no_kind_is_an_error_of_the_library() {
    let mut session = session();
    done(&mut session, json!({"op": "apply", "update": {"base64": "AQEBACcBAW0Baw8A"}}));
    let fault = Fault::refused("the library shows a type of no kind");
    assert_eq!(answer(&mut session, json!({"op": "state"})), Err(fault));
}

#[test]
fn a_snapshot_restores_what_was() {
    let mut session = session();
    write(&mut session, "old", json!({}));
    done(&mut session, json!({"op": "snapshot", "as": "then"}));
    done(&mut session, json!({"op": "text.delete", "path": ["t"], "index": 0, "length": 3}));
    write(&mut session, "new", json!({}));
    done(&mut session, json!({"op": "snapshot", "as": "now"}));
    assert_eq!(done(&mut session, json!({"op": "snapshot.equal", "snapshots": ["then", "now"]})), false);
    assert_eq!(done(&mut session, json!({"op": "snapshot.equal", "snapshots": ["now", "now"]})), true);
    done(&mut session, json!({"op": "snapshot.restore", "snapshot": "then", "as": "restored"}));
    done(&mut session, json!({"op": "apply", "peer": "b", "update": "restored"}));
    assert_eq!(text(&mut session, "b"), "old");
}

#[test]
fn a_document_that_collects_garbage_restores_no_snapshot() {
    let mut session = session();
    done(&mut session, json!({"op": "snapshot", "peer": "b", "as": "s"}));
    let restore = json!({"op": "snapshot.restore", "peer": "b", "snapshot": "s"});
    assert!(matches!(answer(&mut session, restore), Err(Fault::Refused(_))));
}

#[test]
fn a_position_moves_with_its_unit() {
    let mut session = session();
    write(&mut session, "abc", json!({}));
    done(&mut session, json!({"op": "position", "path": ["t"], "index": 1, "as": "p"}));
    done(&mut session, json!({"op": "position", "path": ["t"], "index": 1, "assoc": -1, "as": "left"}));
    write(&mut session, "xy", json!({}));
    assert_eq!(done(&mut session, json!({"op": "position.resolve", "position": "p"})), 3);
    assert_eq!(done(&mut session, json!({"op": "position.resolve", "position": "left"})), 3);
    assert_eq!(done(&mut session, json!({"op": "position.resolve", "peer": "b", "position": "p"})), Value::Null);
}

#[cfg(yrs_22)]
#[test]
fn a_position_passes_as_json() {
    let mut session = session();
    write(&mut session, "abc", json!({}));
    let made = done(&mut session, json!({"op": "position", "path": ["t"], "index": 1, "as": "p"}));
    let form = done(&mut session, json!({"op": "position.json", "position": "p"}));
    assert_eq!(form, json!({"item": {"client": 1, "clock": 1}, "assoc": 0}));
    assert_eq!(done(&mut session, json!({"op": "position.parse", "json": form})), made);
}

#[test]
fn an_undo_manager_tracks_its_origins() {
    let mut session = session();
    done(&mut session, json!({"op": "undo.track", "paths": [["t"]]}));
    done(&mut session, json!({"op": "undo.track", "paths": [["t"]], "origins": ["me"], "manager": "mine"}));
    write(&mut session, "1", json!({"origin": "me"}));
    write(&mut session, "2", json!({}));
    assert_eq!(done(&mut session, json!({"op": "undo", "manager": "mine"})), true);
    assert_eq!(text(&mut session, "a"), "2");
    assert_eq!(done(&mut session, json!({"op": "undo.can"})), json!([true, false]));
    done(&mut session, json!({"op": "undo.clear"}));
    assert_eq!(done(&mut session, json!({"op": "undo"})), false);
    assert_eq!(done(&mut session, json!({"op": "undo.can", "manager": "mine"})), json!([false, true]));
}

#[test]
fn a_timeout_joins_edits_until_it_is_stopped() {
    let mut session = session();
    done(&mut session, json!({"op": "undo.track", "paths": [["t"]], "timeout": 60_000}));
    write(&mut session, "1", json!({}));
    write(&mut session, "2", json!({}));
    done(&mut session, json!({"op": "undo.stop"}));
    write(&mut session, "3", json!({}));
    done(&mut session, json!({"op": "undo"}));
    assert_eq!(text(&mut session, "a"), "21");
    done(&mut session, json!({"op": "undo"}));
    assert_eq!(text(&mut session, "a"), "");
}

#[test]
fn observers_are_told_by_transaction() {
    let mut session = session();
    for root in ["t", "l", "m", "x"] {
        done(&mut session, json!({"op": "observe", "path": [root]}));
    }
    let steps = json!([
        {"op": "map.set", "peer": "a", "path": ["m"], "key": "k", "value": 1},
        {"op": "array.insert", "peer": "a", "path": ["l"], "index": 0, "values": [1, {"$map": {"n": 2}}]},
        {"op": "xml.insert", "peer": "a", "path": ["x"], "index": 0, "nodes": [{"$element": "p"}]}
    ]);
    done(&mut session, json!({"op": "transact", "steps": steps}));
    write(&mut session, "hi", json!({"attributes": {"b": true}}));
    done(&mut session, json!({"op": "map.set", "path": ["m"], "key": "k", "value": 2}));
    done(&mut session, json!({"op": "map.delete", "path": ["m"], "key": "k"}));
    let told = done(&mut session, json!({"op": "events"}));
    assert_eq!(
        told,
        json!([
            [
                {"path": ["l"], "delta": [{"insert": [1, {"$map": {"n": 2}}]}]},
                {"path": ["m"], "keys": {"k": {"action": "add", "new": 1}}},
                {"path": ["x"], "delta": [{"insert": [{"$element": "p"}]}]}
            ],
            [{"path": ["t"], "delta": [{"insert": "hi", "attributes": {"b": true}}]}],
            [{"path": ["m"], "keys": {"k": {"action": "update", "old": 1, "new": 2}}}],
            [{"path": ["m"], "keys": {"k": {"action": "delete", "old": 2}}}]
        ])
    );
    assert_eq!(done(&mut session, json!({"op": "events"})), json!([]));
}

#[test]
fn a_deep_observer_names_the_way_to_what_changed() {
    let mut session = session();
    done(&mut session, json!({"op": "array.insert", "path": ["l"], "index": 0, "values": [{"$map": {}}]}));
    done(&mut session, json!({"op": "observe", "path": ["l", 0], "deep": true}));
    done(&mut session, json!({"op": "array.insert", "path": ["l"], "index": 0, "values": [0]}));
    done(&mut session, json!({"op": "map.set", "path": ["l", 1], "key": "k", "value": {"$text": ""}}));
    done(&mut session, json!({"op": "text.insert", "path": ["l", 1, "k"], "index": 0, "text": "x"}));
    let told = done(&mut session, json!({"op": "events"}));
    assert_eq!(
        told,
        json!([
            [{"path": ["l", 1], "keys": {"k": {"action": "add", "new": {"$text": ""}}}}],
            [{"path": ["l", 1, "k"], "delta": [{"insert": "x"}]}]
        ])
    );
}

#[test]
fn a_subdocument_performs_steps() {
    let mut session = session();
    done(&mut session, json!({"op": "subdocs.observe"}));
    done(&mut session, json!({"op": "map.set", "path": ["m"], "key": "d", "value": {"$doc": "inner"}}));
    assert_eq!(done(&mut session, json!({"op": "subdocs"})), json!(["inner"]));
    let told = done(&mut session, json!({"op": "subdocs.events"}));
    assert_eq!(told, json!([{"added": ["inner"], "removed": [], "loaded": ["inner"]}]));

    write(&mut session, "within \u{e9}!", json!({"doc": ["m", "d"]}));
    assert_eq!(done(&mut session, json!({"op": "state", "doc": ["m", "d"]}))["t"], json!({"$text": "within \u{e9}!"}));
    assert_eq!(text(&mut session, "a"), "");
    done(&mut session, json!({"op": "encode", "as": "outer"}));
    done(&mut session, json!({"op": "encode", "doc": ["m", "d"], "as": "inner"}));
    done(&mut session, json!({"op": "apply", "peer": "b", "update": "outer"}));
    done(&mut session, json!({"op": "apply", "peer": "b", "doc": ["m", "d"], "update": "inner"}));
    let state = done(&mut session, json!({"op": "state", "peer": "b", "doc": ["m", "d"]}));
    assert_eq!(state["t"], json!({"$text": "within \u{e9}!"}));
}

#[test]
fn a_path_to_something_else_than_a_subdocument_is_refused() {
    let mut session = session();
    assert!(matches!(answer(&mut session, json!({"op": "state", "doc": ["m"]})), Err(Fault::Refused(_))));
}

#[test]
fn awareness_tells_states_of_clients() {
    let mut session = session();
    done(&mut session, json!({"op": "awareness.set", "state": {"name": "ann"}}));
    done(&mut session, json!({"op": "awareness.encode", "as": "u"}));
    done(&mut session, json!({"op": "awareness.apply", "peer": "b", "update": "u"}));
    assert_eq!(done(&mut session, json!({"op": "awareness.states", "peer": "b"})), json!({"1": {"name": "ann"}}));
    done(&mut session, json!({"op": "awareness.set", "state": null}));
    done(&mut session, json!({"op": "awareness.encode", "clients": [1], "as": "gone"}));
    done(&mut session, json!({"op": "awareness.apply", "peer": "b", "update": "gone"}));
    assert_eq!(done(&mut session, json!({"op": "awareness.states", "peer": "b"})), json!({}));
    let told = done(&mut session, json!({"op": "awareness.events", "peer": "b"}));
    assert_eq!(
        told,
        json!([{"added": [1], "updated": [], "removed": []}, {"added": [], "updated": [], "removed": [1]}])
    );
}

#[test]
fn awareness_has_no_timer() {
    let mut session = session();
    let advance = json!({"op": "awareness.advance", "milliseconds": 60_000});
    assert_eq!(answer(&mut session, advance), Err(Fault::unsupported("awareness.advance")));
}

#[test]
fn messages_synchronize_two_documents() {
    let mut session = session();
    write(&mut session, "hi", json!({"as": "update"}));
    done(&mut session, json!({"op": "sync.step1", "peer": "b", "as": "question"}));
    let reply = done(&mut session, json!({"op": "sync.read", "message": "question", "as": "reply"}));
    assert_eq!(done(&mut session, json!({"op": "sync.step2"})), reply);
    assert_eq!(done(&mut session, json!({"op": "sync.read", "peer": "b", "message": "reply"})), Value::Null);
    assert_eq!(text(&mut session, "b"), "hi");
    let message = done(&mut session, json!({"op": "sync.update", "update": "update", "as": "message"}));
    assert!(message.as_str().is_some_and(|base64| base64.starts_with("Ag")), "2 is the type of an update: {message}");
    assert_eq!(done(&mut session, json!({"op": "sync.read", "peer": "b", "message": "message"})), Value::Null);
}

#[test]
fn a_message_of_no_type_is_refused() {
    let mut session = session();
    let message: Map<_, _> = [("base64".to_owned(), json!("CQA="))].into_iter().collect();
    assert!(matches!(answer(&mut session, json!({"op": "sync.read", "message": message})), Err(Fault::Refused(_))));
}
