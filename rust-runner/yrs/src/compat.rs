//! What differs between releases of yrs. The flag `yrs_N` is set when yrs 0.N or newer is linked (see `build.rs`).

use serde_json::{Map as Object, Value};
use yrs::sync::awareness::Event as AwarenessEvent;
use yrs::sync::Awareness;
use yrs::types::{Event, Events};
use yrs::undo::Options as UndoOptions;
use yrs::{
    Any, DeepObservable, Doc, Observable, OffsetKind, Options, Origin, Out, ReadTxn, StickyIndex, SubdocsEvent,
    TransactionMut, UndoManager, Update, Xml, XmlOut,
};

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

/// A client id as the library has it.
#[cfg(yrs_26)]
pub type ClientId = yrs::ClientID;
/// A client id as the library has it.
#[cfg(not(yrs_26))]
pub type ClientId = u64;

/// The client id of that number.
pub fn client_id(number: u64) -> ClientId {
    #[cfg(yrs_26)]
    return yrs::ClientID::new(number);
    #[cfg(not(yrs_26))]
    number
}

/// The number of a client id.
pub fn client_number(client: ClientId) -> u64 {
    #[cfg(yrs_26)]
    return client.get();
    #[cfg(not(yrs_26))]
    client
}

/// A document with UTF-16 offsets and, beyond what the peer's options say, the library's defaults.
pub fn new_doc(peer: &PeerOptions) -> Doc {
    let client_id = client_id(peer.client);
    Doc::with_options(Options { client_id, offset_kind: OffsetKind::Utf16, skip_gc: !peer.gc, ..Options::default() })
}

/// A subdocument. Its client id will be that of the document that it is put into.
pub fn new_subdoc(guid: &str) -> Doc {
    Doc::with_options(Options { guid: guid.into(), offset_kind: OffsetKind::Utf16, ..Options::default() })
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

/// An undo manager over the given types. Without origins it tracks the transactions that have none.
///
/// # Errors
/// [`Fault::Runner`] for what is no shared type.
pub fn undo_manager(doc: &Doc, scope: &[Out], origins: &[String], timeout: u64) -> Result<UndoManager, Fault> {
    let tracked_origins = origins.iter().map(|origin| Origin::from(origin.as_str())).collect();
    let options = UndoOptions { capture_timeout_millis: timeout, tracked_origins, ..UndoOptions::default() };
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

/// Forgets what could be undone and redone.
///
/// # Errors
/// [`Fault::Refused`] with the library's error. From 0.21 on it has none.
#[allow(clippy::unnecessary_wraps)]
pub fn clear(manager: &mut UndoManager) -> Result<(), Fault> {
    #[cfg(yrs_27)]
    manager.clear_all();
    #[cfg(all(yrs_21, not(yrs_27)))]
    manager.clear();
    #[cfg(not(yrs_21))]
    manager.clear().map_err(Fault::refused)?;
    Ok(())
}

/// Subscribes to the changes of a shared type. From 0.28 on every subscription has a key.
pub fn observe<S>(shared: &S, key: &str, told: impl Fn(&TransactionMut, &S::Event) + 'static)
where
    S: Observable,
    Event: AsRef<S::Event>,
{
    #[cfg(yrs_28)]
    shared.observe(key, told);
    #[cfg(not(yrs_28))]
    shared.observe_with(key, told);
}

/// Subscribes to the changes of a shared type and of those within it.
pub fn observe_deep<S: DeepObservable>(shared: &S, key: &str, told: impl Fn(&TransactionMut, &Events) + 'static) {
    #[cfg(yrs_28)]
    shared.observe_deep(key, told);
    #[cfg(not(yrs_28))]
    shared.observe_deep_with(key, told);
}

/// Subscribes to the end of transactions, after all that observe types were told.
///
/// # Errors
/// [`Fault::Refused`] with the library's error.
pub fn observe_transactions(doc: &Doc, key: &str, told: impl Fn(&mut TransactionMut) + 'static) -> Result<(), Fault> {
    #[cfg(yrs_28)]
    return doc.observe_after_transaction(key, told).map_err(Fault::refused);
    #[cfg(not(yrs_28))]
    doc.observe_after_transaction_with(key, told).map_err(Fault::refused)
}

/// Subscribes to the coming and going of subdocuments.
///
/// # Errors
/// [`Fault::Refused`] with the library's error.
pub fn observe_subdocs(
    doc: &Doc,
    key: &str,
    told: impl Fn(&TransactionMut, &SubdocsEvent) + 'static,
) -> Result<(), Fault> {
    #[cfg(yrs_28)]
    return doc.observe_subdocs(key, told).map_err(Fault::refused);
    #[cfg(not(yrs_28))]
    doc.observe_subdocs_with(key, told).map_err(Fault::refused)
}

/// Subscribes to the `update` event of awareness.
pub fn observe_awareness(awareness: &mut Awareness, key: &str, told: impl Fn(&AwarenessEvent) + 'static) {
    #[cfg(yrs_28)]
    awareness.on_update(key, move |_, event, _| told(event));
    #[cfg(not(yrs_28))]
    awareness.on_update_with(key, move |_, event, _| told(event));
}

/// The clients that have a state, and the states as JSON text.
pub fn awareness_states(awareness: &Awareness) -> Vec<(u64, String)> {
    #[cfg(yrs_20)]
    return awareness
        .iter()
        .filter_map(|(client, state)| Some((client_number(client), state.data?.to_string())))
        .collect();
    #[cfg(not(yrs_20))]
    awareness.clients().iter().map(|(client, state)| (*client, state.clone())).collect()
}

/// A relative position as JSON. Before 0.22 the library has no such form.
///
/// # Errors
/// [`Fault::Refused`] with the library's error, [`Fault::Unsupported`] before 0.22.
pub fn position_to_json(position: &StickyIndex) -> Result<Value, Fault> {
    #[cfg(yrs_22)]
    return serde_json::to_value(position).map_err(Fault::refused);
    #[cfg(not(yrs_22))]
    {
        let _ = position;
        Err(Fault::unsupported("position.json"))
    }
}

/// A relative position from JSON. Before 0.22 the library has no such form.
///
/// # Errors
/// [`Fault::Refused`] with the library's error, [`Fault::Unsupported`] before 0.22.
pub fn position_from_json(json: &Value) -> Result<StickyIndex, Fault> {
    #[cfg(yrs_22)]
    return serde::Deserialize::deserialize(json).map_err(Fault::refused);
    #[cfg(not(yrs_22))]
    {
        let _ = json;
        Err(Fault::unsupported("position.parse"))
    }
}

/// The features of `hello` that not every release has.
pub fn features() -> &'static [&'static str] {
    if cfg!(yrs_24) {
        &["position.json", "position.parse", "xml.set.any"]
    } else if cfg!(yrs_22) {
        &["position.json", "position.parse"]
    } else {
        &[]
    }
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
