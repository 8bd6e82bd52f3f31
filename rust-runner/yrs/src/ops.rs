//! The local operations, and the paths to the shared types that they work on.

use serde_json::{Map as Object, Value};
use yrs::block::{EmbedPrelim, Prelim};
use yrs::types::text::{TextPrelim, TextRef};
use yrs::types::{Attrs, Delta};
use yrs::{
    Any, Array, ArrayPrelim, ArrayRef, Map, MapPrelim, MapRef, Out, Text, TransactionMut, WriteTxn, Xml,
    XmlElementPrelim, XmlFragment, XmlFragmentPrelim, XmlFragmentRef, XmlTextPrelim,
};

use crate::compat;
use crate::fault::Fault;
use crate::step::{required, PathItem, RootKind, Roots, Step};
use crate::values::{to_any, to_attrs, to_input, Input};

/// The root of that name, read as the kind that the session declares.
pub fn root(txn: &mut TransactionMut, name: &str, kind: RootKind) -> Out {
    match kind {
        RootKind::Text => Out::YText(txn.get_or_insert_text(name)),
        RootKind::Array => Out::YArray(txn.get_or_insert_array(name)),
        RootKind::Map => Out::YMap(txn.get_or_insert_map(name)),
        RootKind::Xml => Out::YXmlFragment(txn.get_or_insert_xml_fragment(name)),
    }
}

/// The shared type at the end of a path.
///
/// # Errors
/// [`Fault::Runner`] for a root that the session does not declare, [`Fault::Refused`] when nothing stands at the path.
pub fn resolve(txn: &mut TransactionMut, roots: &Roots, path: &[PathItem]) -> Result<Out, Fault> {
    let Some((PathItem::Key(name), rest)) = path.split_first() else {
        return Err(Fault::runner("a path begins with the name of a root"));
    };
    let kind = *roots.get(name).ok_or_else(|| Fault::runner(format!("the session has no root {name:?}")))?;
    rest.iter().try_fold(root(txn, name, kind), |shared, item| {
        child(txn, &shared, item).ok_or_else(|| Fault::refused(format!("nothing at {item:?}")))
    })
}

/// What stands at a key or an index of a shared type.
pub fn child(txn: &mut TransactionMut, shared: &Out, item: &PathItem) -> Option<Out> {
    match (shared, item) {
        (Out::YMap(map), PathItem::Key(key)) => map.get(txn, key),
        (Out::YArray(array), PathItem::Index(index)) => array.get(txn, *index),
        (Out::YXmlFragment(node), PathItem::Index(index)) => node.get(txn, *index).map(compat::xml_out),
        (Out::YXmlElement(node), PathItem::Index(index)) => node.get(txn, *index).map(compat::xml_out),
        (Out::YXmlElement(node), PathItem::Key(name)) => compat::attribute(node, txn, name),
        (Out::YXmlText(node), PathItem::Key(name)) => compat::attribute(node, txn, name),
        _ => None,
    }
}

/// Performs a local op.
///
/// # Errors
/// [`Fault::Refused`] when the path does not lead to a type of the op, and those of the values it writes.
pub fn perform(txn: &mut TransactionMut, roots: &Roots, step: &Step) -> Result<(), Fault> {
    let target = resolve(txn, roots, required("path", &step.path)?)?;
    match step.op.split_once('.') {
        Some(("text", op)) => text_op(txn, &as_text(target)?, op, step),
        Some(("array", op)) => array_op(txn, &target, op, step),
        Some(("map", op)) => map_op(txn, &target, op, step),
        Some(("xml", op)) => xml_op(txn, &target, op, step),
        _ => Err(Fault::unsupported(step.op.as_str())),
    }
}

