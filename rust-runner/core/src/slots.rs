//! Byte strings by name, as steps fill and read them.

use std::collections::HashMap;

use serde_json::Value;

use crate::fault::Fault;
use crate::step::{decode_base64, encode_base64, required, Bytes, Step};

/// The slots of a session.
#[derive(Debug, Default)]
pub struct Slots(HashMap<String, Vec<u8>>);

impl Slots {
    /// The bytes under the key `key` of a step.
    ///
    /// # Errors
    /// [`Fault::Runner`] when the step does not have it, [`Fault::Slot`] for a slot that was never filled.
    pub fn bytes_of(&self, key: &str, bytes: &Option<Bytes>) -> Result<Vec<u8>, Fault> {
        self.bytes(required(key, bytes)?)
    }

    /// The bytes of a list.
    ///
    /// # Errors
    /// As [`Slots::bytes`].
    pub fn all_bytes(&self, operands: &[Bytes]) -> Result<Vec<Vec<u8>>, Fault> {
        operands.iter().map(|bytes| self.bytes(bytes)).collect()
    }

    /// The bytes that are given or named.
    ///
    /// # Errors
    /// [`Fault::Slot`] for a slot that was never filled, [`Fault::Runner`] for bad base64.
    pub fn bytes(&self, bytes: &Bytes) -> Result<Vec<u8>, Fault> {
        match bytes {
            Bytes::Given { base64 } => decode_base64(base64),
            Bytes::Slot(name) => {
                self.0.get(name).cloned().ok_or_else(|| Fault::Slot(format!("slot {name:?} was not filled")))
            }
        }
    }

    /// Fills the step's slot, if it names one, and gives what the answer holds.
    pub fn observe(&mut self, step: &Step, bytes: Vec<u8>) -> Value {
        let observed = Value::String(encode_base64(&bytes));
        if let Some(slot) = &step.slot {
            self.0.insert(slot.clone(), bytes);
        }
        observed
    }
}
