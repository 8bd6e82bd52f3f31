//! The documents of the peers that this runner plays, and the steps over them.

use std::collections::HashMap;

use conformance_runner::fault::{Answer, Fault};
use conformance_runner::library::{Documents, Library};
use conformance_runner::slots::Slots;
use conformance_runner::step::{required, Bytes, Format, PeerOptions, Roots, Step, LOCAL};
use conformance_runner::wrap;
use serde_json::{Map as Object, Value};
use y_octo::{
    merge_updates_v1, CrdtRead, CrdtWrite, Doc, DocOptions, JwstCodecError, RawDecoder, RawEncoder, StateVector,
};

use crate::presence::Presence;
use crate::values::View;
use crate::wrap::Tree;
use crate::{ops, sync};

/// The ops beside the local ones.
const OPS: [&str; 15] = [
    "transact",
    "wrap",
    "encode",
    "apply",
    "state_vector",
    "state",
    "merge",
    "awareness.set",
    "awareness.encode",
    "awareness.apply",
    "awareness.states",
    "sync.step1",
    "sync.step2",
    "sync.update",
    "sync.read",
];

/// The features beside the ops.
const FEATURES: [&str; 14] = [
    "emit",
    "root.text",
    "root.array",
    "root.map",
    "value.undefined",
    "value.bigint",
    "value.bytes",
    "value.text",
    "value.array",
    "value.map",
    "value.doc",
    "text.insert.attributes",
    "gc.off",
    "client.53",
];

/// What came with 0.1: documents tell whether something waits, and a read-only view shows XML.
const SINCE_0_1: &[&str] = if cfg!(y_octo_1) { &["pending", "root.xml"] } else { &[] };

/// A session of this runner.
pub type Session = conformance_runner::session::Session<Peers>;

/// A peer's document, and its awareness once it has one.
struct Peer {
    doc: Doc,
    presence: Option<Presence>,
}

/// Documents by peer name.
pub struct Peers {
    roots: Roots,
    wraps: bool,
    peers: HashMap<String, Peer>,
}

impl Documents for Peers {
    fn library() -> Library {
        let local = LOCAL.into_iter().filter(|op| ops::can(op));
        Library {
            name: "y-octo",
            version: env!("LIBRARY_VERSION"),
            runtime: env!("RUSTC_VERSION"),
            features: local.chain(OPS).chain(FEATURES).chain(SINCE_0_1.iter().copied()).collect(),
            lossy: &[],
        }
    }

    fn new<'a>(roots: Roots, peers: impl Iterator<Item = (&'a String, &'a PeerOptions)>) -> Result<Self, Fault> {
        let mut made = HashMap::new();
        for (name, options) in peers {
            let doc = DocOptions::new().with_client_id(options.client).auto_gc(options.gc).build();
            if options.declare {
                ops::declare(&doc, &roots)?;
            }
            made.insert(name.clone(), Peer { doc, presence: None });
        }
        Ok(Self { roots, wraps: false, peers: made })
    }

    fn wrap(&mut self, wraps: bool) {
        self.wraps = wraps;
    }

    fn perform(&mut self, step: &Step, slots: &mut Slots) -> Answer {
        refuse_what_there_is_not(step)?;
        match step.op.split('.').next().unwrap_or_default() {
            "transact" => self.local(step, required("steps", &step.steps)?, slots),
            _ if ops::can(&step.op) => self.local(step, std::slice::from_ref(step), slots),
            "wrap" => {
                let doc = self.peer(step)?.doc.clone();
                wrap::wrapped(&mut Tree(&doc), &self.roots, step)
            }
            "awareness" => self.on_awareness(step, slots),
            "sync" => self.on_sync(step, slots),
            _ => self.on_document(step, slots),
        }
    }
}

/// The library has no second format, no subdocuments to work in, and no transactions that could have an origin.
fn refuse_what_there_is_not(step: &Step) -> Result<(), Fault> {
    if step.format() == Format::V2 {
        return Err(Fault::unsupported(format!("{}.v2", step.op)));
    }
    if step.doc.is_some() {
        return Err(Fault::unsupported("doc"));
    }
    if step.origin.is_some() {
        return Err(Fault::unsupported("origin"));
    }
    Ok(())
}