fn text_op(txn: &mut TransactionMut, text: &TextRef, op: &str, step: &Step) -> Result<(), Fault> {
    if op == "delta" {
        let delta = required("delta", &step.delta)?.iter().map(to_delta).collect::<Result<Vec<_>, _>>()?;
        text.apply_delta(txn, delta);
        return Ok(());
    }
    let index = *required("index", &step.index)?;
    let attributes = step.attributes.as_ref().map(to_attrs).transpose()?;
    match (op, attributes) {
        ("insert", None) => text.insert(txn, index, required("text", &step.text)?),
        ("insert", Some(attrs)) => text.insert_with_attributes(txn, index, required("text", &step.text)?, attrs),
        ("embed", attrs) => {
            let value = to_input(required("value", &step.value)?)?;
            Place::Embed(text, index, attrs).put_input(txn, value)?;
        }
        ("format", attrs) => {
            let attrs = required("attributes", &attrs)?.clone();
            text.format(txn, index, *required("length", &step.length)?, attrs);
        }
        ("delete", _) => text.remove_range(txn, index, *required("length", &step.length)?),
        _ => return Err(Fault::unsupported(step.op.as_str())),
    }
    Ok(())
}

/// A chunk of `text.delta`.
fn to_delta(chunk: &Object<String, Value>) -> Result<Delta<Any>, Fault> {
    let length = |value: &Value| {
        value.as_u64().and_then(|length| u32::try_from(length).ok()).ok_or_else(|| Fault::runner("not a length"))
    };
    let attrs = match chunk.get("attributes") {
        Some(Value::Object(attributes)) => Some(Box::new(to_attrs(attributes)?)),
        _ => None,
    };
    match (chunk.get("insert"), chunk.get("retain"), chunk.get("delete")) {
        (Some(insert), None, None) => Ok(Delta::Inserted(to_inserted(insert)?, attrs)),
        (None, Some(retain), None) => Ok(Delta::Retain(length(retain)?, attrs)),
        (None, None, Some(delete)) => Ok(Delta::Deleted(length(delete)?)),
        _ => Err(Fault::runner("a chunk of a delta is one of insert, retain and delete")),
    }
}

/// A string, or a plain embed: one that is a string would go in as text, and the library gives no way to fill a
/// shared type that it has embedded so.
fn to_inserted(insert: &Value) -> Result<Any, Fault> {
    if let Some(plain) = insert.as_str() {
        return Ok(Any::from(plain));
    }
    let value = insert.get("$embed").ok_or_else(|| Fault::runner("a chunk is a string or an $embed"))?;
    match to_input(value)? {
        Input::Any(Any::String(_)) => Err(Fault::unsupported("text.delta.embed.string")),
        Input::Any(any) => Ok(any),
        _ => Err(Fault::unsupported("text.delta.embed.type")),
    }
}

fn array_op(txn: &mut TransactionMut, target: &Out, op: &str, step: &Step) -> Result<(), Fault> {
    let Out::YArray(array) = target else { return Err(wrong_type("an array")) };
    let index = *required("index", &step.index)?;
    match op {
        "insert" => insert_values(txn, array, index, required("values", &step.values)?)?,
        "delete" => array.remove_range(txn, index, *required("length", &step.length)?),
        _ => return Err(Fault::unsupported(step.op.as_str())),
    }
    Ok(())
}

fn map_op(txn: &mut TransactionMut, target: &Out, op: &str, step: &Step) -> Result<(), Fault> {
    let Out::YMap(map) = target else { return Err(wrong_type("a map")) };
    if op == "clear" {
        map.clear(txn);
        return Ok(());
    }
    let key = required("key", &step.key)?;
    match op {
        "set" => Place::Entry(map, key).put_input(txn, to_input(required("value", &step.value)?)?)?,
        "delete" => drop(map.remove(txn, key)),
        _ => return Err(Fault::unsupported(step.op.as_str())),
    }
    Ok(())
}

