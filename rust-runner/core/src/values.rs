//! The typed JSON of the protocol, as far as it does not depend on the library.

use serde_json::{json, Map as Object, Value};

use crate::fault::Fault;
use crate::step::{decode_base64, encode_base64};

/// The greatest integer that a double holds exactly together with its neighbours.
pub const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// How a library writes what Yjs calls any content.
pub trait Plain {
    /// The library's type.
    type Any;

    /// JSON's null.
    fn null() -> Self::Any;
    /// JavaScript's undefined.
    fn undefined() -> Self::Any;
    /// A boolean.
    fn boolean(flag: bool) -> Self::Any;
    /// A JavaScript number.
    fn number(value: f64) -> Self::Any;
    /// A JavaScript bigint.
    fn bigint(value: i64) -> Self::Any;
    /// A string.
    fn string(text: &str) -> Self::Any;
    /// Bytes.
    fn bytes(bytes: Vec<u8>) -> Self::Any;
    /// An array.
    fn array(items: Vec<Self::Any>) -> Self::Any;
    /// An object.
    fn object(entries: Vec<(String, Self::Any)>) -> Self::Any;
}

/// A value that a step writes: plain content, or a shared type with its initial content.
#[derive(Debug)]
pub enum Input<'a, Any> {
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

impl<'a, Any> Input<'a, Any> {
    /// Reads a value of a step.
    ///
    /// # Errors
    /// [`Fault::Runner`] when the JSON is no value of the protocol.
    pub fn parse<P: Plain<Any = Any>>(value: &'a Value) -> Result<Self, Fault> {
        let Some((node, tag, inner)) = tagged(value) else {
            return plain::<P>(value).map(Self::Any);
        };
        Ok(match tag {
            "$text" => Self::Text(inner),
            "$array" => Self::Array(as_list(inner)?),
            "$map" => Self::Map(as_object(inner)?),
            "$fragment" => Self::Fragment(as_list(inner)?),
            "$element" => Self::Element(as_str(inner)?, node),
            "$xmltext" => Self::XmlText(inner, node),
            "$doc" => Self::Doc(as_str(inner)?),
            _ => Self::Any(special::<P>(tag, inner)?),
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
pub fn to_any<P: Plain>(value: &Value) -> Result<P::Any, Fault> {
    match tagged(value) {
        Some((_, tag, inner)) => special::<P>(tag, inner),
        None => plain::<P>(value),
    }
}

/// Formatting attributes, or the entries of an object.
///
/// # Errors
/// As [`to_any`].
pub fn to_entries<P: Plain>(entries: &Object<String, Value>) -> Result<Vec<(String, P::Any)>, Fault> {
    entries.iter().map(|(key, value)| Ok((key.clone(), to_any::<P>(value)?))).collect()
}

fn plain<P: Plain>(value: &Value) -> Result<P::Any, Fault> {
    Ok(match value {
        Value::Null => P::null(),
        Value::Bool(flag) => P::boolean(*flag),
        Value::Number(number) => {
            P::number(number.as_f64().ok_or_else(|| Fault::runner(format!("bad number {number}")))?)
        }
        Value::String(text) => P::string(text),
        Value::Array(items) => P::array(items.iter().map(to_any::<P>).collect::<Result<Vec<_>, _>>()?),
        Value::Object(entries) => P::object(to_entries::<P>(entries)?),
    })
}

fn special<P: Plain>(tag: &str, inner: &Value) -> Result<P::Any, Fault> {
    Ok(match tag {
        "$undefined" => P::undefined(),
        "$bigint" => {
            let digits = as_str(inner)?;
            P::bigint(digits.parse().map_err(|error| Fault::runner(format!("bad bigint {digits:?}: {error}")))?)
        }
        "$number" => P::number(match as_str(inner)? {
            "NaN" => f64::NAN,
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            "-0" => -0.0,
            other => return Err(Fault::runner(format!("bad $number {other:?}"))),
        }),
        "$bytes" => P::bytes(decode_base64(as_str(inner)?)?),
        "$object" => P::object(to_entries::<P>(as_object(inner)?)?),
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
pub fn tag(key: &str, value: Value) -> Value {
    Value::Object(Object::from_iter([(key.to_owned(), value)]))
}

/// An undefined.
pub fn undefined() -> Value {
    json!({"$undefined": true})
}

/// Bytes.
pub fn bytes(bytes: &[u8]) -> Value {
    json!({"$bytes": encode_base64(bytes)})
}

/// A bigint.
pub fn bigint(value: i64) -> Value {
    json!({"$bigint": value.to_string()})
}

/// A number.
#[allow(clippy::cast_possible_truncation)] // Only of integers that fit.
pub fn number(value: f64) -> Value {
    if value == 0.0 && value.is_sign_negative() {
        json!({"$number": "-0"})
    } else if value.is_nan() {
        json!({"$number": "NaN"})
    } else if value.is_infinite() {
        json!({"$number": if value > 0.0 { "Infinity" } else { "-Infinity" }})
    } else if value.trunc() == value && value.abs() <= MAX_SAFE_INTEGER {
        json!(value as i64)
    } else {
        json!(value)
    }
}

/// A plain object.
pub fn object(object: Object<String, Value>) -> Value {
    if object.keys().any(|key| key.starts_with('$')) {
        tag("$object", Value::Object(object))
    } else {
        Value::Object(object)
    }
}

/// Puts `inner` under `key`, unless it holds nothing.
pub fn insert_unless_empty(object: &mut Object<String, Value>, key: &str, inner: Object<String, Value>) {
    if !inner.is_empty() {
        object.insert(key.into(), Value::Object(inner));
    }
}

/// The content of a text, as its parts are read one after the other.
#[derive(Debug, Default)]
pub struct Chunks(Vec<(Value, Object<String, Value>)>);

impl Chunks {
    /// Adds a part: a string, or an `$embed`. A string is joined with the last one when their attributes are equal.
    pub fn push(&mut self, insert: Value, attributes: Object<String, Value>) {
        match (self.0.last_mut(), &insert) {
            (Some((Value::String(last), same)), Value::String(text)) if *same == attributes => last.push_str(text),
            _ => self.0.push((insert, attributes)),
        }
    }

    /// A string when nothing is formatted or embedded, else a list of chunks.
    pub fn finish(self) -> Value {
        match self.0.as_slice() {
            [] => return Value::from(""),
            [(text @ Value::String(_), attributes)] if attributes.is_empty() => return text.clone(),
            _ => {}
        }
        let chunks = self.0.into_iter().map(|(insert, attributes)| {
            let mut chunk = Object::from_iter([("insert".into(), insert)]);
            insert_unless_empty(&mut chunk, "attributes", attributes);
            Value::Object(chunk)
        });
        chunks.collect()
    }
}
