//! A session: the documents of the peers that this runner plays, the slots, and the steps over them.

use std::any::Any as AnyPanic;
use std::cell::RefCell;
use std::collections::HashMap;
use std::mem::ManuallyDrop;
use std::panic::{catch_unwind, AssertUnwindSafe};

use serde_json::{json, Map as Object, Value};
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Doc, ReadTxn, StateVector, Transact, TransactionMut, UndoManager, Update};

use crate::fault::{Answer, Fault};
use crate::step::{decode_base64, encode_base64, required, Bytes, Format, PeerOptions, Roots, Step};
use crate::{compat, ops, values};

/// The origin of transactions that apply updates: undo managers track local transactions, which have none.
const REMOTE: &str = "remote";

/// The ops beside the local ones.
pub const OPS: [&str; 13] = [
    "transact",
    "encode",
    "apply",
    "state_vector",
    "state",
    "pending",
    "merge",
    "diff",
    "update_state_vector",
    "convert",
    "undo.track",
    "undo",
    "redo",
];

struct Peer {
    // Declared before the document, so that it is dropped first: it holds on to the document's events.
    undo: Option<UndoManager>,
    doc: Doc,
}

/// Documents by peer name, and byte strings by slot name.
#[derive(Default)]
pub struct Session {
    roots: Roots,
    peers: HashMap<String, Peer>,
    slots: HashMap<String, Vec<u8>>,
}

thread_local! {
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps the message and the place of a panic for the step's answer, instead of printing them. The place is given
/// from the crate's folder on: so it is the same on every machine.
pub fn record_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place =
            info.location().map(|location| format!(" at {}:{}", within_crate(location.file()), location.line()));
        let recorded = panic_message(info.payload()).to_owned() + place.as_deref().unwrap_or_default();
        LAST_PANIC.with_borrow_mut(|last| *last = Some(recorded));
    }));
}

fn within_crate(file: &str) -> &str {
    let source = file.rfind("/src/").unwrap_or(0);
    file[..source].rfind('/').map_or(file, |start| &file[start + 1..])
}

fn panic_message(payload: &dyn AnyPanic) -> &str {
    let owned = payload.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("panic")
}

/// Runs `work`; a panic becomes [`Fault::Panic`].
fn guarded<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload: Box<dyn AnyPanic + Send>| {
        let recorded = LAST_PANIC.with_borrow_mut(Option::take);
        Err(Fault::Panic(recorded.unwrap_or_else(|| panic_message(payload.as_ref()).to_owned())))
    })
}

