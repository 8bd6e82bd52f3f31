//! What differs between releases of yrs. The flag `yrs_N` is set when yrs 0.N or newer is linked (see `build.rs`).

use serde_json::{Map as Object, Value};
use yrs::undo::Options as UndoOptions;
use yrs::{Any, Doc, OffsetKind, Options, Out, ReadTxn, TransactionMut, UndoManager, Update, Xml, XmlOut};

use crate::fault::Fault;
use crate::step::PeerOptions;

/// A number of the protocol: a double, or a bigint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Numeric {
    /// A JavaScript number.
    Number(f64),
    /// A JavaScript bigint.
    BigInt(i64),
}

/// A JavaScript number. Integral ones are given as the library's integer, where it has one, as an application would.
pub fn number(value: f64) -> Any {
    #[cfg(not(yrs_28))]
    return Any::Number(value);
    #[cfg(yrs_28)]
    if value == 0.0 && value.is_sign_negative() {
        Any::from(value) // `try_i64` would lose the sign.
    } else {
        Any::Number(yrs::any::Number::try_i64(value))
    }
}

/// A JavaScript bigint. yrs 0.28 has no such type: there it is the library's integer.
pub fn bigint(value: i64) -> Any {
    #[cfg(not(yrs_28))]
    return Any::BigInt(value);
    #[cfg(yrs_28)]
    Any::from(value)
}

/// The number in `any`, if it is one. yrs 0.28 keeps integers and bigints in one type: beyond 2^53 - 1 it was a bigint.
pub fn numeric(any: &Any) -> Option<Numeric> {
    #[cfg(not(yrs_28))]
    return match any {
        Any::Number(value) => Some(Numeric::Number(*value)),
        Any::BigInt(value) => Some(Numeric::BigInt(*value)),
        _ => None,
    };
    #[cfg(yrs_28)]
    match any {
        Any::Number(yrs::any::Number::Float(value)) => Some(Numeric::Number(*value)),
        Any::Number(yrs::any::Number::Int(value)) => Some(safe_integer(*value)),
        _ => None,
    }
}

#[cfg(yrs_28)]
#[allow(clippy::cast_precision_loss)] // Within the range of exact integers.
fn safe_integer(value: i64) -> Numeric {
    if value.unsigned_abs() < 1 << 53 {
        Numeric::Number(value as f64)
    } else {
        Numeric::BigInt(value)
    }
}

/// A document with UTF-16 offsets and, beyond what the peer's options say, the library's defaults.
pub fn new_doc(peer: &PeerOptions) -> Doc {
    #[cfg(yrs_26)]
    let client_id = yrs::ClientID::new(peer.client);
    #[cfg(not(yrs_26))]
    let client_id = peer.client;
    Doc::with_options(Options { client_id, offset_kind: OffsetKind::Utf16, skip_gc: !peer.gc, ..Options::default() })
}

/// A subdocument.
pub fn new_subdoc(guid: &str) -> Doc {
    Doc::with_options(Options { guid: guid.into(), ..Options::default() })
}

/// Applies an update.
///
/// # Errors
/// [`Fault::Refused`] with the library's error. Before 0.21 it had none.
pub fn apply_update(txn: &mut TransactionMut, update: Update) -> Result<(), Fault> {
    #[cfg(yrs_21)]
    return txn.apply_update(update).map_err(Fault::refused);
    #[cfg(not(yrs_21))]
    {
        txn.apply_update(update);
        Ok(())
    }
}

/// Whether structs or deletes wait for something that is missing.
pub fn has_pending<T: ReadTxn>(txn: &T) -> bool {
    #[cfg(yrs_24)]
    return txn.has_missing_updates();
    // Of two encodings of the same state only `encode_state_as_update` carries what is pending.
    #[cfg(not(yrs_24))]
    {
        let state = txn.state_vector();
        txn.encode_state_as_update_v1(&state).len() != txn.encode_diff_v1(&state).len()
    }
}

/// Whether the transaction changed anything: Yjs emits an update for such ones only.
pub fn has_changes(txn: &TransactionMut) -> bool {
    !txn.delete_set().is_empty() || txn.before_state() != txn.after_state()
}

