//! What is written to a document is what its state says, and what an update carries to another one.

use conformance_runner::compare::same;
use conformance_runner::values::MAX_SAFE_INTEGER;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{json, Map, Value};
use yrs_conformance_runner::session::Session;
use yrs_conformance_runner::step::{encode_base64, PeerOptions, RootKind, Step};
use yrs_conformance_runner::values::{from_any, to_any};

/// A number as the protocol writes it.
fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i32>().prop_map(|value| json!(value)),
        (-MAX_SAFE_INTEGER..=MAX_SAFE_INTEGER).prop_map(|value| json!(value.trunc() as i64)),
        any::<f64>().prop_filter("tagged", |value| value.is_finite() && *value != 0.0).prop_map(|value| json!(value)),
        prop_oneof![Just("NaN"), Just("Infinity"), Just("-Infinity"), Just("-0")]
            .prop_map(|name| json!({"$number": name})),
        // Smaller bigints come back as numbers from releases of yrs that have one integer type.
        (1_i64 << 53..i64::MAX).prop_map(|value| json!({"$bigint": value.to_string()})),
    ]
}

/// Plain content: everything but shared types.
fn plain() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        Just(json!({"$undefined": true})),
        any::<bool>().prop_map(Value::Bool),
        number(),
        ".{0,8}".prop_map(Value::String),
        vec(any::<u8>(), 0..5).prop_map(|bytes| json!({"$bytes": encode_base64(&bytes)})),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            btree_map("[a-z$]{0,3}", inner, 0..4).prop_map(|entries| {
                let dollar = entries.keys().any(|key| key.starts_with('$'));
                let object: Map<_, _> = entries.into_iter().collect();
                if dollar {
                    json!({"$object": object})
                } else {
                    Value::Object(object)
                }
            }),
        ]
    })
}

/// A chunk's text or embed with attributes, of which none is null: a null attribute is one that is taken away.
fn text() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[a-c\u{e9}\u{1f389}]{0,5}".prop_map(|text| json!({"$text": text})),
        "[a-c\u{1f389}]{1,5}"
            .prop_map(|text| json!({"$text": [{"insert": text, "attributes": {"b": true}}, {"insert": "x"}, {"insert": {"$embed": {"k": 1}}}]})),
    ]
}

/// Any value that a map can hold.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![plain(), text()].prop_recursive(3, 12, 4, |inner| {
        let node = prop_oneof![
            text().prop_map(|text| json!({"$xmltext": text["$text"]})),
            vec(text(), 1..3).prop_map(|texts| {
                let children: Vec<_> = texts.iter().map(|text| json!({"$xmltext": text["$text"]})).collect();
                json!({"$element": "p", "attributes": {"id": "1"}, "children": children})
            }),
        ];
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|values| json!({"$array": values})),
            btree_map("[a-z]{1,3}", inner, 0..4).prop_map(|entries| json!({"$map": entries})),
            node.clone(),
            vec(node, 0..3).prop_map(|nodes| json!({"$fragment": nodes})),
        ]
    })
}

fn step(step: Value) -> Step {
    serde_json::from_value(step).expect("it is a step")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn plain_content_is_read_as_it_is_written(value in plain()) {
        let read = from_any(&to_any(&value).expect("it is plain"));
        prop_assert!(same(&value, &read), "{value} became {read}");
    }

    #[test]
    fn a_value_survives_a_map(value in value()) {
        let peers = [("a", 1), ("b", 2)].map(|(name, client)| (name.to_owned(), PeerOptions { client, gc: true, declare: true }));
        let roots = [("m".to_owned(), RootKind::Map)].into();
        let mut session = Session::new(roots, peers.iter().map(|(name, options)| (name, options))).expect("it begins");
        let set = json!({"op": "map.set", "peer": "a", "path": ["m"], "key": "k", "value": value});
        prop_assert_eq!(session.step(&step(set)), Ok(Value::Null));
        let expected = json!({"m": {"$map": {"k": value}}});
        let state = session.step(&step(json!({"op": "state", "peer": "a"}))).expect("it has a state");
        prop_assert!(same(&expected, &state), "{expected} became {state}");
    }
}

#[test]
fn a_bigint_keeps_its_kind_where_it_is_not_a_safe_integer() {
    let written = json!({"$bigint": "9007199254740993"});
    assert_eq!(from_any(&to_any(&written).expect("it is plain")), written);
}

#[test]
fn what_is_no_value_is_a_fault_of_the_step() {
    for bad in [
        json!({"$what": 1}),
        json!({"$bigint": "x"}),
        json!({"$bytes": "*"}),
        json!({"$number": "one"}),
        json!({"$text": "a"}),
    ] {
        assert!(to_any(&bad).is_err(), "{bad}");
    }
}
