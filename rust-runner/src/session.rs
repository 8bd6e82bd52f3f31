//! A session: the documents of the peers that this runner plays, the slots, and the steps over them.

use std::any::Any as AnyPanic;
use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::rc::Rc;

use serde_json::{json, Map as Object, Value};
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Doc, ReadTxn, StateVector, Transact, TransactionMut, Update};

use crate::document::{begin, commit, transact, Document, Peer};
use crate::fault::{Answer, Fault};
use crate::step::{decode_base64, encode_base64, required, Bytes, Format, PeerOptions, Roots, Step};
use crate::{compat, ops, positions, snapshots, subdocs, sync, values, wrap};

/// The origin of transactions that apply updates: undo managers track local transactions, which have none.
const REMOTE: &str = "remote";

/// The ops beside the local ones, as far as every release has them.
pub const OPS: [&str; 37] = [
    "transact",
    "wrap",
    "encode",
    "apply",
    "state_vector",
    "state",
    "pending",
    "merge",
    "diff",
    "update_state_vector",
    "convert",
    "snapshot",
    "snapshot.restore",
    "snapshot.equal",
    "position",
    "position.resolve",
    "undo.track",
    "undo",
    "redo",
    "undo.stop",
    "undo.clear",
    "undo.can",
    "observe",
    "events",
    "subdocs",
    "subdocs.observe",
    "subdocs.events",
    "awareness.set",
    "awareness.encode",
    "awareness.apply",
    "awareness.remove",
    "awareness.states",
    "awareness.events",
    "sync.step1",
    "sync.step2",
    "sync.update",
    "sync.read",
];

