//! A document with what belongs to it: its undo managers, the logs of its observers, and its awareness.

use std::mem::ManuallyDrop;
use std::rc::Rc;

use serde_json::{json, Value};
use yrs::{Doc, Out, Transact, TransactionMut, UndoManager};

use crate::events::EventLog;
use crate::fault::{Answer, Fault};
use crate::presence::Presence;
use crate::step::{required, PathItem, PeerOptions, Roots, Step};
use crate::subdocs::SubdocLog;
use crate::{compat, ops};

/// The documents that a peer has: its own, and the subdocuments that performed steps.
pub struct Peer {
    declare: bool,
    own: Document,
    inner: Vec<Document>,
}

impl Peer {
    /// A peer with a fresh document.
    pub fn new(options: &PeerOptions, roots: &Rc<Roots>) -> Self {
        let own = Document::new(compat::new_doc(options), roots, options.declare);
        Self { declare: options.declare, own, inner: Vec::new() }
    }

    /// The document that performs the step.
    ///
    /// # Errors
    /// Those of the path to a subdocument.
    pub fn document(&mut self, step: &Step) -> Result<&mut Document, Fault> {
        match &step.doc {
            None => Ok(&mut self.own),
            Some(path) => self.subdocument(path),
        }
    }

    /// The subdocument at a path, loaded. It is told from others by identity: the same guid may come back as another.
    fn subdocument(&mut self, path: &[PathItem]) -> Result<&mut Document, Fault> {
        let roots = &self.own.roots;
        let found = transact(&self.own.doc, None, |txn| match ops::resolve(txn, roots, path)? {
            Out::YDoc(doc) => {
                doc.load(txn);
                Ok(doc)
            }
            _ => Err(Fault::refused("the path does not lead to a subdocument")),
        })?;
        let known = self.inner.iter().position(|known| Doc::ptr_eq(&known.doc, &found));
        let place = known.unwrap_or_else(|| {
            self.inner.push(Document::new(found, roots, self.declare));
            self.inner.len() - 1
        });
        Ok(&mut self.inner[place])
    }
}

/// One document.
pub struct Document {
    // Those before the document are dropped first: they hold on to its events.
    managers: Vec<(Option<String>, UndoManager)>,
    presence: Option<Presence>,
    events: Option<EventLog>,
    subdocs: Option<SubdocLog>,
    /// The document itself.
    pub doc: Doc,
    /// The roots of the session.
    pub roots: Rc<Roots>,
}

impl Document {
    fn new(doc: Doc, roots: &Rc<Roots>, declare: bool) -> Self {
        if declare {
            transact(&doc, None, |txn| {
                for (name, kind) in roots.iter() {
                    ops::root(txn, name, *kind);
                }
            });
        }
        Self { managers: Vec::new(), presence: None, events: None, subdocs: None, doc, roots: Rc::clone(roots) }
    }

    /// The shared type at the step's path.
    ///
    /// # Errors
    /// Those of [`ops::resolve`].
    pub fn target(&self, step: &Step) -> Result<Out, Fault> {
        let path = required("path", &step.path)?;
        transact(&self.doc, None, |txn| ops::resolve(txn, &self.roots, path))
    }

    /// Performs an op on undo managers.
    ///
    /// # Errors
    /// [`Fault::Runner`] for an undo manager that was not made, and those of the op.
    pub fn undo(&mut self, step: &Step) -> Answer {
        if step.op == "undo.track" {
            return self.track(step);
        }
        let manager = self.manager(step)?;
        match step.op.as_str() {
            "undo" => return compat::undo(manager).map(Value::Bool),
            "redo" => return compat::redo(manager).map(Value::Bool),
            "undo.stop" => manager.reset(),
            "undo.clear" => compat::clear(manager)?,
            "undo.can" => return Ok(json!([manager.can_undo(), manager.can_redo()])),
            op => return Err(Fault::unsupported(op)),
        }
        Ok(Value::Null)
    }

    fn track(&mut self, step: &Step) -> Answer {
        let paths = required("paths", &step.paths)?;
        let scope = transact(&self.doc, None, |txn| {
            paths.iter().map(|path| ops::resolve(txn, &self.roots, path)).collect::<Result<Vec<_>, _>>()
        })?;
        let origins = step.origins.as_deref().unwrap_or_default();
        let manager = compat::undo_manager(&self.doc, &scope, origins, step.timeout.unwrap_or(0))?;
        self.managers.retain(|(name, _)| *name != step.manager);
        self.managers.push((step.manager.clone(), manager));
        Ok(Value::Null)
    }

    /// The manager that the step names, else the first.
    fn manager(&mut self, step: &Step) -> Result<&mut UndoManager, Fault> {
        let mut managers = self.managers.iter_mut();
        let named = match &step.manager {
            Some(_) => managers.find(|(name, _)| *name == step.manager),
            None => managers.next(),
        };
        named.map(|(_, manager)| manager).ok_or_else(|| Fault::runner("no undo.track made this undo manager"))
    }

    /// Observes the type at the step's path.
    ///
    /// # Errors
    /// Those of [`ops::resolve`], and [`Fault::Refused`] for what is no shared type.
    pub fn observe(&mut self, step: &Step) -> Answer {
        let target = self.target(step)?;
        if self.events.is_none() {
            self.events = Some(EventLog::new(&self.doc, &self.roots)?);
        }
        let log = self.events.as_mut().ok_or_else(|| Fault::runner("no log"))?;
        log.observe(&target, required("path", &step.path)?, step.deep).map(|()| Value::Null)
    }

    /// What the observers were told since the last call.
    ///
    /// # Errors
    /// What kept an event from being read.
    pub fn events(&mut self) -> Answer {
        self.events.as_mut().map_or(Ok(Value::Array(Vec::new())), EventLog::take)
    }

    /// Observes the subdocuments.
    ///
    /// # Errors
    /// [`Fault::Refused`] when the library does not let it.
    pub fn observe_subdocs(&mut self) -> Answer {
        if self.subdocs.is_none() {
            self.subdocs = Some(SubdocLog::new(&self.doc)?);
        }
        Ok(Value::Null)
    }

    /// What came and went of the subdocuments since the last call.
    pub fn subdoc_events(&mut self) -> Value {
        Value::Array(self.subdocs.as_mut().map(SubdocLog::take).unwrap_or_default())
    }

    /// The document's awareness, which begins with the first call.
    pub fn presence(&mut self) -> &mut Presence {
        self.presence.get_or_insert_with(|| Presence::new(&self.doc))
    }
}

/// Work in a transaction that is leaked when it panics: its drop would commit, and a panic there aborts the process.
pub fn transact<T>(doc: &Doc, origin: Option<&str>, work: impl FnOnce(&mut TransactionMut) -> T) -> T {
    let mut txn = begin(doc, origin);
    let result = work(&mut txn);
    commit(txn);
    result
}

/// A transaction that is leaked unless it reaches [`commit`].
pub fn begin<'a>(doc: &'a Doc, origin: Option<&str>) -> ManuallyDrop<TransactionMut<'a>> {
    ManuallyDrop::new(match origin {
        Some(origin) => doc.transact_mut_with(origin),
        None => doc.transact_mut(),
    })
}

/// Ends a transaction.
pub fn commit(mut txn: ManuallyDrop<TransactionMut>) {
    txn.commit();
    drop(ManuallyDrop::into_inner(txn));
}