/// An undo manager over the given types, which records every transaction as a step of its own.
pub fn undo_manager(doc: &Doc, scope: &[Out]) -> Result<UndoManager, Fault> {
    let options = UndoOptions { capture_timeout_millis: 0, ..UndoOptions::default() };
    #[cfg(yrs_27)]
    let mut manager = UndoManager::with_options(options);
    #[cfg(not(yrs_27))]
    let mut manager = UndoManager::with_options(doc, options);
    macro_rules! expand {
        ($shared:expr) => {{
            #[cfg(yrs_27)]
            manager.expand_scope(doc, $shared);
            #[cfg(not(yrs_27))]
            manager.expand_scope($shared);
        }};
    }
    for shared in scope {
        match shared {
            Out::YText(shared) => expand!(shared),
            Out::YArray(shared) => expand!(shared),
            Out::YMap(shared) => expand!(shared),
            Out::YXmlFragment(shared) => expand!(shared),
            Out::YXmlElement(shared) => expand!(shared),
            Out::YXmlText(shared) => expand!(shared),
            _ => return Err(Fault::runner("an undo manager tracks shared types only")),
        }
    }
    Ok(manager)
}

/// Undoes the last step; true when there was one.
pub fn undo(manager: &mut UndoManager) -> Result<bool, Fault> {
    #[cfg(yrs_21)]
    return Ok(manager.undo_blocking());
    #[cfg(not(yrs_21))]
    manager.undo().map_err(Fault::refused)
}

/// Redoes the last undone step; true when there was one.
pub fn redo(manager: &mut UndoManager) -> Result<bool, Fault> {
    #[cfg(yrs_21)]
    return Ok(manager.redo_blocking());
    #[cfg(not(yrs_21))]
    manager.redo().map_err(Fault::refused)
}

/// Sets an attribute of an XML node to plain content. Before 0.24 they are strings.
///
/// # Errors
/// [`Fault::Unsupported`] for another value than a string before 0.24.
pub fn set_attribute(node: &impl Xml, txn: &mut TransactionMut, name: &str, value: Any) -> Result<(), Fault> {
    #[cfg(yrs_24)]
    node.insert_attribute(txn, name, value);
    #[cfg(not(yrs_24))]
    match value {
        Any::String(value) => node.insert_attribute(txn, name, value.as_ref()),
        _ => return Err(Fault::unsupported("xml.set.any")),
    }
    Ok(())
}

/// The shared type that an attribute of an XML node holds, for a path. Before 0.24 attributes are strings.
pub fn attribute<T: ReadTxn>(node: &impl Xml, txn: &T, name: &str) -> Option<Out> {
    let value = node.get_attribute(txn, name)?;
    #[cfg(yrs_24)]
    return Some(value);
    #[cfg(not(yrs_24))]
    Some(Out::Any(Any::from(value)))
}

/// The attributes of an XML node, each read with `read`.
///
/// # Errors
/// Those of `read`.
pub fn attributes<T: ReadTxn>(
    node: &impl Xml,
    txn: &T,
    read: impl Fn(&Out, &T) -> Result<Value, Fault>,
) -> Result<Object<String, Value>, Fault> {
    node.attributes(txn)
        .map(|(name, value)| {
            #[cfg(not(yrs_24))]
            let value = Out::Any(Any::from(value));
            Ok((name.to_owned(), read(&value, txn)?))
        })
        .collect()
}

/// A child of an XML node as any shared type. Before 0.23 yrs has no such conversion.
pub fn xml_out(node: XmlOut) -> Out {
    match node {
        XmlOut::Element(node) => Out::YXmlElement(node),
        XmlOut::Fragment(node) => Out::YXmlFragment(node),
        XmlOut::Text(node) => Out::YXmlText(node),
    }
}

/// The `lossy` entries of `hello`.
pub fn lossy() -> &'static [&'static str] {
    if cfg!(yrs_24) {
        &[]
    } else {
        &["xml.attributes.any"]
    }
}
