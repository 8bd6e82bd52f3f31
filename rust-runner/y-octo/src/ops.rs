//! The local operations, and the paths to the shared types that they work on.

use conformance_runner::fault::Fault;
use conformance_runner::step::{required, PathItem, RootKind, Roots, Step};
use serde_json::{Map as Object, Value as Json};
use y_octo::{Array, Doc, DocOptions, Map, Text, TextDeltaOp, TextInsert, Value};

use crate::session::refused;
use crate::values::{to_attributes, to_input, Input};

/// Whether the library has a way to perform this local op. It has no API to write XML, and none to clear a map.
pub fn can(op: &str) -> bool {
    matches!(op.split('.').next(), Some("text" | "array" | "map")) && op != "map.clear"
}

/// Names the roots of a session. XML roots cannot be named; they come with updates.
///
/// # Errors
/// [`Fault::Refused`] with the library's error.
pub fn declare(doc: &Doc, roots: &Roots) -> Result<(), Fault> {
    roots.iter().try_for_each(|(name, kind)| match kind {
        RootKind::Xml => Ok(()),
        _ => root(doc, name, *kind).map(drop),
    })
}

/// The root of that name, read as the kind that the session declares.
///
/// # Errors
/// [`Fault::Refused`] when it is of another kind, [`Fault::Unsupported`] for an XML fragment.
pub fn root(doc: &Doc, name: &str, kind: RootKind) -> Result<Value, Fault> {
    match kind {
        RootKind::Text => doc.get_or_create_text(name).map(Value::Text).map_err(refused),
        RootKind::Array => doc.get_or_create_array(name).map(Value::Array).map_err(refused),
        RootKind::Map => doc.get_or_create_map(name).map(Value::Map).map_err(refused),
        RootKind::Xml => Err(Fault::unsupported("xml")),
    }
}

/// The shared type at the end of a path.
///
/// # Errors
/// [`Fault::Runner`] for a root that the session does not declare, [`Fault::Refused`] when nothing stands at the path,
/// [`Fault::Unsupported`] within XML.
pub fn resolve(doc: &Doc, roots: &Roots, path: &[PathItem]) -> Result<Value, Fault> {
    let Some((PathItem::Key(name), rest)) = path.split_first() else {
        return Err(Fault::runner("a path begins with the name of a root"));
    };
    let kind = *roots.get(name).ok_or_else(|| Fault::runner(format!("the session has no root {name:?}")))?;
    rest.iter().try_fold(root(doc, name, kind)?, |shared, item| match child(&shared, item) {
        Some(Value::XMLElement(_) | Value::XMLFragment(_) | Value::XMLHook(_) | Value::XMLText(_)) => {
            Err(Fault::unsupported("xml"))
        }
        Some(value) => Ok(value),
        None => Err(Fault::refused(format!("nothing at {item:?}"))),
    })
}

/// What stands at a key or an index of a shared type.
pub fn child(shared: &Value, item: &PathItem) -> Option<Value> {
    match (shared, item) {
        (Value::Map(map), PathItem::Key(key)) => map.get(key),
        (Value::Array(array), PathItem::Index(index)) => array.get(u64::from(*index)),
        _ => None,
    }
}

/// Performs a local op.
///
/// # Errors
/// [`Fault::Refused`] with the library's error or when the path does not lead to a type of the op, and those of the
/// values it writes.
pub fn perform(doc: &Doc, roots: &Roots, step: &Step) -> Result<(), Fault> {
    if !can(&step.op) {
        return Err(Fault::unsupported(step.op.as_str()));
    }
    let target = resolve(doc, roots, required("path", &step.path)?)?;
    match (step.op.split_once('.'), target) {
        (Some(("text", op)), Value::Text(text)) => text_op(text, op, step),
        (Some(("array", op)), Value::Array(array)) => array_op(doc, array, op, step),
        (Some(("map", op)), Value::Map(map)) => map_op(doc, map, op, step),
        _ => Err(Fault::refused("the path does not lead to a type of the op")),
    }
}

fn text_op(mut text: Text, op: &str, step: &Step) -> Result<(), Fault> {
    if op == "delta" {
        let delta = required("delta", &step.delta)?.iter().map(to_delta).collect::<Result<Vec<_>, _>>()?;
        return text.apply_delta(&delta).map_err(refused);
    }
    let index = u64::from(*required("index", &step.index)?);
    let attributes = step.attributes.as_ref().map(to_attributes).transpose()?;
    let done = match (op, attributes) {
        ("insert", None) => text.insert(index, required("text", &step.text)?),
        ("insert", format) => {
            let insert = TextInsert::Text(required("text", &step.text)?.clone());
            text.apply_delta(&after(index, TextDeltaOp::Insert { insert, format }))
        }
        ("embed", format) => {
            let insert = to_embed(required("value", &step.value)?)?;
            text.apply_delta(&after(index, TextDeltaOp::Insert { insert, format }))
        }
        ("format", format) => {
            let retain = u64::from(*required("length", &step.length)?);
            text.apply_delta(&after(index, TextDeltaOp::Retain { retain, format }))
        }
        ("delete", _) => text.remove(index, u64::from(*required("length", &step.length)?)),
        _ => return Err(Fault::unsupported(step.op.as_str())),
    };
    done.map_err(refused)
}