/// Documents by peer name, and byte strings by slot name.
#[derive(Default)]
pub struct Session {
    roots: Rc<Roots>,
    wraps: bool,
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
        let mut session = Self { roots: Rc::new(roots), ..Self::default() };
        for (name, options) in peers {
            if options.client >> 53 != 0 {
                return Err(Fault::runner(format!("client id {} is not below 2^53", options.client)));
            }
            let peer = guarded(|| Ok(Peer::new(options, &session.roots)))?;
            session.peers.insert(name.clone(), peer);
        }
        Ok(session)
    }

    /// The same session, but the numbers of local ops are taken modulo what there is.
    #[must_use]
    pub fn wrapping(self, wraps: bool) -> Self {
        Self { wraps, ..self }
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
        match step.op.split('.').next().unwrap_or_default() {
            "transact" => self.local(step, required("steps", &step.steps)?),
            _ if ops::LOCAL.contains(&step.op.as_str()) => self.local(step, std::slice::from_ref(step)),
            "wrap" => self.wrapped(step),
            "merge" | "diff" | "update_state_vector" | "convert" => self.on_updates(step),
            "snapshot" => self.on_snapshots(step),
            "position" => self.on_positions(step),
            "undo" | "redo" => self.document(step)?.undo(step),
            "observe" | "events" | "subdocs" => self.on_observers(step),
            "awareness" => self.on_awareness(step),
            "sync" => self.on_sync(step),
            _ => self.on_document(step),
        }
    }

    fn on_document(&mut self, step: &Step) -> Answer {
        match step.op.as_str() {
            "encode" => {
                let since = self.state_vector_of(step.since.as_ref())?;
                let doc = self.doc(step)?;
                // Not `encode_diff`: Yjs' encodeStateAsUpdate carries what is pending, too.
                let update = match step.format() {
                    Format::V1 => doc.transact().encode_state_as_update_v1(&since),
                    Format::V2 => doc.transact().encode_state_as_update_v2(&since),
                };
                Ok(self.observe(step, update))
            }
            "apply" => {
                let update = decode_update(&self.bytes_of("update", &step.update)?, step.format())?;
                transact(&self.doc(step)?, Some(REMOTE), |txn| compat::apply_update(txn, update))?;
                Ok(Value::Null)
            }
            "state_vector" => {
                let state_vector = self.doc(step)?.transact().state_vector().encode_v1();
                Ok(self.observe(step, state_vector))
            }
            "state" => self.state(step),
            "pending" => Ok(json!(compat::has_pending(&self.doc(step)?.transact()))),
            op => Err(Fault::unsupported(op)),
        }
    }

    fn on_updates(&mut self, step: &Step) -> Answer {
        let format = step.format();
        let made = match step.op.as_str() {
            "merge" => {
                let updates = self.all_bytes(required("updates", &step.updates)?)?;
                let slices = updates.iter().map(Vec::as_slice);
                match format {
                    Format::V1 => yrs::merge_updates_v1(slices),
                    Format::V2 => yrs::merge_updates_v2(slices),
                }
            }
            "diff" => {
                let update = self.bytes_of("update", &step.update)?;
                let since = self.bytes_of("since", &step.since)?;
                match format {
                    Format::V1 => yrs::diff_updates_v1(&update, &since),
                    Format::V2 => yrs::diff_updates_v2(&update, &since),
                }
            }
            "update_state_vector" => {
                let update = self.bytes_of("update", &step.update)?;
                match format {
                    Format::V1 => yrs::encode_state_vector_from_update_v1(&update),
                    Format::V2 => yrs::encode_state_vector_from_update_v2(&update),
                }
            }
            "convert" => {
                let bytes = self.bytes_of("update", &step.update)?;
                let update = decode_update(&bytes, *required("from", &step.from)?)?;
                Ok(match required("to", &step.to)? {
                    Format::V1 => update.encode_v1(),
                    Format::V2 => update.encode_v2(),
                })
            }
            op => return Err(Fault::unsupported(op)),
        };
        Ok(self.observe(step, made.map_err(Fault::refused)?))
    }

    fn on_snapshots(&mut self, step: &Step) -> Answer {
        let format = step.format();
        let made = match step.op.as_str() {
            "snapshot" => snapshots::take(&self.doc(step)?, format),
            "snapshot.restore" => {
                let snapshot = self.bytes_of("snapshot", &step.snapshot)?;
                snapshots::restore(&self.doc(step)?, &snapshot, format)?
            }
            "snapshot.equal" => {
                let snapshots = self.all_bytes(required("snapshots", &step.snapshots)?)?;
                let [a, b] = snapshots.as_slice() else { return Err(Fault::runner("two snapshots are compared")) };
                return snapshots::equal(a, b, format).map(Value::Bool);
            }
            op => return Err(Fault::unsupported(op)),
        };
        Ok(self.observe(step, made))
    }

    fn on_positions(&mut self, step: &Step) -> Answer {
        let made = match step.op.as_str() {
            "position" => {
                let Some(step) = self.placed(step)? else { return Ok(Value::Null) };
                let (index, assoc) = (*required("index", &step.index)?, step.assoc.unwrap_or(0));
                let document = self.document(&step)?;
                let target = document.target(&step)?;
                transact(&document.doc, None, |txn| positions::create(txn, &target, index, assoc))?
            }
            "position.resolve" => {
                let position = self.bytes_of("position", &step.position)?;
                return transact(&self.doc(step)?, None, |txn| positions::resolve(txn, &position));
            }
            "position.json" => return positions::to_json(&self.bytes_of("position", &step.position)?),
            "position.parse" => positions::from_json(required("json", &step.json)?)?,
            op => return Err(Fault::unsupported(op)),
        };
        Ok(self.observe(step, made))
    }

    fn on_observers(&mut self, step: &Step) -> Answer {
        let document = self.document(step)?;
        match step.op.as_str() {
            "observe" => document.observe(step),
            "events" => document.events(),
            "subdocs" => Ok(subdocs::guids(&document.doc)),
            "subdocs.observe" => document.observe_subdocs(),
            "subdocs.events" => Ok(document.subdoc_events()),
            op => Err(Fault::unsupported(op)),
        }
    }

    fn on_awareness(&mut self, step: &Step) -> Answer {
        match step.op.as_str() {
            "awareness.set" => self.document(step)?.presence().set(required("state", &step.state)?),
            "awareness.encode" => {
                let update = self.document(step)?.presence().encode(step.clients.as_deref())?;
                Ok(self.observe(step, update))
            }
            "awareness.apply" => {
                let update = self.bytes_of("update", &step.update)?;
                self.document(step)?.presence().apply(&update)
            }
            "awareness.remove" => {
                self.document(step)?.presence().remove(required("clients", &step.clients)?);
                Ok(Value::Null)
            }
            "awareness.states" => self.document(step)?.presence().states(),
            "awareness.events" => Ok(self.document(step)?.presence().events()),
            op => Err(Fault::unsupported(op)),
        }
    }

    fn on_sync(&mut self, step: &Step) -> Answer {
        let message = match step.op.as_str() {
            "sync.step1" => Some(sync::step1(&self.doc(step)?)),
            "sync.step2" => {
                let since = self.state_vector_of(step.since.as_ref())?;
                Some(sync::step2(&self.doc(step)?, since)?)
            }
            "sync.update" => Some(sync::update(self.bytes_of("update", &step.update)?)),
            "sync.read" => {
                let message = self.bytes_of("message", &step.message)?;
                sync::read(&self.doc(step)?, &message)?
            }
            op => return Err(Fault::unsupported(op)),
        };
        Ok(message.map_or(Value::Null, |message| self.observe(step, message)))
    }

    /// Local ops in one transaction. The first fault among them is the answer, and the last to be tried.
    fn local(&mut self, step: &Step, steps: &[Step]) -> Answer {
        let doc = self.doc(step)?;
        let mut txn = begin(&doc, step.origin.as_deref());
        let outcome = steps.iter().try_for_each(|inner| self.perform(&mut txn, inner));
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

    fn perform(&self, txn: &mut TransactionMut, step: &Step) -> Result<(), Fault> {
        if !self.wraps {
            return ops::perform(txn, &self.roots, step);
        }
        let Some(places) = wrap::places(txn, &self.roots, step)? else { return Ok(()) };
        ops::perform(txn, &self.roots, &with_places(step, places))
    }

    /// The step with the places that it has here; `None` when there are none.
    fn placed(&mut self, step: &Step) -> Result<Option<Step>, Fault> {
        if !self.wraps {
            return Ok(Some(step.clone()));
        }
        let doc = self.doc(step)?;
        let places = transact(&doc, None, |txn| wrap::places(txn, &self.roots, step))?;
        Ok(places.map(|places| with_places(step, places)))
    }

    /// A local op as a session that wraps performs it; null when it does nothing.
    fn wrapped(&mut self, step: &Step) -> Answer {
        let mut raw = required("step", &step.step)?.clone();
        let local: Step = serde_json::from_value(Value::Object(raw.clone()))
            .map_err(|error| Fault::runner(format!("malformed step: {error}")))?;
        let doc = self.doc(step)?;
        let Some(places) = transact(&doc, None, |txn| wrap::places(txn, &self.roots, &local))? else {
            return Ok(Value::Null);
        };
        raw.insert("path".into(), json!(places.path));
        for (key, number) in [("index", places.index), ("length", places.length)] {
            if let Some(number) = number {
                raw.insert(key.into(), json!(number));
            }
        }
        Ok(Value::Object(raw))
    }

    fn state(&mut self, step: &Step) -> Answer {
        let doc = self.doc(step)?;
        let roots: Vec<_> = transact(&doc, None, |txn| {
            self.roots.iter().map(|(name, kind)| (name, ops::root(txn, name, *kind))).collect()
        });
        let txn = doc.transact();
        let state = roots.iter().map(|(name, out)| Ok(((*name).clone(), values::from_out(out, &txn)?)));
        state.collect::<Result<Object<_, _>, _>>().map(Value::Object)
    }

    fn document(&mut self, step: &Step) -> Result<&mut Document, Fault> {
        let peer = self.peers.get_mut(&step.peer);
        peer.ok_or_else(|| Fault::runner(format!("the session has no peer {:?}", step.peer)))?.document(step)
    }

    /// A handle of the document that performs the step.
    fn doc(&mut self, step: &Step) -> Result<Doc, Fault> {
        self.document(step).map(|document| document.doc.clone())
    }

    fn bytes_of(&self, key: &str, bytes: &Option<Bytes>) -> Result<Vec<u8>, Fault> {
        self.bytes(required(key, bytes)?)
    }

    fn all_bytes(&self, operands: &[Bytes]) -> Result<Vec<Vec<u8>>, Fault> {
        operands.iter().map(|bytes| self.bytes(bytes)).collect()
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

fn with_places(step: &Step, wrap::Places { path, index, length }: wrap::Places) -> Step {
    Step { path: Some(path), index, length, ..step.clone() }
}

fn decode_update(bytes: &[u8], format: Format) -> Result<Update, Fault> {
    match format {
        Format::V1 => Update::decode_v1(bytes),
        Format::V2 => Update::decode_v2(bytes),
    }
    .map_err(Fault::refused)
}
