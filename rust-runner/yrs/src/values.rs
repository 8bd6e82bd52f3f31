//! The typed JSON of the protocol: values to write, and states as they are read.

use std::sync::Arc;

use conformance_runner::values::{self, insert_unless_empty, tag, Chunks, Plain};
use serde_json::{json, Map as Object, Value};
use yrs::types::text::YChange;
use yrs::types::Attrs;
use yrs::{Any, Array, ArrayRef, Map, MapRef, Out, ReadTxn, Text, XmlFragment};

use crate::compat::{self, Numeric};
use crate::fault::Fault;

/// A value that a step writes.
pub type Input<'a> = values::Input<'a, Any>;

/// Any content as yrs writes it.
#[derive(Debug)]
pub struct Written;

impl Plain for Written {
    type Any = Any;

    fn null() -> Any {
        Any::Null
    }
    fn undefined() -> Any {
        Any::Undefined
    }
    fn boolean(flag: bool) -> Any {
        Any::Bool(flag)
    }
    fn number(value: f64) -> Any {
        compat::number(value)
    }
    fn bigint(value: i64) -> Any {
        compat::bigint(value)
    }
    fn string(text: &str) -> Any {
        Any::String(Arc::from(text))
    }
    fn bytes(bytes: Vec<u8>) -> Any {
        Any::Buffer(bytes.into())
    }
    fn array(items: Vec<Any>) -> Any {
        Any::Array(items.into())
    }
    fn object(entries: Vec<(String, Any)>) -> Any {
        Any::Map(Arc::new(entries.into_iter().collect()))
    }
}

/// Reads a value of a step.
///
/// # Errors
/// [`Fault::Runner`] when the JSON is no value of the protocol.
pub fn to_input(value: &Value) -> Result<Input<'_>, Fault> {
    Input::parse::<Written>(value)
}

/// Reads any content: a value without shared types.
///
/// # Errors
/// [`Fault::Runner`] for a shared type or an unknown tag.
pub fn to_any(value: &Value) -> Result<Any, Fault> {
    values::to_any::<Written>(value)
}

/// Formatting attributes.
///
/// # Errors
/// As [`to_any`].
pub fn to_attrs(attributes: &Object<String, Value>) -> Result<Attrs, Fault> {
    let entries = values::to_entries::<Written>(attributes)?;
    Ok(entries.into_iter().map(|(key, value)| (Arc::from(key), value)).collect())
}

/// Any content as typed JSON.
pub fn from_any(any: &Any) -> Value {
    match compat::numeric(any) {
        Some(Numeric::BigInt(value)) => return values::bigint(value),
        Some(Numeric::Number(value)) => return values::number(value),
        None => {}
    }
    match any {
        Any::Undefined => values::undefined(),
        Any::Bool(flag) => Value::Bool(*flag),
        Any::String(text) => Value::String(text.as_ref().into()),
        Any::Buffer(bytes) => values::bytes(bytes),
        Any::Array(items) => Value::Array(items.iter().map(from_any).collect()),
        Any::Map(entries) => {
            values::object(entries.iter().map(|(key, value)| (key.clone(), from_any(value))).collect())
        }
        _ => Value::Null,
    }
}

/// The typed state of a value or shared type.
///
/// # Errors
/// [`Fault::Unsupported`] for a type that the protocol has no form for (an XML hook), [`Fault::Refused`] for one that the
/// library itself does not know the kind of.
pub fn from_out<T: ReadTxn>(out: &Out, txn: &T) -> Result<Value, Fault> {
    Ok(match out {
        Out::Any(any) => from_any(any),
        Out::YText(text) => tag("$text", from_text(text, txn)?),
        Out::YArray(array) => tag("$array", Value::Array(from_array(array, txn)?)),
        Out::YMap(map) => tag("$map", Value::Object(from_map(map, txn)?)),
        Out::YXmlFragment(node) => tag("$fragment", Value::Array(from_children(node, txn)?)),
        Out::YXmlElement(node) => {
            let tag = node.try_tag().ok_or_else(|| Fault::unsupported("value.xml.hook"))?;
            let mut object = Object::from_iter([("$element".into(), Value::from(tag.as_ref()))]);
            insert_unless_empty(&mut object, "attributes", compat::attributes(node, txn, from_out)?);
            let children = from_children(node, txn)?;
            if !children.is_empty() {
                object.insert("children".into(), Value::Array(children));
            }
            Value::Object(object)
        }
        Out::YXmlText(node) => {
            let mut object = Object::from_iter([("$xmltext".into(), from_text(node, txn)?)]);
            insert_unless_empty(&mut object, "attributes", compat::attributes(node, txn, from_out)?);
            Value::Object(object)
        }
        Out::YDoc(doc) => json!({"$doc": doc.guid().as_ref()}),
        // Each type has a kind on the wire: such a one comes of a document that is broken, and of no lack of a feature.
        _ => return Err(Fault::refused("the library shows a type of no kind")),
    })
}

fn from_array<T: ReadTxn>(array: &ArrayRef, txn: &T) -> Result<Vec<Value>, Fault> {
    array.iter(txn).map(|out| from_out(&out, txn)).collect()
}

fn from_map<T: ReadTxn>(map: &MapRef, txn: &T) -> Result<Object<String, Value>, Fault> {
    map.iter(txn).map(|(key, out)| Ok((key.to_owned(), from_out(&out, txn)?))).collect()
}

fn from_children<T: ReadTxn>(node: &impl XmlFragment, txn: &T) -> Result<Vec<Value>, Fault> {
    node.children(txn).map(|child| from_out(&compat::xml_out(child), txn)).collect()
}

fn from_text<T: ReadTxn>(text: &impl Text, txn: &T) -> Result<Value, Fault> {
    let mut chunks = Chunks::default();
    for part in text.diff(txn, YChange::identity) {
        let attributes = part.attributes.iter().flat_map(|attrs| attrs.iter());
        let attributes = attributes.map(|(key, value)| (key.to_string(), from_any(value))).collect();
        let insert = match &part.insert {
            Out::Any(Any::String(text)) => Value::from(text.as_ref()),
            embed => tag("$embed", from_out(embed, txn)?),
        };
        chunks.push(insert, attributes);
    }
    Ok(chunks.finish())
}
