//! The documents of the peers that this runner plays, and the steps over them.

use std::collections::HashMap;
use std::rc::Rc;

use conformance_runner::library::{Documents, Library};
use conformance_runner::slots::Slots;
use conformance_runner::wrap;
use serde_json::{json, Map as Object, Value};
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Doc, ReadTxn, StateVector, Transact, TransactionMut, Update};

use crate::document::{begin, commit, transact, Document, Peer};
use crate::fault::{Answer, Fault};
use crate::step::{required, Bytes, Format, PeerOptions, Roots, Step, LOCAL};
use crate::wrap::Tree;
use crate::{compat, ops, positions, snapshots, subdocs, sync, values};

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

/// The features beside the ops that every release has.
const FEATURES: [&str; 35] = [
    "emit",
    "apply.v2",
    "encode.v2",
    "merge.v2",
    "diff.v2",
    "update_state_vector.v2",
    "emit.v2",
    "snapshot.v2",
    "snapshot.restore.v2",
    "snapshot.equal.v2",
    "doc",
    "origin",
    "undo.origins",
    "undo.timeout",
    "undo.manager",
    "observe.deep",
    "observe.text",
    "observe.array",
    "observe.map",
    "observe.xml",
    "root.text",
    "root.array",
    "root.map",
    "root.xml",
    "value.undefined",
    "value.bigint",
    "value.bytes",
    "value.text",
    "value.array",
    "value.map",
    "value.xml",
    "value.doc",
    "text.insert.attributes",
    "gc.off",
    "client.53",
];

/// A session of this runner.
pub type Session = conformance_runner::session::Session<Peers>;

/// Documents by peer name.
pub struct Peers {
    roots: Rc<Roots>,
    wraps: bool,
    peers: HashMap<String, Peer>,
}

impl Documents for Peers {
    fn library() -> Library {
        let ops = LOCAL.into_iter().chain(OPS);
        Library {
            name: "yrs",
            version: env!("LIBRARY_VERSION"),
            runtime: env!("RUSTC_VERSION"),
            features: ops.chain(FEATURES).chain(compat::features().iter().copied()).collect(),
            lossy: compat::lossy(),
        }
    }

    fn new<'a>(roots: Roots, peers: impl Iterator<Item = (&'a String, &'a PeerOptions)>) -> Result<Self, Fault> {
        let roots = Rc::new(roots);
        let peers = peers.map(|(name, options)| (name.clone(), Peer::new(options, &roots))).collect();
        Ok(Self { roots, wraps: false, peers })
    }

    fn wrap(&mut self, wraps: bool) {
        self.wraps = wraps;
    }

    fn perform(&mut self, step: &Step, slots: &mut Slots) -> Answer {
        match step.op.split('.').next().unwrap_or_default() {
            "transact" => self.local(step, required("steps", &step.steps)?, slots),
            _ if LOCAL.contains(&step.op.as_str()) => self.local(step, std::slice::from_ref(step), slots),
            "wrap" => self.wrapped(step),
            "merge" | "diff" | "update_state_vector" | "convert" => self.on_updates(step, slots),
            "snapshot" => self.on_snapshots(step, slots),
            "position" => self.on_positions(step, slots),
            "undo" | "redo" => self.document(step)?.undo(step),
            "observe" | "events" | "subdocs" => self.on_observers(step),
            "awareness" => self.on_awareness(step, slots),
            "sync" => self.on_sync(step, slots),
            _ => self.on_document(step, slots),
        }
    }
}

impl Peers {
    fn on_document(&mut self, step: &Step, slots: &mut Slots) -> Answer {
        match step.op.as_str() {
            "encode" => {
                let since = state_vector_of(step.since.as_ref(), slots)?;
                let doc = self.doc(step)?;
                // Not `encode_diff`: Yjs' encodeStateAsUpdate carries what is pending, too.
                let update = match step.format() {
                    Format::V1 => doc.transact().encode_state_as_update_v1(&since),
                    Format::V2 => doc.transact().encode_state_as_update_v2(&since),
                };
                Ok(slots.observe(step, update))
            }
            "apply" => {
                let update = decode_update(&slots.bytes_of("update", &step.update)?, step.format())?;
                transact(&self.doc(step)?, Some(REMOTE), |txn| compat::apply_update(txn, update))?;
                Ok(Value::Null)
            }
            "state_vector" => {
                let state_vector = self.doc(step)?.transact().state_vector().encode_v1();
                Ok(slots.observe(step, state_vector))
            }
            "state" => self.state(step),
            "pending" => Ok(json!(compat::has_pending(&self.doc(step)?.transact()))),
            op => Err(Fault::unsupported(op)),
        }
    }

    fn on_updates(&mut self, step: &Step, slots: &mut Slots) -> Answer {
        let format = step.format();
        let made = match step.op.as_str() {
            "merge" => {
                let updates = slots.all_bytes(required("updates", &step.updates)?)?;
                let slices = updates.iter().map(Vec::as_slice);
                match format {
                    Format::V1 => yrs::merge_updates_v1(slices),
                    Format::V2 => yrs::merge_updates_v2(slices),
                }
            }
            "diff" => {
                let update = slots.bytes_of("update", &step.update)?;
                let since = slots.bytes_of("since", &step.since)?;
                match format {
                    Format::V1 => yrs::diff_updates_v1(&update, &since),
                    Format::V2 => yrs::diff_updates_v2(&update, &since),
                }
            }
            "update_state_vector" => {
                let update = slots.bytes_of("update", &step.update)?;
                match format {
                    Format::V1 => yrs::encode_state_vector_from_update_v1(&update),
                    Format::V2 => yrs::encode_state_vector_from_update_v2(&update),
                }
            }
            "convert" => {
                let bytes = slots.bytes_of("update", &step.update)?;
                let update = decode_update(&bytes, *required("from", &step.from)?)?;
                Ok(match required("to", &step.to)? {
                    Format::V1 => update.encode_v1(),
                    Format::V2 => update.encode_v2(),
                })
            }
            op => return Err(Fault::unsupported(op)),
        };
        Ok(slots.observe(step, made.map_err(Fault::refused)?))
    }

