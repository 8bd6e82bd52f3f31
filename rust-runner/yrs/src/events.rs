//! What observers are told, in the protocol's form.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::{json, Map as Object, Value};
use yrs::branch::Branch;
use yrs::types::array::ArrayEvent;
use yrs::types::map::MapEvent;
use yrs::types::text::TextEvent;
use yrs::types::xml::{XmlEvent, XmlTextEvent};
use yrs::types::{Attrs, Change, Delta, EntryChange, Event, Path, PathSegment};
use yrs::{Any, Array, DeepObservable, Doc, Map, Observable, Out, ReadTxn, TransactionMut, XmlFragment};

use crate::compat;
use crate::fault::{Answer, Fault};
use crate::step::{PathItem, RootKind, Roots};
use crate::values::{from_any, from_out};

/// What the observers of a document were told.
pub struct EventLog {
    roots: Rc<Roots>,
    observers: usize,
    told: Rc<RefCell<Told>>,
}

#[derive(Default)]
struct Told {
    transactions: Vec<Vec<Value>>,
    /// The events of the transaction that is being committed.
    current: Vec<(Vec<PathItem>, Value)>,
    fault: Option<Fault>,
}

impl EventLog {
    /// The log of a document that nobody observes yet.
    ///
    /// # Errors
    /// [`Fault::Refused`] when the library does not let its transactions be observed.
    pub fn new(doc: &Doc, roots: &Rc<Roots>) -> Result<Self, Fault> {
        let told = Rc::new(RefCell::new(Told::default()));
        let log = Self { roots: Rc::clone(roots), observers: 0, told: Rc::clone(&told) };
        compat::observe_transactions(doc, "events", move |_| told.borrow_mut().close())?;
        Ok(log)
    }

    /// Observes the type `target`, which stands at `path`.
    ///
    /// # Errors
    /// [`Fault::Refused`] when it is no shared type.
    pub fn observe(&mut self, target: &Out, path: &[PathItem], deep: bool) -> Result<(), Fault> {
        self.observers += 1;
        let key = format!("observer {}", self.observers);
        let watch = Watch {
            target: target.clone(),
            path: RefCell::new(path.to_vec()),
            roots: Rc::clone(&self.roots),
            told: Rc::clone(&self.told),
        };
        match target {
            Out::YText(shared) => watch.over(shared, &key, deep),
            Out::YArray(shared) => watch.over(shared, &key, deep),
            Out::YMap(shared) => watch.over(shared, &key, deep),
            Out::YXmlFragment(shared) => watch.over(shared, &key, deep),
            Out::YXmlElement(shared) => watch.over(shared, &key, deep),
            Out::YXmlText(shared) => watch.over(shared, &key, deep),
            _ => return Err(Fault::refused("the path does not lead to a shared type")),
        }
        Ok(())
    }

    /// The transactions that were told of since the last call, each as a list of events.
    ///
    /// # Errors
    /// What kept an event from being read.
    pub fn take(&mut self) -> Answer {
        let told = std::mem::take(&mut *self.told.borrow_mut());
        match told.fault {
            Some(fault) => Err(fault),
            None => Ok(told.transactions.into_iter().map(Value::Array).collect()),
        }
    }
}

impl Told {
    fn close(&mut self) {
        let mut events = std::mem::take(&mut self.current);
        if !events.is_empty() {
            events.sort_by(|(a, _), (b, _)| by_path(a, b));
            self.transactions.push(events.into_iter().map(|(_, event)| event).collect());
        }
    }
}

fn by_path(a: &[PathItem], b: &[PathItem]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| json!(a).to_string().cmp(&json!(b).to_string()))
}

/// One observer.
struct Watch {
    target: Out,
    /// Where the target was last seen.
    path: RefCell<Vec<PathItem>>,
    roots: Rc<Roots>,
    told: Rc<RefCell<Told>>,
}

impl Watch {
    fn over<S>(self, shared: &S, key: &str, deep: bool)
    where
        S: Observable + DeepObservable,
        S::Event: Readable,
        Event: AsRef<S::Event>,
    {
        if deep {
            compat::observe_deep(shared, key, move |txn, events| {
                for event in events.iter() {
                    self.tell(event, txn);
                }
            });
        } else {
            compat::observe(shared, key, move |txn, event| self.tell(event, txn));
        }
    }

    fn tell(&self, event: &impl Readable, txn: &TransactionMut) {
        let mut told = self.told.borrow_mut();
        match event.content(txn) {
            Ok(content) if content.is_empty() => {}
            Ok(mut content) => {
                let mut path = self.place(txn);
                path.extend(event.within().into_iter().map(path_item));
                content.insert("path".into(), json!(path));
                told.current.push((path, Value::Object(content)));
            }
            Err(fault) => drop(told.fault.get_or_insert(fault)),
        }
    }

