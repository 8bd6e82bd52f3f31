//! Relative positions, which the library calls sticky indexes.

use serde_json::Value;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Assoc, IndexedSequence, Out, StickyIndex, TransactionMut};

use crate::compat;
use crate::fault::{Answer, Fault};

/// The position before (`assoc` -1) or after the place `index` of a shared type.
///
/// # Errors
/// [`Fault::Refused`] when the library gives none, or the type has no order.
pub fn create(txn: &mut TransactionMut, target: &Out, index: u32, assoc: i8) -> Result<Vec<u8>, Fault> {
    let assoc = if assoc < 0 { Assoc::Before } else { Assoc::After };
    let position = match target {
        Out::YText(shared) => shared.sticky_index(txn, index, assoc),
        Out::YArray(shared) => shared.sticky_index(txn, index, assoc),
        Out::YXmlFragment(shared) => shared.sticky_index(txn, index, assoc),
        Out::YXmlElement(shared) => shared.sticky_index(txn, index, assoc),
        Out::YXmlText(shared) => shared.sticky_index(txn, index, assoc),
        _ => return Err(Fault::refused("the path does not lead to a type with an order")),
    };
    let position = position.ok_or_else(|| Fault::refused(format!("the library has no position at {index}")))?;
    Ok(position.encode_v1())
}

/// The index at which a position stands; null when what it stood at is not there.
///
/// # Errors
/// [`Fault::Refused`] for bytes that are no position.
pub fn resolve(txn: &TransactionMut, position: &[u8]) -> Answer {
    Ok(decode(position)?.get_offset(txn).map_or(Value::Null, |offset| Value::from(offset.index)))
}

/// A position as JSON.
///
/// # Errors
/// [`Fault::Refused`] for bytes that are no position, [`Fault::Unsupported`].
pub fn to_json(position: &[u8]) -> Answer {
    compat::position_to_json(&decode(position)?)
}

/// A position from its JSON.
///
/// # Errors
/// [`Fault::Refused`] for JSON that is no position, [`Fault::Unsupported`].
pub fn from_json(json: &Value) -> Result<Vec<u8>, Fault> {
    Ok(compat::position_from_json(json)?.encode_v1())
}

fn decode(position: &[u8]) -> Result<StickyIndex, Fault> {
    StickyIndex::decode_v1(position).map_err(Fault::refused)
}