impl Session {
    /// Makes the peers' documents.
    ///
    /// # Errors
    /// [`Fault::Runner`] for a client id of 2^53 or above, [`Fault::Panic`].
    pub fn new<'a>(
        roots: Roots,
        peers: impl IntoIterator<Item = (&'a String, &'a PeerOptions)>,
    ) -> Result<Self, Fault> {
        let mut session = Self { roots, ..Self::default() };
        for (name, options) in peers {
            if options.client >> 53 != 0 {
                return Err(Fault::runner(format!("client id {} is not below 2^53", options.client)));
            }
            let doc = guarded(|| {
                let doc = compat::new_doc(options);
                if options.declare {
                    transact(&doc, |txn| {
                        for (name, kind) in &session.roots {
                            ops::root(txn, name, *kind);
                        }
                    });
                }
                Ok(doc)
            })?;
            session.peers.insert(name.clone(), Peer { undo: None, doc });
        }
        Ok(session)
    }

    /// Performs a step. After a fault that [ends the session](Fault::ends_session) none may follow.
    ///
    /// # Errors
    /// What kept the step from being done.
    pub fn step(&mut self, step: &Step) -> Answer {
        guarded(|| self.dispatch(step))
    }

    /// Drops the documents, whose destructors may panic.
    pub fn close(self) {
        // A panic here is not any step's: nobody is left to be told.
        let _ = guarded(|| {
            drop(self);
            Ok(())
        });
    }

    /// Forgets the documents without running their destructors, which are not to be trusted after a panic.
    pub fn abandon(self) {
        std::mem::forget(self);
    }

    fn dispatch(&mut self, step: &Step) -> Answer {
        let format = step.format();
        match step.op.as_str() {
            "transact" => self.local(step, required("steps", &step.steps)?),
            "encode" => {
                let since = self.state_vector_of(step.since.as_ref())?;
                let txn = self.peer(step)?.doc.transact();
                // Not `encode_diff`: Yjs' encodeStateAsUpdate carries what is pending, too.
                let update = match format {
                    Format::V1 => txn.encode_state_as_update_v1(&since),
                    Format::V2 => txn.encode_state_as_update_v2(&since),
                };
                drop(txn);
                Ok(self.observe(step, update))
            }
            "apply" => {
                let update = decode_update(&self.bytes(required("update", &step.update)?)?, format)?;
                let peer = self.peer(step)?;
                let mut txn = ManuallyDrop::new(peer.doc.transact_mut_with(REMOTE));
                let result = compat::apply_update(&mut txn, update);
                commit(txn);
                result.map(|()| Value::Null)
            }
            "state_vector" => {
                let state_vector = self.peer(step)?.doc.transact().state_vector().encode_v1();
                Ok(self.observe(step, state_vector))
            }
            "state" => self.state(step),
            "pending" => Ok(json!(compat::has_pending(&self.peer(step)?.doc.transact()))),
            "merge" => {
                let updates: Vec<_> = required("updates", &step.updates)?
                    .iter()
                    .map(|update| self.bytes(update))
                    .collect::<Result<_, _>>()?;
                let slices = updates.iter().map(Vec::as_slice);
                let merged = match format {
                    Format::V1 => yrs::merge_updates_v1(slices),
                    Format::V2 => yrs::merge_updates_v2(slices),
                };
                Ok(self.observe(step, merged.map_err(Fault::refused)?))
            }
            "diff" => {
                let update = self.bytes(required("update", &step.update)?)?;
                let since = self.bytes(required("since", &step.since)?)?;
                let difference = match format {
                    Format::V1 => yrs::diff_updates_v1(&update, &since),
                    Format::V2 => yrs::diff_updates_v2(&update, &since),
                };
                Ok(self.observe(step, difference.map_err(Fault::refused)?))
            }
            "update_state_vector" => {
                let update = self.bytes(required("update", &step.update)?)?;
                let state_vector = match format {
                    Format::V1 => yrs::encode_state_vector_from_update_v1(&update),
                    Format::V2 => yrs::encode_state_vector_from_update_v2(&update),
                };
                Ok(self.observe(step, state_vector.map_err(Fault::refused)?))
            }
            "convert" => {
                let bytes = self.bytes(required("update", &step.update)?)?;
                let update = decode_update(&bytes, *required("from", &step.from)?)?;
                let converted = match required("to", &step.to)? {
                    Format::V1 => update.encode_v1(),
                    Format::V2 => update.encode_v2(),
                };
                Ok(self.observe(step, converted))
            }
            "undo.track" => self.track(step),
            "undo" => compat::undo(self.undo_manager(step)?).map(Value::Bool),
            "redo" => compat::redo(self.undo_manager(step)?).map(Value::Bool),
            op if ops::LOCAL.contains(&op) => self.local(step, std::slice::from_ref(step)),
            op => Err(Fault::unsupported(op)),
        }
    }

    /// Local ops in one transaction. The answer is the first fault among them; those after a refused one still run.
    fn local(&mut self, step: &Step, steps: &[Step]) -> Answer {
        let peer = self.peer(step)?;
        let mut txn = ManuallyDrop::new(peer.doc.transact_mut());
        let mut outcome = Ok(());
        for inner in steps {
            let done = ops::perform(&mut txn, &self.roots, inner);
            let ends = done.as_ref().is_err_and(Fault::ends_session);
            outcome = outcome.and(done);
            if ends {
                break;
            }
        }
        // Committed before it is encoded, as Yjs emits an update after its clean-ups.
        txn.commit();
        let emitted = step.slot.is_some() && compat::has_changes(&txn);
        let update = emitted.then(|| match step.format() {
            Format::V1 => txn.encode_update_v1(),
            Format::V2 => txn.encode_update_v2(),
        });
        commit(txn);
        outcome?;
        Ok(update.map_or(Value::Null, |update| self.observe(step, update)))
    }

    fn state(&self, step: &Step) -> Answer {
        let doc = &self.peer(step)?.doc;
        let roots: Vec<_> =
            transact(doc, |txn| self.roots.iter().map(|(name, kind)| (name, ops::root(txn, name, *kind))).collect());
        let txn = doc.transact();
        let state = roots.iter().map(|(name, out)| Ok(((*name).clone(), values::from_out(out, &txn)?)));
        state.collect::<Result<Object<_, _>, _>>().map(Value::Object)
    }

    fn track(&mut self, step: &Step) -> Answer {
        let doc = self.peer(step)?.doc.clone();
        let paths = required("paths", &step.paths)?;
        let scope = transact(&doc, |txn| {
            paths.iter().map(|path| ops::resolve(txn, &self.roots, path)).collect::<Result<Vec<_>, _>>()
        })?;
        self.peer_mut(step)?.undo = Some(compat::undo_manager(&doc, &scope)?);
        Ok(Value::Null)
    }

    fn undo_manager(&mut self, step: &Step) -> Result<&mut UndoManager, Fault> {
        self.peer_mut(step)?.undo.as_mut().ok_or_else(|| Fault::runner("undo without undo.track"))
    }

    fn peer(&self, step: &Step) -> Result<&Peer, Fault> {
        self.peers.get(&step.peer).ok_or_else(|| no_peer(step))
    }

    fn peer_mut(&mut self, step: &Step) -> Result<&mut Peer, Fault> {
        self.peers.get_mut(&step.peer).ok_or_else(|| no_peer(step))
    }

    fn bytes(&self, bytes: &Bytes) -> Result<Vec<u8>, Fault> {
        match bytes {
            Bytes::Given { base64 } => decode_base64(base64),
            Bytes::Slot(name) => {
                self.slots.get(name).cloned().ok_or_else(|| Fault::Slot(format!("slot {name:?} was not filled")))
            }
        }
    }

    fn state_vector_of(&self, bytes: Option<&Bytes>) -> Result<StateVector, Fault> {
        match bytes {
            Some(bytes) => StateVector::decode_v1(&self.bytes(bytes)?).map_err(Fault::refused),
            None => Ok(StateVector::default()),
        }
    }

    /// Fills the step's slot, if it names one, and gives what the answer holds.
    fn observe(&mut self, step: &Step, bytes: Vec<u8>) -> Value {
        let observed = Value::String(encode_base64(&bytes));
        if let Some(slot) = &step.slot {
            self.slots.insert(slot.clone(), bytes);
        }
        observed
    }
}

fn no_peer(step: &Step) -> Fault {
    Fault::runner(format!("the session has no peer {:?}", step.peer))
}

/// Work in a transaction that is leaked when it panics: its drop would commit, and a panic there aborts the process.
fn transact<T>(doc: &Doc, work: impl FnOnce(&mut TransactionMut) -> T) -> T {
    let mut txn = ManuallyDrop::new(doc.transact_mut());
    let result = work(&mut txn);
    commit(txn);
    result
}

fn commit(mut txn: ManuallyDrop<TransactionMut>) {
    txn.commit();
    drop(ManuallyDrop::into_inner(txn));
}

fn decode_update(bytes: &[u8], format: Format) -> Result<Update, Fault> {
    match format {
        Format::V1 => Update::decode_v1(bytes),
        Format::V2 => Update::decode_v2(bytes),
    }
    .map_err(Fault::refused)
}