fn xml_op(txn: &mut TransactionMut, target: &Out, op: &str, step: &Step) -> Result<(), Fault> {
    match (op, target) {
        ("insert", _) => {
            let nodes = required("nodes", &step.nodes)?;
            insert_nodes(txn, as_fragment(target)?, *required("index", &step.index)?, nodes)?;
        }
        ("delete", _) => {
            let length = *required("length", &step.length)?;
            as_fragment(target)?.remove_range(txn, *required("index", &step.index)?, length);
        }
        ("set", Out::YXmlElement(node)) => set_attribute(txn, node, step)?,
        ("set", Out::YXmlText(node)) => set_attribute(txn, node, step)?,
        ("unset", Out::YXmlElement(node)) => node.remove_attribute(txn, required("name", &step.name)?),
        ("unset", Out::YXmlText(node)) => node.remove_attribute(txn, required("name", &step.name)?),
        ("set" | "unset", _) => return Err(wrong_type("an XML element or text")),
        _ => return Err(Fault::unsupported(step.op.as_str())),
    }
    Ok(())
}

fn set_attribute(txn: &mut TransactionMut, node: &impl Xml, step: &Step) -> Result<(), Fault> {
    let value = to_any(required("value", &step.value)?)?;
    compat::set_attribute(node, txn, required("name", &step.name)?, value)
}

fn wrong_type(wanted: &str) -> Fault {
    Fault::refused(format!("the path does not lead to {wanted}"))
}

/// An XML text is worked on as the text that it is.
fn as_text(target: Out) -> Result<TextRef, Fault> {
    match target {
        Out::YText(text) => Ok(text),
        Out::YXmlText(text) => Ok(AsRef::<TextRef>::as_ref(&text).clone()),
        _ => Err(wrong_type("a text")),
    }
}

/// An XML element is worked on as the fragment that its children are.
fn as_fragment(target: &Out) -> Result<&XmlFragmentRef, Fault> {
    match target {
        Out::YXmlFragment(node) => Ok(node),
        Out::YXmlElement(node) => Ok(node.as_ref()),
        _ => Err(wrong_type("an XML fragment or element")),
    }
}

/// Where a value goes.
enum Place<'a> {
    Item(&'a ArrayRef, u32),
    Entry(&'a MapRef, &'a str),
    Embed(&'a TextRef, u32, Option<Attrs>),
}

impl Place<'_> {
    fn put<V: Prelim + Into<EmbedPrelim<V>>>(self, txn: &mut TransactionMut, value: V) -> V::Return {
        match self {
            Self::Item(array, index) => array.insert(txn, index, value),
            Self::Entry(map, key) => map.insert(txn, key, value),
            Self::Embed(text, index, None) => text.insert_embed(txn, index, value),
            Self::Embed(text, index, Some(attrs)) => text.insert_embed_with_attributes(txn, index, value, attrs),
        }
    }

    /// Shared types are put empty and filled then: so their items get the clocks that Yjs gives them.
    fn put_input(self, txn: &mut TransactionMut, value: Input) -> Result<(), Fault> {
        match value {
            Input::Any(any) => match self {
                Self::Entry(map, key) => drop(map.insert(txn, key, any)),
                Self::Item(array, index) => drop(array.insert(txn, index, any)),
                embed @ Self::Embed(..) => drop(embed.put(txn, any)),
            },
            Input::Text(content) => {
                let text = self.put(txn, TextPrelim::new(""));
                fill_text(txn, &text, content)?;
            }
            Input::Array(values) => {
                let array = self.put(txn, ArrayPrelim::default());
                insert_values(txn, &array, 0, values)?;
            }
            Input::Map(entries) => {
                let map = self.put(txn, MapPrelim::default());
                for (key, value) in entries {
                    Place::Entry(&map, key).put_input(txn, to_input(value)?)?;
                }
            }
            Input::Fragment(nodes) => {
                let fragment = self.put(txn, XmlFragmentPrelim::default());
                insert_nodes(txn, &fragment, 0, nodes)?;
            }
            Input::Element(tag, node) => {
                let element = self.put(txn, XmlElementPrelim::empty(tag));
                fill_attributes(txn, &element, node)?;
                fill_children(txn, element.as_ref(), node)?;
            }
            Input::XmlText(content, node) => {
                let text = self.put(txn, XmlTextPrelim::new(""));
                fill_attributes(txn, &text, node)?;
                fill_text(txn, text.as_ref(), content)?;
            }
            Input::Doc(guid) => match self {
                Self::Item(array, index) => drop(array.insert(txn, index, compat::new_subdoc(guid))),
                Self::Entry(map, key) => drop(map.insert(txn, key, compat::new_subdoc(guid))),
                Self::Embed(..) => return Err(Fault::unsupported("value.doc.embed")),
            },
        }
        Ok(())
    }
}

