//! Numbers that are taken modulo what there is, so that every local op means something on every document.

use yrs::{Array, Map, Out, ReadTxn, Text, TransactionMut, XmlFragment};

use crate::fault::Fault;
use crate::step::{required, PathItem, RootKind, Roots, Step};
use crate::{compat, ops};

/// The places of a local op as they are performed.
#[derive(Debug, PartialEq, Eq)]
pub struct Places {
    /// Leads to a type that the op works on.
    pub path: Vec<PathItem>,
    /// Of the ops that have one.
    pub index: Option<u32>,
    /// Of the ops that have one.
    pub length: Option<u32>,
}

/// The places of a local op; `None` when there is nothing for it to do.
///
/// # Errors
/// [`Fault::Runner`] for a malformed path.
pub fn places(txn: &mut TransactionMut, roots: &Roots, step: &Step) -> Result<Option<Places>, Fault> {
    let Some((PathItem::Key(name), rest)) = required("path", &step.path)?.split_first() else {
        return Err(Fault::runner("a path begins with the name of a root"));
    };
    let kind: RootKind = *roots.get(name).ok_or_else(|| Fault::runner(format!("the session has no root {name:?}")))?;
    let mut target = ops::root(txn, name, kind);
    let mut path = vec![PathItem::Key(name.clone())];
    for item in rest {
        let Some((item, next)) = enter(txn, &target, item) else { return Ok(None) };
        path.push(item);
        target = next;
    }
    if !is_suited(&target, &step.op) {
        return Ok(None);
    }
    let Some(index) = step.index else { return Ok(Some(Places { path, index: None, length: None })) };
    let there = length(txn, &target);
    let Some(length) = step.length else {
        return Ok(Some(Places { path, index: Some(modulo(index, u64::from(there) + 1)), length: None }));
    };
    if there == 0 {
        return Ok(None);
    }
    let index = modulo(index, there.into());
    Ok(Some(Places { path, index: Some(index), length: Some(length.min(there - index)) }))
}

#[allow(clippy::cast_possible_truncation)] // No more than the number itself.
fn modulo(number: u32, count: u64) -> u32 {
    (u64::from(number) % count) as u32
}

/// A step of the path, and the shared type that it leads to.
fn enter<T: ReadTxn>(txn: &T, target: &Out, item: &PathItem) -> Option<(PathItem, Out)> {
    let (item, next) = match (target, item) {
        (Out::YMap(map), PathItem::Key(key)) => (item.clone(), map.get(txn, key)?),
        (Out::YArray(_) | Out::YXmlFragment(_) | Out::YXmlElement(_), PathItem::Index(index)) => {
            let there = length(txn, target);
            let index = if there == 0 { return None } else { index % there };
            let next = match target {
                Out::YArray(array) => array.get(txn, index)?,
                Out::YXmlFragment(node) => compat::xml_out(node.get(txn, index)?),
                Out::YXmlElement(node) => compat::xml_out(node.get(txn, index)?),
                _ => return None,
            };
            (PathItem::Index(index), next)
        }
        _ => return None,
    };
    (!matches!(next, Out::Any(_) | Out::YDoc(_))).then_some((item, next))
}

fn is_suited(target: &Out, op: &str) -> bool {
    let family = op.split('.').next().unwrap_or_default();
    if family == "position" {
        return !matches!(target, Out::YMap(_));
    }
    match target {
        Out::YText(_) => family == "text",
        Out::YXmlText(_) => family == "text" || matches!(op, "xml.set" | "xml.unset"),
        Out::YArray(_) => family == "array",
        Out::YMap(_) => family == "map",
        Out::YXmlFragment(_) => matches!(op, "xml.insert" | "xml.delete"),
        Out::YXmlElement(_) => family == "xml",
        _ => false,
    }
}

/// Of a text in UTF-16 units, an embed counting one; of the others in values or nodes.
fn length<T: ReadTxn>(txn: &T, target: &Out) -> u32 {
    match target {
        Out::YText(text) => text.len(txn),
        Out::YXmlText(text) => text.len(txn),
        Out::YArray(array) => array.len(txn),
        Out::YXmlFragment(node) => node.len(txn),
        Out::YXmlElement(node) => node.len(txn),
        _ => 0,
    }
}