    /// Where the target stands now. The library gives paths from the observed type on; one that is not a root may have
    /// moved since it was observed.
    fn place(&self, txn: &TransactionMut) -> Vec<PathItem> {
        let mut path = self.path.borrow_mut();
        if path.len() > 1 {
            if let Some(found) = branch(&self.target).and_then(|target| find(txn, &self.roots, target)) {
                *path = found;
            }
        }
        path.clone()
    }
}

fn path_item(segment: PathSegment) -> PathItem {
    match segment {
        PathSegment::Key(key) => PathItem::Key(key.to_string()),
        PathSegment::Index(index) => PathItem::Index(index),
    }
}

fn branch(out: &Out) -> Option<&Branch> {
    Some(match out {
        Out::YText(shared) => shared.as_ref(),
        Out::YArray(shared) => shared.as_ref(),
        Out::YMap(shared) => shared.as_ref(),
        Out::YXmlFragment(shared) => shared.as_ref(),
        Out::YXmlElement(shared) => shared.as_ref(),
        Out::YXmlText(shared) => shared.as_ref(),
        _ => return None,
    })
}

/// The path to a shared type of the document.
fn find(txn: &TransactionMut, roots: &Roots, target: &Branch) -> Option<Vec<PathItem>> {
    roots.iter().find_map(|(name, kind)| {
        let root = match kind {
            RootKind::Text => txn.get_text(name.as_str()).map(Out::YText),
            RootKind::Array => txn.get_array(name.as_str()).map(Out::YArray),
            RootKind::Map => txn.get_map(name.as_str()).map(Out::YMap),
            RootKind::Xml => txn.get_xml_fragment(name.as_str()).map(Out::YXmlFragment),
        };
        let mut path = vec![PathItem::Key(name.clone())];
        leads_to(txn, &root?, target, &mut path).then_some(path)
    })
}

fn leads_to(txn: &TransactionMut, from: &Out, target: &Branch, path: &mut Vec<PathItem>) -> bool {
    if branch(from).is_some_and(|branch| std::ptr::eq(branch, target)) {
        return true;
    }
    let inner: Vec<(PathItem, Out)> = match from {
        Out::YArray(array) => numbered(array.iter(txn)),
        Out::YXmlFragment(node) => numbered(node.children(txn).map(compat::xml_out)),
        Out::YXmlElement(node) => numbered(node.children(txn).map(compat::xml_out)),
        Out::YMap(map) => map.iter(txn).map(|(key, out)| (PathItem::Key(key.to_owned()), out)).collect(),
        _ => Vec::new(),
    };
    inner.iter().any(|(item, out)| {
        path.push(item.clone());
        let found = leads_to(txn, out, target, path);
        if !found {
            path.pop();
        }
        found
    })
}

fn numbered(items: impl Iterator<Item = Out>) -> Vec<(PathItem, Out)> {
    (0..).map(PathItem::Index).zip(items).collect()
}

/// An event of any type.
trait Readable {
    /// The path from the observed type to the one that changed.
    fn within(&self) -> Path;

    /// What changed; empty when nothing did.
    fn content(&self, txn: &TransactionMut) -> Result<Object<String, Value>, Fault>;
}

impl Readable for TextEvent {
    fn within(&self) -> Path {
        self.path()
    }

    fn content(&self, txn: &TransactionMut) -> Result<Object<String, Value>, Fault> {
        Ok(content(text_delta(self.delta(txn), txn)?, Object::new()))
    }
}

impl Readable for ArrayEvent {
    fn within(&self) -> Path {
        self.path()
    }

    fn content(&self, txn: &TransactionMut) -> Result<Object<String, Value>, Fault> {
        Ok(content(list_delta(self.delta(txn), txn)?, Object::new()))
    }
}

impl Readable for MapEvent {
    fn within(&self) -> Path {
        self.path()
    }

    fn content(&self, txn: &TransactionMut) -> Result<Object<String, Value>, Fault> {
        Ok(content(Vec::new(), entries(self.keys(txn), txn)?))
    }
}

impl Readable for XmlEvent {
    fn within(&self) -> Path {
        self.path()
    }

    fn content(&self, txn: &TransactionMut) -> Result<Object<String, Value>, Fault> {
        Ok(content(list_delta(self.delta(txn), txn)?, entries(self.keys(txn), txn)?))
    }
}

impl Readable for XmlTextEvent {
    fn within(&self) -> Path {
        self.path()
    }

