//! What was observed against what a vector expects.

use std::collections::BTreeMap;

use serde_json::{json, Map as Object, Value};

use crate::fault::{Answer, Fault};
use crate::step::decode_base64;

/// Whether an answer is what one observation of a vector says, of a library whose API cannot report the distinctions in
/// `lossy`.
pub fn meets(observation: &Value, answer: &Answer, lossy: &[&str]) -> bool {
    if observation.get("refused").is_some() {
        return matches!(answer, Err(Fault::Refused(_)));
    }
    let Ok(observed) = answer else { return false };
    if let Some(state) = observation.get("state") {
        same(&project(state, lossy), observed)
    } else if let Some(expected) = observation.get("state_vector") {
        state_vector(observed).is_some_and(|decoded| same(expected, &decoded))
    } else if let Some(expected) = observation.get("awareness") {
        awareness(observed).is_some_and(|decoded| same(expected, &decoded))
    } else if let Some(bytes) = observation.get("bytes") {
        bytes == observed
    } else if let Some(value) = observation.get("value") {
        same(value, observed)
    } else {
        observation.get("done").is_some()
    }
}

/// Whether two typed values are equal: keys have no order, and numbers compare by value.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
        _ => a == b,
    }
}

/// A state vector in base64 as an object of client ids (as text) and clocks; `None` when it is not one.
pub fn state_vector(observed: &Value) -> Option<Value> {
    let bytes = decode_base64(observed.as_str()?).ok()?;
    let mut rest = bytes.as_slice();
    let count = read_var_uint(&mut rest)?;
    let mut clocks = BTreeMap::new();
    for _ in 0..count {
        let client = read_var_uint(&mut rest)?;
        clocks.insert(client.to_string(), read_var_uint(&mut rest)?);
    }
    clocks.retain(|_, clock| *clock > 0);
    Some(json!(clocks))
}

/// An awareness update in base64 as an object of client ids (as text), each with its clock and its state; `None` when
/// it is not one.
pub fn awareness(observed: &Value) -> Option<Value> {
    let bytes = decode_base64(observed.as_str()?).ok()?;
    let mut rest = bytes.as_slice();
    let count = read_var_uint(&mut rest)?;
    let mut clients = Object::new();
    for _ in 0..count {
        let client = read_var_uint(&mut rest)?;
        let clock = read_var_uint(&mut rest)?;
        let length = usize::try_from(read_var_uint(&mut rest)?).ok()?;
        let (text, after) = rest.split_at_checked(length)?;
        rest = after;
        let state: Value = serde_json::from_slice(text).ok()?;
        clients.insert(client.to_string(), json!({"clock": clock, "state": state}));
    }
    rest.is_empty().then_some(Value::Object(clients))
}

/// An unsigned integer in groups of seven bits, the lowest first; the top bit says that another group follows.
fn read_var_uint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// The state as a library sees it whose API cannot report the distinctions in `lossy`. Of those that the protocol
/// names, yrs ever had one: `xml.attributes.any`.
pub fn project(state: &Value, lossy: &[&str]) -> Value {
    if lossy.contains(&"xml.attributes.any") {
        attributes_as_strings(state)
    } else {
        state.clone()
    }
}

fn attributes_as_strings(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(attributes_as_strings).collect(),
        Value::Object(object) => {
            let mut object: Object<_, _> =
                object.iter().map(|(key, value)| (key.clone(), attributes_as_strings(value))).collect();
            let node = object.contains_key("$element") || object.contains_key("$xmltext");
            if let Some(Value::Object(attributes)) = object.get_mut("attributes").filter(|_| node) {
                for value in attributes.values_mut() {
                    if value.is_number() || value.is_boolean() {
                        *value = Value::String(value.to_string());
                    }
                }
            }
            Value::Object(object)
        }
        other => other.clone(),
    }
}