    fn on_snapshots(&mut self, step: &Step, slots: &mut Slots) -> Answer {
        let format = step.format();
        let made = match step.op.as_str() {
            "snapshot" => snapshots::take(&self.doc(step)?, format),
            "snapshot.restore" => {
                let snapshot = slots.bytes_of("snapshot", &step.snapshot)?;
                snapshots::restore(&self.doc(step)?, &snapshot, format)?
            }
            "snapshot.equal" => {
                let snapshots = slots.all_bytes(required("snapshots", &step.snapshots)?)?;
                let [a, b] = snapshots.as_slice() else { return Err(Fault::runner("two snapshots are compared")) };
                return snapshots::equal(a, b, format).map(Value::Bool);
            }
            op => return Err(Fault::unsupported(op)),
        };
        Ok(slots.observe(step, made))
    }

    fn on_positions(&mut self, step: &Step, slots: &mut Slots) -> Answer {
        let made = match step.op.as_str() {
            "position" => {
                let Some(step) = self.placed(step)? else { return Ok(Value::Null) };
                let (index, assoc) = (*required("index", &step.index)?, step.assoc.unwrap_or(0));
                let document = self.document(&step)?;
                let target = document.target(&step)?;
                transact(&document.doc, None, |txn| positions::create(txn, &target, index, assoc))?
            }
            "position.resolve" => {
                let position = slots.bytes_of("position", &step.position)?;
                return transact(&self.doc(step)?, None, |txn| positions::resolve(txn, &position));
            }
            "position.json" => return positions::to_json(&slots.bytes_of("position", &step.position)?),
            "position.parse" => positions::from_json(required("json", &step.json)?)?,
            op => return Err(Fault::unsupported(op)),
        };
        Ok(slots.observe(step, made))
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

    fn on_awareness(&mut self, step: &Step, slots: &mut Slots) -> Answer {
        match step.op.as_str() {
            "awareness.set" => self.document(step)?.presence().set(required("state", &step.state)?),
            "awareness.encode" => {
                let update = self.document(step)?.presence().encode(step.clients.as_deref())?;
                Ok(slots.observe(step, update))
            }
            "awareness.apply" => {
                let update = slots.bytes_of("update", &step.update)?;
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

    fn on_sync(&mut self, step: &Step, slots: &mut Slots) -> Answer {
        let message = match step.op.as_str() {
            "sync.step1" => Some(sync::step1(&self.doc(step)?)),
            "sync.step2" => {
                let since = state_vector_of(step.since.as_ref(), slots)?;
                Some(sync::step2(&self.doc(step)?, since)?)
            }
            "sync.update" => Some(sync::update(slots.bytes_of("update", &step.update)?)),
            "sync.read" => {
                let message = slots.bytes_of("message", &step.message)?;
                sync::read(&self.doc(step)?, &message)?
            }
            op => return Err(Fault::unsupported(op)),
        };
        Ok(message.map_or(Value::Null, |message| slots.observe(step, message)))
    }

    /// Local ops in one transaction. The first fault among them is the answer, and the last to be tried.
    fn local(&mut self, step: &Step, steps: &[Step], slots: &mut Slots) -> Answer {
        let doc = self.doc(step)?;
        let mut txn = begin(&doc, step.origin.as_deref());
        let outcome = steps.iter().try_for_each(|inner| self.local_op(&mut txn, inner));
        // Committed before it is encoded, as Yjs emits an update after its clean-ups.
        txn.commit();
        let emitted = step.slot.is_some() && compat::has_changes(&txn);
        let update = emitted.then(|| match step.format() {
            Format::V1 => txn.encode_update_v1(),
            Format::V2 => txn.encode_update_v2(),
        });
        commit(txn);
        outcome?;
        Ok(update.map_or(Value::Null, |update| slots.observe(step, update)))
    }

    fn local_op(&self, txn: &mut TransactionMut, step: &Step) -> Result<(), Fault> {
        if !self.wraps {
            return ops::perform(txn, &self.roots, step);
        }
        match wrap::placed(&mut Tree(txn), &self.roots, step)? {
            Some(placed) => ops::perform(txn, &self.roots, &placed),
            None => Ok(()),
        }
    }

    /// The step with the places that it has here; `None` when there are none.
    fn placed(&mut self, step: &Step) -> Result<Option<Step>, Fault> {
        if !self.wraps {
            return Ok(Some(step.clone()));
        }
        let doc = self.doc(step)?;
        transact(&doc, None, |txn| wrap::placed(&mut Tree(txn), &self.roots, step))
    }

    fn wrapped(&mut self, step: &Step) -> Answer {
        let doc = self.doc(step)?;
        transact(&doc, None, |txn| wrap::wrapped(&mut Tree(txn), &self.roots, step))
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
}

fn decode_update(bytes: &[u8], format: Format) -> Result<Update, Fault> {
    match format {
        Format::V1 => Update::decode_v1(bytes),
        Format::V2 => Update::decode_v2(bytes),
    }
    .map_err(Fault::refused)
}

fn state_vector_of(bytes: Option<&Bytes>, slots: &Slots) -> Result<StateVector, Fault> {
    match bytes {
        Some(bytes) => StateVector::decode_v1(&slots.bytes(bytes)?).map_err(Fault::refused),
        None => Ok(StateVector::default()),
    }
}