/// Inserts values from `index` on; neighbouring plain ones go in together, as one item.
fn insert_values(txn: &mut TransactionMut, array: &ArrayRef, mut index: u32, values: &[Value]) -> Result<(), Fault> {
    let mut plain: Vec<Any> = Vec::new();
    for value in values {
        match to_input(value)? {
            Input::Any(any) => plain.push(any),
            shared => {
                index = insert_plain(txn, array, index, &mut plain);
                Place::Item(array, index).put_input(txn, shared)?;
                index += 1;
            }
        }
    }
    insert_plain(txn, array, index, &mut plain);
    Ok(())
}

#[allow(clippy::cast_possible_truncation)] // A step holds less than 2^32 values.
fn insert_plain(txn: &mut TransactionMut, array: &ArrayRef, index: u32, plain: &mut Vec<Any>) -> u32 {
    let count = plain.len() as u32;
    if count > 0 {
        array.insert_range(txn, index, std::mem::take(plain));
    }
    index + count
}

fn insert_nodes(txn: &mut TransactionMut, parent: &XmlFragmentRef, index: u32, nodes: &[Value]) -> Result<(), Fault> {
    for (index, node) in (index..).zip(nodes) {
        match to_input(node)? {
            Input::Element(tag, node) => {
                let element = parent.insert(txn, index, XmlElementPrelim::empty(tag));
                fill_attributes(txn, &element, node)?;
                fill_children(txn, element.as_ref(), node)?;
            }
            Input::XmlText(content, node) => {
                let text = parent.insert(txn, index, XmlTextPrelim::new(""));
                fill_attributes(txn, &text, node)?;
                fill_text(txn, text.as_ref(), content)?;
            }
            _ => return Err(Fault::runner("an XML node is an $element or an $xmltext")),
        }
    }
    Ok(())
}

fn fill_attributes(txn: &mut TransactionMut, node: &impl Xml, object: &Object<String, Value>) -> Result<(), Fault> {
    for (name, value) in object.get("attributes").and_then(Value::as_object).into_iter().flatten() {
        compat::set_attribute(node, txn, name, to_any(value)?)?;
    }
    Ok(())
}

fn fill_children(txn: &mut TransactionMut, node: &XmlFragmentRef, object: &Object<String, Value>) -> Result<(), Fault> {
    match object.get("children").and_then(Value::as_array) {
        Some(children) => insert_nodes(txn, node, 0, children),
        None => Ok(()),
    }
}

/// Writes the content of a fresh text: a string, or chunks with attributes and embeds.
fn fill_text(txn: &mut TransactionMut, text: &TextRef, content: &Value) -> Result<(), Fault> {
    let Some(chunks) = content.as_array() else {
        let plain = content.as_str().ok_or_else(|| Fault::runner("a $text is a string or a list of chunks"))?;
        text.push(txn, plain);
        return Ok(());
    };
    for chunk in chunks {
        let end = text.len(txn);
        // Attributes are always given: a chunk without them must not inherit those of the chunk before.
        let attrs = chunk.get("attributes").and_then(Value::as_object).map(to_attrs).transpose()?.unwrap_or_default();
        match &chunk["insert"] {
            Value::String(plain) => text.insert_with_attributes(txn, end, plain, attrs),
            insert => {
                let value = insert.get("$embed").ok_or_else(|| Fault::runner("a chunk is a string or an $embed"))?;
                Place::Embed(text, end, Some(attrs)).put_input(txn, to_input(value)?)?;
            }
        }
    }
    Ok(())
}
