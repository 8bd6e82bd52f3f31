//! The subdocuments of a document, by their guids.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{json, Value};
use yrs::{Doc, ReadTxn, Transact};

use crate::compat;
use crate::fault::Fault;

/// The guids of all subdocuments, sorted.
pub fn guids(doc: &Doc) -> Value {
    let txn = doc.transact();
    let mut guids: Vec<_> = txn.subdoc_guids().map(|guid| guid.to_string()).collect();
    guids.sort_unstable();
    json!(guids)
}

/// What came and went.
pub struct SubdocLog(Rc<RefCell<Vec<Value>>>);

impl SubdocLog {
    /// Observes the subdocuments of `doc`.
    ///
    /// # Errors
    /// [`Fault::Refused`] when the library does not let it.
    pub fn new(doc: &Doc) -> Result<Self, Fault> {
        let log = Rc::new(RefCell::new(Vec::new()));
        let told = Rc::clone(&log);
        compat::observe_subdocs(doc, "subdocs", move |_, event| {
            told.borrow_mut().push(json!({
                "added": sorted(event.added()),
                "removed": sorted(event.removed()),
                "loaded": sorted(event.loaded()),
            }));
        })?;
        Ok(Self(log))
    }

    /// The changes since the last call, one a transaction.
    pub fn take(&mut self) -> Vec<Value> {
        self.0.take()
    }
}

fn sorted<'a>(docs: impl Iterator<Item = &'a Doc>) -> Vec<String> {
    let mut guids: Vec<_> = docs.map(|doc| doc.guid().to_string()).collect();
    guids.sort_unstable();
    guids
}
