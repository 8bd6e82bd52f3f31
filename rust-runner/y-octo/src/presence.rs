//! Awareness: the states that clients tell each other, apart from the document.

use conformance_runner::fault::{Answer, Fault};
use serde_json::{Map as Object, Value as Json};
use y_octo::{read_sync_message, read_var_buffer, write_sync_message, write_var_buffer, Awareness, SyncMessage};

/// The type of an awareness message of y-websocket, which stands before the update.
const AWARENESS: u8 = 1;

/// The awareness of a document.
pub struct Presence(Awareness);

impl Presence {
    /// The awareness of a client, without a local state.
    pub fn new(client: u64) -> Self {
        Self(Awareness::new(client))
    }

    /// Sets the local state; null takes it away.
    ///
    /// # Errors
    /// None: the library keeps any text.
    pub fn set(&mut self, state: &Json) -> Answer {
        if state.is_null() {
            self.0.clear_local_state();
        } else {
            self.0.set_local_state(state.to_string());
        }
        Ok(Json::Null)
    }

    /// An update with the states of these clients, or of all that are known. The library writes it within a message only.
    ///
    /// # Errors
    /// [`Fault::Refused`] with the library's error.
    pub fn encode(&self, clients: Option<&[u64]>) -> Result<Vec<u8>, Fault> {
        let mut states = self.0.get_states().clone();
        if let Some(clients) = clients {
            states.retain(|client, _| clients.contains(client));
        }
        let mut message = Vec::new();
        write_sync_message(&mut message, &SyncMessage::Awareness(states)).map_err(Fault::refused)?;
        let (_, update) = read_var_buffer(&message[1..]).map_err(|error| Fault::runner(error.to_string()))?;
        Ok(update.to_vec())
    }

    /// Applies an update.
    ///
    /// # Errors
    /// [`Fault::Refused`] with the library's error.
    pub fn apply(&mut self, update: &[u8]) -> Answer {
        let mut message = vec![AWARENESS];
        write_var_buffer(&mut message, update).map_err(Fault::refused)?;
        match read_sync_message(&message).map_err(Fault::refused)? {
            (_, SyncMessage::Awareness(states)) => self.0.apply_update(states),
            (_, other) => return Err(Fault::refused(format!("read as {other:?}"))),
        }
        Ok(Json::Null)
    }

    /// The states of all clients that have one.
    ///
    /// # Errors
    /// [`Fault::Refused`] for a state that is not JSON: the library keeps what it was given.
    pub fn states(&self) -> Answer {
        let known = self.0.get_states().iter().filter(|(_, state)| !state.is_deleted());
        known
            .map(|(client, state)| {
                Ok((client.to_string(), serde_json::from_str(state.content()).map_err(Fault::refused)?))
            })
            .collect::<Result<Object<_, _>, _>>()
            .map(Json::Object)
    }
}
