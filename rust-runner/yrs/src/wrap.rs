//! The shared types of a document, for ops whose numbers are taken modulo what there is.

use conformance_runner::wrap::{Family, Types};
use yrs::{Array, Out, Text, TransactionMut, XmlFragment};

use crate::fault::Fault;
use crate::ops;
use crate::step::{PathItem, RootKind};

/// The shared types within a transaction.
pub struct Tree<'a, 'doc>(pub &'a mut TransactionMut<'doc>);

impl Types for Tree<'_, '_> {
    type Type = Out;

    fn root(&mut self, name: &str, kind: RootKind) -> Result<Out, Fault> {
        Ok(ops::root(self.0, name, kind))
    }

    fn child(&mut self, shared: &Out, item: &PathItem) -> Option<Out> {
        ops::child(self.0, shared, item)
    }

    fn family(&self, shared: &Out) -> Option<Family> {
        Some(match shared {
            Out::YText(_) => Family::Text,
            Out::YXmlText(_) => Family::XmlText,
            Out::YArray(_) => Family::Array,
            Out::YMap(_) => Family::Map,
            Out::YXmlFragment(_) => Family::Fragment,
            Out::YXmlElement(_) => Family::Element,
            _ => return None,
        })
    }

    fn length(&mut self, shared: &Out) -> u32 {
        let txn = &*self.0;
        match shared {
            Out::YText(text) => text.len(txn),
            Out::YXmlText(text) => text.len(txn),
            Out::YArray(array) => array.len(txn),
            Out::YXmlFragment(node) => node.len(txn),
            Out::YXmlElement(node) => node.len(txn),
            _ => 0,
        }
    }
}
