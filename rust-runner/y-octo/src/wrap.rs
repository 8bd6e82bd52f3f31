//! The shared types of a document, for ops whose numbers are taken modulo what there is.

use conformance_runner::fault::Fault;
use conformance_runner::step::{PathItem, RootKind};
use conformance_runner::wrap::{Family, Types};
use y_octo::{Doc, Value};

use crate::ops;

/// The shared types of a document.
pub struct Tree<'a>(pub &'a Doc);

impl Types for Tree<'_> {
    type Type = Value;

    fn root(&mut self, name: &str, kind: RootKind) -> Result<Value, Fault> {
        ops::root(self.0, name, kind)
    }

    fn child(&mut self, shared: &Value, item: &PathItem) -> Option<Value> {
        ops::child(shared, item)
    }

    fn family(&self, shared: &Value) -> Option<Family> {
        Some(match shared {
            Value::Text(_) => Family::Text,
            Value::Array(_) => Family::Array,
            Value::Map(_) => Family::Map,
            Value::XMLText(_) => Family::XmlText,
            Value::XMLElement(_) => Family::Element,
            Value::XMLFragment(_) => Family::Fragment,
            _ => return None,
        })
    }

    fn length(&mut self, shared: &Value) -> u32 {
        let length = match shared {
            Value::Text(text) => text.len(),
            Value::Array(array) => array.len(),
            // The library does not tell of XML.
            _ => 0,
        };
        u32::try_from(length).unwrap_or(u32::MAX)
    }
}
