//! The typed JSON of the protocol: values to write, and states as they are read.

use conformance_runner::fault::Fault;
use conformance_runner::step::{PathItem, RootKind};
use conformance_runner::values::{self, insert_unless_empty, tag, Chunks, Plain};
use serde_json::{json, Map as Object, Value as Json};
use y_octo::{Any, Array, Doc, Map, Text, TextAttributes, TextDeltaOp, TextInsert, Value};

use crate::frozen::Frozen;
use crate::ops;

/// A value that a step writes.
pub type Input<'a> = values::Input<'a, Any>;

/// Any content as y-octo writes it: by its own conversions from Rust's types, as an application would.
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
        Any::from(flag)
    }
    fn number(value: f64) -> Any {
        Any::from(value)
    }
    fn bigint(value: i64) -> Any {
        Any::BigInt64(value)
    }
    fn string(text: &str) -> Any {
        Any::from(text)
    }
    fn bytes(bytes: Vec<u8>) -> Any {
        Any::from(bytes)
    }
    fn array(items: Vec<Any>) -> Any {
        items.into_iter().collect()
    }
    fn object(entries: Vec<(String, Any)>) -> Any {
        entries.into_iter().collect()
    }
}

/// Reads a value of a step.
///
/// # Errors
/// [`Fault::Runner`] when the JSON is no value of the protocol.
pub fn to_input(value: &Json) -> Result<Input<'_>, Fault> {
    Input::parse::<Written>(value)
}

/// Formatting attributes.
///
/// # Errors
/// [`Fault::Runner`] for a shared type or an unknown tag.
pub fn to_attributes(attributes: &Object<String, Json>) -> Result<TextAttributes, Fault> {
    Ok(values::to_entries::<Written>(attributes)?.into_iter().collect())
}

/// Any content as typed JSON.
pub fn from_any(any: &Any) -> Json {
    match any {
        Any::Undefined => values::undefined(),
        Any::Null => Json::Null,
        Any::Integer(value) => values::number(f64::from(*value)),
        Any::Float32(value) => values::number(f64::from(value.into_inner())),
        Any::Float64(value) => values::number(value.into_inner()),
        Any::BigInt64(value) => values::bigint(*value),
        Any::False => Json::Bool(false),
        Any::True => Json::Bool(true),
        Any::String(text) => Json::from(text.as_str()),
        Any::Object(entries) => {
            values::object(entries.iter().map(|(key, value)| (key.clone(), from_any(value))).collect())
        }
        Any::Array(items) => Json::Array(items.iter().map(from_any).collect()),
        Any::Binary(bytes) => values::bytes(bytes),
    }
}

/// The content of a text.
pub fn from_delta(delta: &[TextDeltaOp]) -> Json {
    let mut chunks = Chunks::default();
    for op in delta {
        let TextDeltaOp::Insert { insert, format } = op else { continue };
        let attributes: Object<_, _> =
            format.iter().flatten().map(|(key, value)| (key.clone(), from_any(value))).collect();
        match insert {
            TextInsert::Text(text) => chunks.push(Json::from(text.as_str()), attributes),
            TextInsert::Embed(values) => {
                for value in values {
                    chunks.push(tag("$embed", from_any(value)), attributes.clone());
                }
            }
        }
    }
    chunks.finish()
}

/// The parts of an XML node: its attributes are left out when it has none.
pub fn xml_node(kind: &str, content: Json, attributes: Object<String, Json>) -> Object<String, Json> {
    let mut object = Object::from_iter([(kind.to_owned(), content)]);
    insert_unless_empty(&mut object, "attributes", attributes);
    object
}

/// How a document is read: by its own types, and by the read-only view where these have no API.
pub struct View<'a> {
    doc: &'a Doc,
    frozen: Frozen<'a>,
}

impl<'a> View<'a> {
    /// A view of a document as it is now.
    pub fn new(doc: &'a Doc) -> Self {
        Self { doc, frozen: Frozen::new(doc) }
    }

    /// The state of a root.
    ///
    /// # Errors
    /// [`Fault::Refused`] when it is of another kind, [`Fault::Unsupported`] for what there is no way to read.
    pub fn root(&self, name: &str, kind: RootKind) -> Result<Json, Fault> {
        if kind == RootKind::Xml {
            return self.frozen.fragment(name);
        }
        let mut path = vec![PathItem::Key(name.to_owned())];
        self.value(&ops::root(self.doc, name, kind)?, &mut path)
    }

    fn value(&self, value: &Value, path: &mut Vec<PathItem>) -> Result<Json, Fault> {
        Ok(match value {
            Value::Any(any) => from_any(any),
            Value::Text(text) => tag("$text", from_text(text)),
            Value::Array(array) => tag("$array", self.array(array, path)?),
            Value::Map(map) => tag("$map", self.map(map, path)?),
            Value::Doc(doc) => json!({"$doc": doc.guid()}),
            _ => self.frozen.at(path)?,
        })
    }

    fn array(&self, array: &Array, path: &mut Vec<PathItem>) -> Result<Json, Fault> {
        (0..).map(PathItem::Index).zip(array.iter()).map(|(item, value)| self.inner(item, &value, path)).collect()
    }

    fn map(&self, map: &Map, path: &mut Vec<PathItem>) -> Result<Json, Fault> {
        let entries = map.iter().map(|(key, value)| {
            let inner = self.inner(PathItem::Key(key.to_owned()), &value, path)?;
            Ok((key.to_owned(), inner))
        });
        entries.collect::<Result<Object<_, _>, _>>().map(Json::Object)
    }

    fn inner(&self, item: PathItem, value: &Value, path: &mut Vec<PathItem>) -> Result<Json, Fault> {
        path.push(item);
        let inner = self.value(value, path);
        path.pop();
        inner
    }
}

fn from_text(text: &Text) -> Json {
    from_delta(&text.to_delta())
}