    fn content(&self, txn: &TransactionMut) -> Result<Object<String, Value>, Fault> {
        Ok(content(text_delta(self.delta(txn), txn)?, entries(self.keys(txn), txn)?))
    }
}

impl Readable for Event {
    fn within(&self) -> Path {
        self.path()
    }

    fn content(&self, txn: &TransactionMut) -> Result<Object<String, Value>, Fault> {
        match self {
            Self::Text(event) => event.content(txn),
            Self::Array(event) => event.content(txn),
            Self::Map(event) => event.content(txn),
            Self::XmlFragment(event) => event.content(txn),
            Self::XmlText(event) => event.content(txn),
            #[allow(unreachable_patterns)] // Events of weak links, where they are compiled in.
            _ => Err(Fault::unsupported("observe.weak")),
        }
    }
}

fn content(delta: Vec<Value>, keys: Object<String, Value>) -> Object<String, Value> {
    let mut content = Object::new();
    if !delta.is_empty() {
        content.insert("delta".into(), Value::Array(delta));
    }
    if !keys.is_empty() {
        content.insert("keys".into(), Value::Object(keys));
    }
    content
}

fn list_delta(changes: &[Change], txn: &TransactionMut) -> Result<Vec<Value>, Fault> {
    let mut delta = Vec::new();
    for change in changes {
        delta.push(match change {
            Change::Added(values) => {
                json!({"insert": values.iter().map(|value| from_out(value, txn)).collect::<Result<Vec<_>, _>>()?})
            }
            Change::Removed(length) => json!({"delete": length}),
            Change::Retain(length) => json!({"retain": length}),
        });
    }
    drop_last_retain(&mut delta);
    Ok(delta)
}

fn text_delta(changes: &[Delta], txn: &TransactionMut) -> Result<Vec<Value>, Fault> {
    let mut delta: Vec<Value> = Vec::new();
    for change in changes {
        let (key, value, attributes) = match change {
            Delta::Inserted(Out::Any(Any::String(text)), attrs) => ("insert", json!(text.as_ref()), attrs),
            Delta::Inserted(embed, attrs) => ("insert", json!({"$embed": from_out(embed, txn)?}), attrs),
            Delta::Deleted(length) => ("delete", json!(length), &None),
            Delta::Retain(length, attrs) => ("retain", json!(length), attrs),
        };
        let chunk = chunk(key, value, attributes.as_deref());
        match delta.last_mut() {
            Some(last) if continues(last, &chunk) => join(last, &chunk),
            _ => delta.push(chunk),
        }
    }
    drop_last_retain(&mut delta);
    Ok(delta)
}

fn chunk(key: &str, value: Value, attributes: Option<&Attrs>) -> Value {
    let mut chunk = Object::from_iter([(key.to_owned(), value)]);
    if let Some(attributes) = attributes.filter(|attributes| !attributes.is_empty()) {
        let attributes = attributes.iter().map(|(name, value)| (name.to_string(), from_any(value))).collect();
        chunk.insert("attributes".into(), Value::Object(attributes));
    }
    Value::Object(chunk)
}

/// Whether both chunks insert strings with equal attributes.
fn continues(last: &Value, next: &Value) -> bool {
    last["insert"].is_string() && next["insert"].is_string() && last.get("attributes") == next.get("attributes")
}

fn join(last: &mut Value, next: &Value) {
    if let (Value::String(text), Some(more)) = (&mut last["insert"], next["insert"].as_str()) {
        text.push_str(more);
    }
}

fn drop_last_retain(delta: &mut Vec<Value>) {
    if delta.last().is_some_and(|last| last.get("retain").is_some() && last.get("attributes").is_none()) {
        delta.pop();
    }
}

fn entries(keys: &HashMap<Arc<str>, EntryChange>, txn: &TransactionMut) -> Result<Object<String, Value>, Fault> {
    keys.iter().map(|(key, change)| Ok((key.to_string(), entry(change, txn)?))).collect()
}

fn entry(change: &EntryChange, txn: &TransactionMut) -> Answer {
    let (action, old, new) = match change {
        EntryChange::Inserted(new) => ("add", None, Some(new)),
        EntryChange::Updated(old, new) => ("update", Some(old), Some(new)),
        EntryChange::Removed(old) => ("delete", Some(old), None),
    };
    let mut entry = Object::from_iter([("action".to_owned(), json!(action))]);
    if let Some(Out::Any(old)) = old {
        entry.insert("old".into(), from_any(old));
    }
    if let Some(new) = new {
        entry.insert("new".into(), from_out(new, txn)?);
    }
    Ok(Value::Object(entry))
}
