//! The typed JSON of the protocol: values to write, and states as they are read.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{json, Map as Object, Value};
use yrs::types::text::YChange;
use yrs::types::Attrs;
use yrs::{Any, Array, ArrayRef, Map, MapRef, Out, ReadTxn, Text, XmlFragment};

use crate::compat::{self, Numeric};
use crate::fault::Fault;
use crate::step::{decode_base64, encode_base64};

/// The greatest integer that a double holds exactly together with its neighbours.
pub const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// A value that a step writes: plain content, or a shared type with its initial content.
#[derive(Debug)]
pub enum Input<'a> {
    /// What Yjs calls any content.
    Any(Any),
    /// `$text`: a string or a list of chunks.
    Text(&'a Value),
    /// `$array`.
    Array(&'a [Value]),
    /// `$map`.
    Map(&'a Object<String, Value>),
    /// `$fragment`.
    Fragment(&'a [Value]),
    /// `$element`: its tag, and the object that holds its attributes and children.
    Element(&'a str, &'a Object<String, Value>),
    /// `$xmltext`: its content as in `$text`, and the object that holds its attributes.
    XmlText(&'a Value, &'a Object<String, Value>),
    /// `$doc`: the guid of a subdocument.
    Doc(&'a str),
}

impl<'a> Input<'a> {
    /// Reads a value of a step.
    ///
    /// # Errors
    /// [`Fault::Runner`] when the JSON is no value of the protocol.
    pub fn parse(value: &'a Value) -> Result<Self, Fault> {
        let Some((node, tag, inner)) = tagged(value) else {
            return plain(value).map(Self::Any);
        };
        Ok(match tag {
            "$text" => Self::Text(inner),
            "$array" => Self::Array(as_list(inner)?),
            "$map" => Self::Map(as_object(inner)?),
            "$fragment" => Self::Fragment(as_list(inner)?),
            "$element" => Self::Element(as_str(inner)?, node),
            "$xmltext" => Self::XmlText(inner, node),
            "$doc" => Self::Doc(as_str(inner)?),
            _ => Self::Any(special(tag, inner)?),
        })
    }
}

/// The object, the tag and what stands under it, for an object with a `$` key.
fn tagged(value: &Value) -> Option<(&Object<String, Value>, &str, &Value)> {
    let object = value.as_object()?;
    let (tag, inner) = object.iter().find(|(key, _)| key.starts_with('$'))?;
    Some((object, tag, inner))
}

/// Reads any content: a value without shared types.
///
/// # Errors
/// [`Fault::Runner`] for a shared type or an unknown tag.
pub fn to_any(value: &Value) -> Result<Any, Fault> {
    match tagged(value) {
        Some((_, tag, inner)) => special(tag, inner),
        None => plain(value),
    }
}

/// Formatting attributes.
///
/// # Errors
/// As [`to_any`].
pub fn to_attrs(attributes: &Object<String, Value>) -> Result<Attrs, Fault> {
    attributes.iter().map(|(key, value)| Ok((Arc::from(key.as_str()), to_any(value)?))).collect()
}

fn plain(value: &Value) -> Result<Any, Fault> {
    Ok(match value {
        Value::Null => Any::Null,
        Value::Bool(flag) => Any::Bool(*flag),
        Value::Number(number) => {
            compat::number(number.as_f64().ok_or_else(|| Fault::runner(format!("bad number {number}")))?)
        }
        Value::String(text) => Any::String(Arc::from(text.as_str())),
        Value::Array(items) => Any::Array(items.iter().map(to_any).collect::<Result<Vec<_>, _>>()?.into()),
        Value::Object(entries) => to_any_map(entries)?,
    })
}

fn to_any_map(entries: &Object<String, Value>) -> Result<Any, Fault> {
    let entries = entries.iter().map(|(key, value)| Ok((key.clone(), to_any(value)?)));
    Ok(Any::Map(Arc::new(entries.collect::<Result<HashMap<_, _>, Fault>>()?)))
}

fn special(tag: &str, inner: &Value) -> Result<Any, Fault> {
    Ok(match tag {
        "$undefined" => Any::Undefined,
        "$bigint" => {
            let digits = as_str(inner)?;
            let value = digits.parse().map_err(|error| Fault::runner(format!("bad bigint {digits:?}: {error}")))?;
            compat::bigint(value)
        }
        "$number" => compat::number(match as_str(inner)? {
            "NaN" => f64::NAN,
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            "-0" => -0.0,
            other => return Err(Fault::runner(format!("bad $number {other:?}"))),
        }),
        "$bytes" => Any::Buffer(decode_base64(as_str(inner)?)?.into()),
        "$object" => to_any_map(as_object(inner)?)?,
        // A shared type or a subdocument where this library, or this runner, has plain values only.
        other => return Err(Fault::unsupported(format!("value.plain{}", other.replace('$', ".")))),
    })
}

fn as_str(value: &Value) -> Result<&str, Fault> {
    value.as_str().ok_or_else(|| Fault::runner(format!("not a string: {value}")))
}

fn as_list(value: &Value) -> Result<&[Value], Fault> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| Fault::runner(format!("not a list: {value}")))
}

fn as_object(value: &Value) -> Result<&Object<String, Value>, Fault> {
    value.as_object().ok_or_else(|| Fault::runner(format!("not an object: {value}")))
}

/// An object of one key. (`json!` would copy the value.)
fn tag(key: &str, value: Value) -> Value {
    Value::Object(Object::from_iter([(key.to_owned(), value)]))
}

/// Any content as typed JSON.
pub fn from_any(any: &Any) -> Value {
    if let Some(numeric) = compat::numeric(any) {
        return from_numeric(numeric);
    }
    match any {
        Any::Undefined => json!({"$undefined": true}),
        Any::Bool(flag) => Value::Bool(*flag),
        Any::String(text) => Value::String(text.as_ref().into()),
        Any::Buffer(bytes) => json!({"$bytes": encode_base64(bytes)}),
        Any::Array(items) => Value::Array(items.iter().map(from_any).collect()),
        Any::Map(entries) => {
            let object: Object<_, _> = entries.iter().map(|(key, value)| (key.clone(), from_any(value))).collect();
            if object.keys().any(|key| key.starts_with('$')) {
                tag("$object", Value::Object(object))
            } else {
                Value::Object(object)
            }
        }
        _ => Value::Null,
    }
}

#[allow(clippy::cast_possible_truncation)] // Only of integers that fit.
fn from_numeric(numeric: Numeric) -> Value {
    match numeric {
        Numeric::BigInt(value) => json!({"$bigint": value.to_string()}),
        Numeric::Number(value) if value == 0.0 && value.is_sign_negative() => json!({"$number": "-0"}),
        Numeric::Number(value) if value.is_nan() => json!({"$number": "NaN"}),
        Numeric::Number(value) if value.is_infinite() => {
            json!({"$number": if value > 0.0 { "Infinity" } else { "-Infinity" }})
        }
        Numeric::Number(value) if value.trunc() == value && value.abs() <= MAX_SAFE_INTEGER => json!(value as i64),
        Numeric::Number(value) => json!(value),
    }
}

/// The typed state of a value or shared type.
///
/// # Errors
/// [`Fault::Unsupported`] for a type that the protocol has no form for (a weak link, an XML hook).
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
        _ => return Err(Fault::unsupported("value.undefined-type")),
    })
}

