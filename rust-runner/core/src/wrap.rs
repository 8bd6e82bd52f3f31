//! Numbers that are taken modulo what there is, so that every local op means something on every document.

use serde_json::{json, Value};

use crate::fault::{Answer, Fault};
use crate::step::{required, PathItem, RootKind, Roots, Step};

/// What a shared type is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Family {
    Text,
    Array,
    Map,
    Fragment,
    Element,
    XmlText,
}

/// The shared types of a document, as far as their places are asked for.
pub trait Types {
    /// A shared type.
    type Type;

    /// The root of that name.
    ///
    /// # Errors
    /// Those of the library.
    fn root(&mut self, name: &str, kind: RootKind) -> Result<Self::Type, Fault>;

    /// The shared type at a key of a map, or at an index below the length of an array or XML node.
    fn child(&mut self, shared: &Self::Type, item: &PathItem) -> Option<Self::Type>;

    /// What a shared type is; `None` for one that no op works on.
    fn family(&self, shared: &Self::Type) -> Option<Family>;

    /// Of a text in UTF-16 units, an embed counting one; of the others in values or nodes.
    fn length(&mut self, shared: &Self::Type) -> u32;
}

/// A local op with the places that it is performed at; `None` when there is nothing for it to do.
///
/// # Errors
/// [`Fault::Runner`] for a malformed path, and those of the library.
pub fn placed(types: &mut impl Types, roots: &Roots, step: &Step) -> Result<Option<Step>, Fault> {
    let Some((PathItem::Key(name), rest)) = required("path", &step.path)?.split_first() else {
        return Err(Fault::runner("a path begins with the name of a root"));
    };
    let kind: RootKind = *roots.get(name).ok_or_else(|| Fault::runner(format!("the session has no root {name:?}")))?;
    let mut target = types.root(name, kind)?;
    let mut path = vec![PathItem::Key(name.clone())];
    for item in rest {
        let Some((item, next)) = enter(types, &target, item) else { return Ok(None) };
        path.push(item);
        target = next;
    }
    if !types.family(&target).is_some_and(|family| is_suited(family, &step.op)) {
        return Ok(None);
    }
    let (index, length) = match (step.index, step.length) {
        (None, _) => (None, None),
        (Some(index), None) => (Some(modulo(index, u64::from(types.length(&target)) + 1)), None),
        (Some(index), Some(length)) => {
            let there = types.length(&target);
            if there == 0 {
                return Ok(None);
            }
            let index = modulo(index, there.into());
            (Some(index), Some(length.min(there - index)))
        }
    };
    Ok(Some(Step { path: Some(path), index, length, ..step.clone() }))
}

/// The answer of the op `wrap`: the local op that it holds, as a session that wraps performs it; null when it does nothing.
///
/// # Errors
/// As [`placed`], and [`Fault::Runner`] for a malformed op.
pub fn wrapped(types: &mut impl Types, roots: &Roots, step: &Step) -> Answer {
    let mut raw = required("step", &step.step)?.clone();
    let local: Step = serde_json::from_value(Value::Object(raw.clone()))
        .map_err(|error| Fault::runner(format!("malformed step: {error}")))?;
    let Some(placed) = placed(types, roots, &local)? else { return Ok(Value::Null) };
    raw.insert("path".into(), json!(placed.path));
    for (key, number) in [("index", placed.index), ("length", placed.length)] {
        if let Some(number) = number {
            raw.insert(key.into(), json!(number));
        }
    }
    Ok(Value::Object(raw))
}

#[allow(clippy::cast_possible_truncation)] // No more than the number itself.
fn modulo(number: u32, count: u64) -> u32 {
    (u64::from(number) % count) as u32
}

/// A step of the path, and the shared type that it leads to.
fn enter<T: Types>(types: &mut T, target: &T::Type, item: &PathItem) -> Option<(PathItem, T::Type)> {
    let item = match (types.family(target)?, item) {
        (Family::Map, PathItem::Key(_)) => item.clone(),
        (Family::Array | Family::Fragment | Family::Element, PathItem::Index(index)) => {
            PathItem::Index(index.checked_rem(types.length(target))?)
        }
        _ => return None,
    };
    let next = types.child(target, &item)?;
    types.family(&next)?;
    Some((item, next))
}

fn is_suited(target: Family, op: &str) -> bool {
    let family = op.split('.').next().unwrap_or_default();
    if family == "position" {
        return target != Family::Map;
    }
    match target {
        Family::Text => family == "text",
        Family::XmlText => family == "text" || matches!(op, "xml.set" | "xml.unset"),
        Family::Array => family == "array",
        Family::Map => family == "map",
        Family::Fragment => matches!(op, "xml.insert" | "xml.delete"),
        Family::Element => family == "xml",
    }
}