impl Peers {
    fn on_document(&mut self, step: &Step, slots: &mut Slots) -> Answer {
        match step.op.as_str() {
            "encode" => {
                let since = state_vector_of(step.since.as_ref(), slots)?;
                let update = self.peer(step)?.doc.encode_state_as_update_v1(&since).map_err(refused)?;
                Ok(slots.observe(step, update))
            }
            "apply" => {
                let update = slots.bytes_of("update", &step.update)?;
                self.peer(step)?.doc.apply_update_from_binary_v1(update).map_err(refused)?;
                Ok(Value::Null)
            }
            "state_vector" => {
                let state_vector = encode_state_vector(&self.peer(step)?.doc.get_state_vector())?;
                Ok(slots.observe(step, state_vector))
            }
            "state" => self.state(step),
            #[cfg(y_octo_1)]
            "pending" => Ok(self.peer(step)?.doc.has_pending_updates().into()),
            "merge" => {
                let updates = slots.all_bytes(required("updates", &step.updates)?)?;
                let merged = merge_updates_v1(updates).and_then(|update| update.encode_v1()).map_err(refused)?;
                Ok(slots.observe(step, merged))
            }
            op => Err(Fault::unsupported(op)),
        }
    }

    fn on_awareness(&mut self, step: &Step, slots: &mut Slots) -> Answer {
        let peer = self.peer(step)?;
        let client = peer.doc.client();
        let presence = peer.presence.get_or_insert_with(|| Presence::new(client));
        match step.op.as_str() {
            "awareness.set" => presence.set(required("state", &step.state)?),
            "awareness.encode" => Ok(slots.observe(step, presence.encode(step.clients.as_deref())?)),
            "awareness.apply" => presence.apply(&slots.bytes_of("update", &step.update)?),
            "awareness.states" => presence.states(),
            op => Err(Fault::unsupported(op)),
        }
    }

    fn on_sync(&mut self, step: &Step, slots: &mut Slots) -> Answer {
        let peer = self.peer(step)?;
        let message = match step.op.as_str() {
            "sync.step1" => Some(sync::step1(&peer.doc)?),
            "sync.step2" => Some(sync::step2(&peer.doc, &state_vector_of(step.since.as_ref(), slots)?)?),
            "sync.update" => Some(sync::update(slots.bytes_of("update", &step.update)?)?),
            "sync.read" => sync::read(&mut peer.doc, &slots.bytes_of("message", &step.message)?)?,
            op => return Err(Fault::unsupported(op)),
        };
        Ok(message.map_or(Value::Null, |message| slots.observe(step, message)))
    }

    /// Local ops. What they emit is what the library's own publisher would tell subscribers: the structs since the state
    /// before, and all deletes of the document.
    fn local(&mut self, step: &Step, steps: &[Step], slots: &mut Slots) -> Answer {
        let doc = self.peer(step)?.doc.clone();
        let before = step.slot.is_some().then(|| (doc.get_state_vector(), doc.get_delete_sets()));
        for inner in steps {
            refuse_what_there_is_not(inner)?;
            if !self.wraps {
                ops::perform(&doc, &self.roots, inner)?;
            } else if let Some(placed) = wrap::placed(&mut Tree(&doc), &self.roots, inner)? {
                ops::perform(&doc, &self.roots, &placed)?;
            }
        }
        let Some((state, deletes)) = before else { return Ok(Value::Null) };
        if state == doc.get_state_vector() && deletes == doc.get_delete_sets() {
            return Ok(Value::Null);
        }
        Ok(slots.observe(step, doc.encode_state_as_update_v1(&state).map_err(refused)?))
    }

    fn state(&mut self, step: &Step) -> Answer {
        let doc = self.peer(step)?.doc.clone();
        let view = View::new(&doc);
        let state = self.roots.iter().map(|(name, kind)| Ok((name.clone(), view.root(name, *kind)?)));
        state.collect::<Result<Object<_, _>, _>>().map(Value::Object)
    }

    fn peer(&mut self, step: &Step) -> Result<&mut Peer, Fault> {
        let peer = self.peers.get_mut(&step.peer);
        peer.ok_or_else(|| Fault::runner(format!("the session has no peer {:?}", step.peer)))
    }
}

/// An error of the library.
#[allow(clippy::needless_pass_by_value)] // It is what `map_err` gives.
pub fn refused(error: JwstCodecError) -> Fault {
    Fault::refused(error)
}

/// A state vector as bytes.
///
/// # Errors
/// [`Fault::Refused`] with the library's error.
pub fn encode_state_vector(state_vector: &StateVector) -> Result<Vec<u8>, Fault> {
    let mut encoder = RawEncoder::default();
    state_vector.write(&mut encoder).map_err(refused)?;
    Ok(encoder.into_inner())
}

/// Reads a state vector.
///
/// # Errors
/// [`Fault::Refused`] with the library's error.
pub fn decode_state_vector(bytes: &[u8]) -> Result<StateVector, Fault> {
    StateVector::read(&mut RawDecoder::new(bytes)).map_err(refused)
}

fn state_vector_of(bytes: Option<&Bytes>, slots: &Slots) -> Result<StateVector, Fault> {
    match bytes {
        Some(bytes) => decode_state_vector(&slots.bytes(bytes)?),
        None => Ok(StateVector::default()),
    }
}