fn insert_unless_empty(object: &mut Object<String, Value>, key: &str, inner: Object<String, Value>) {
    if !inner.is_empty() {
        object.insert(key.into(), Value::Object(inner));
    }
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

/// A text: a string when nothing is formatted or embedded, else a list of chunks; adjacent equal ones are joined.
fn from_text<T: ReadTxn>(text: &impl Text, txn: &T) -> Result<Value, Fault> {
    let mut chunks: Vec<(Value, Object<String, Value>)> = Vec::new();
    for part in text.diff(txn, YChange::identity) {
        let attributes: Object<_, _> = part
            .attributes
            .iter()
            .flat_map(|attrs| attrs.iter())
            .map(|(key, value)| (key.to_string(), from_any(value)))
            .collect();
        let insert = match &part.insert {
            Out::Any(Any::String(text)) => Value::from(text.as_ref()),
            embed => tag("$embed", from_out(embed, txn)?),
        };
        match (chunks.last_mut(), &insert) {
            (Some((Value::String(last), same)), Value::String(text)) if *same == attributes => last.push_str(text),
            _ => chunks.push((insert, attributes)),
        }
    }
    match chunks.as_slice() {
        [] => return Ok(Value::from("")),
        [(text @ Value::String(_), attributes)] if attributes.is_empty() => return Ok(text.clone()),
        _ => {}
    }
    Ok(chunks
        .into_iter()
        .map(|(insert, attributes)| {
            let mut chunk = Object::from_iter([("insert".into(), insert)]);
            insert_unless_empty(&mut chunk, "attributes", attributes);
            Value::Object(chunk)
        })
        .collect())
}
