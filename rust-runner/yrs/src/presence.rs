//! Awareness: the states that clients tell each other, apart from the document.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{json, Map as Object, Value};
use yrs::sync::awareness::Event;
use yrs::sync::{Awareness, AwarenessUpdate};
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::Doc;

use crate::compat;
use crate::fault::{Answer, Fault};

/// The awareness of a document, and what its `update` event told.
pub struct Presence {
    awareness: Awareness,
    told: Rc<RefCell<Vec<Value>>>,
}

impl Presence {
    /// The awareness of a document, without a local state.
    pub fn new(doc: &Doc) -> Self {
        let mut awareness = Awareness::new(doc.clone());
        let told = Rc::new(RefCell::new(Vec::new()));
        let log = Rc::clone(&told);
        compat::observe_awareness(&mut awareness, "events", move |event| log.borrow_mut().push(changes(event)));
        Self { awareness, told }
    }

    /// Sets the local state; null takes it away.
    ///
    /// # Errors
    /// [`Fault::Refused`] with the library's error.
    pub fn set(&mut self, state: &Value) -> Answer {
        if state.is_null() {
            self.awareness.clean_local_state();
        } else {
            self.awareness.set_local_state(state).map_err(Fault::refused)?;
        }
        Ok(Value::Null)
    }

    /// An update with the states of these clients, or of all that have one.
    ///
    /// # Errors
    /// [`Fault::Refused`] with the library's error, such as for a client that is not known.
    pub fn encode(&self, clients: Option<&[u64]>) -> Result<Vec<u8>, Fault> {
        let update = match clients {
            Some(clients) => self.awareness.update_with_clients(clients.iter().copied().map(compat::client_id)),
            None => self.awareness.update(),
        };
        Ok(update.map_err(Fault::refused)?.encode_v1())
    }

    /// Applies an update.
    ///
    /// # Errors
    /// [`Fault::Refused`] with the library's error.
    pub fn apply(&mut self, update: &[u8]) -> Answer {
        let update = AwarenessUpdate::decode_v1(update).map_err(Fault::refused)?;
        self.awareness.apply_update(update).map_err(Fault::refused)?;
        Ok(Value::Null)
    }

    /// Takes away the states of these clients. The library does it one by one.
    pub fn remove(&mut self, clients: &[u64]) {
        for client in clients {
            self.awareness.remove_state(compat::client_id(*client));
        }
    }

    /// The states of all clients that have one.
    ///
    /// # Errors
    /// [`Fault::Refused`] for a state that is not JSON: the library keeps what it was given.
    pub fn states(&self) -> Answer {
        let mut states = Object::new();
        for (client, json) in compat::awareness_states(&self.awareness) {
            states.insert(client.to_string(), serde_json::from_str(&json).map_err(Fault::refused)?);
        }
        Ok(Value::Object(states))
    }

    /// What the `update` event told since the last call.
    pub fn events(&mut self) -> Value {
        Value::Array(self.told.take())
    }
}

fn changes(event: &Event) -> Value {
    json!({"added": sorted(event.added()), "updated": sorted(event.updated()), "removed": sorted(event.removed())})
}

fn sorted(clients: &[compat::ClientId]) -> Vec<u64> {
    let mut clients: Vec<_> = clients.iter().copied().map(compat::client_number).collect();
    clients.sort_unstable();
    clients
}