fn after(index: u64, op: TextDeltaOp) -> Vec<TextDeltaOp> {
    let place = (index > 0).then_some(TextDeltaOp::Retain { retain: index, format: None });
    place.into_iter().chain([op]).collect()
}

/// A chunk of `text.delta`.
fn to_delta(chunk: &Object<String, Json>) -> Result<TextDeltaOp, Fault> {
    let length = |value: &Json| value.as_u64().ok_or_else(|| Fault::runner("not a length"));
    let format = match chunk.get("attributes") {
        Some(Json::Object(attributes)) => Some(to_attributes(attributes)?),
        _ => None,
    };
    match (chunk.get("insert"), chunk.get("retain"), chunk.get("delete")) {
        (Some(insert), None, None) => Ok(TextDeltaOp::Insert { insert: to_insert(insert)?, format }),
        (None, Some(retain), None) => Ok(TextDeltaOp::Retain { retain: length(retain)?, format }),
        (None, None, Some(delete)) => Ok(TextDeltaOp::Delete { delete: length(delete)? }),
        _ => Err(Fault::runner("a chunk of a delta is one of insert, retain and delete")),
    }
}

fn to_insert(insert: &Json) -> Result<TextInsert, Fault> {
    match (insert.as_str(), insert.get("$embed")) {
        (Some(text), _) => Ok(TextInsert::Text(text.to_owned())),
        (None, Some(value)) => to_embed(value),
        (None, None) => Err(Fault::runner("a chunk is a string or an $embed")),
    }
}

/// An embed, which in this library is a plain value.
fn to_embed(value: &Json) -> Result<TextInsert, Fault> {
    match to_input(value)? {
        Input::Any(any) => Ok(TextInsert::Embed(vec![any])),
        _ => Err(Fault::unsupported("text.embed.type")),
    }
}

fn array_op(doc: &Doc, mut array: Array, op: &str, step: &Step) -> Result<(), Fault> {
    let index = *required("index", &step.index)?;
    match op {
        "insert" => insert_values(doc, &mut array, u64::from(index), required("values", &step.values)?),
        "delete" => array.remove(u64::from(index), u64::from(*required("length", &step.length)?)).map_err(refused),
        _ => Err(Fault::unsupported(step.op.as_str())),
    }
}

fn map_op(doc: &Doc, mut map: Map, op: &str, step: &Step) -> Result<(), Fault> {
    let key = required("key", &step.key)?;
    match op {
        "set" => Place::Entry(&mut map, key).put_input(doc, required("value", &step.value)?),
        "delete" => {
            map.remove(key);
            Ok(())
        }
        _ => Err(Fault::unsupported(step.op.as_str())),
    }
}

fn insert_values(doc: &Doc, array: &mut Array, index: u64, values: &[Json]) -> Result<(), Fault> {
    (index..).zip(values).try_for_each(|(index, value)| Place::Item(array, index).put_input(doc, value))
}

/// Where a value goes.
enum Place<'a> {
    Item(&'a mut Array, u64),
    Entry(&'a mut Map, &'a str),
}

impl Place<'_> {
    fn put(self, value: Value) -> Result<(), Fault> {
        match self {
            Self::Item(array, index) => array.insert(index, value),
            Self::Entry(map, key) => map.insert(key.to_owned(), value),
        }
        .map_err(refused)
    }

    /// Shared types are put empty and filled then: so their items get the clocks that Yjs gives them.
    fn put_input(self, doc: &Doc, value: &Json) -> Result<(), Fault> {
        match to_input(value)? {
            Input::Any(any) => self.put(Value::Any(any)),
            Input::Text(content) => {
                let mut text = doc.create_text().map_err(refused)?;
                self.put(Value::Text(text.clone()))?;
                fill_text(&mut text, content)
            }
            Input::Array(values) => {
                let mut array = doc.create_array().map_err(refused)?;
                self.put(Value::Array(array.clone()))?;
                insert_values(doc, &mut array, 0, values)
            }
            Input::Map(entries) => {
                let mut map = doc.create_map().map_err(refused)?;
                self.put(Value::Map(map.clone()))?;
                entries.iter().try_for_each(|(key, value)| Place::Entry(&mut map, key).put_input(doc, value))
            }
            Input::Doc(guid) => self.put(Value::Doc(DocOptions::new().with_guid(guid.to_owned()).build())),
            Input::Fragment(_) | Input::Element(..) | Input::XmlText(..) => Err(Fault::unsupported("value.xml")),
        }
    }
}

/// Writes the content of a fresh text: a string, or chunks with attributes and embeds.
fn fill_text(text: &mut Text, content: &Json) -> Result<(), Fault> {
    match content {
        Json::String(plain) if plain.is_empty() => Ok(()),
        Json::String(plain) => text.insert(0, plain).map_err(refused),
        Json::Array(chunks) => {
            let chunks = chunks.iter().filter_map(Json::as_object);
            text.apply_delta(&chunks.map(to_delta).collect::<Result<Vec<_>, _>>()?).map_err(refused)
        }
        _ => Err(Fault::runner("a $text is a string or a list of chunks")),
    }
}
