//! The sync protocol: its messages, without the message type that y-websocket puts before them.

use yrs::sync::{Awareness, DefaultProtocol, Message, Protocol, SyncMessage};
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Doc, ReadTxn, StateVector, Transact, Update};

use crate::fault::Fault;

/// Asks for what the document lacks.
pub fn step1(doc: &Doc) -> Vec<u8> {
    SyncMessage::SyncStep1(doc.transact().state_vector()).encode_v1()
}

/// Gives what a document with the state vector `since` lacks.
///
/// # Errors
/// [`Fault::Refused`] with the library's error.
pub fn step2(doc: &Doc, since: StateVector) -> Result<Vec<u8>, Fault> {
    answer(doc, SyncMessage::SyncStep1(since))?.ok_or_else(|| Fault::refused("the library answers no step 1"))
}

/// Passes an update on.
pub fn update(update: Vec<u8>) -> Vec<u8> {
    SyncMessage::Update(update).encode_v1()
}

/// Reads a message; gives the reply, if it has one.
///
/// # Errors
/// [`Fault::Refused`] with the library's error.
pub fn read(doc: &Doc, message: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    answer(doc, SyncMessage::decode_v1(message).map_err(Fault::refused)?)
}

fn answer(doc: &Doc, message: SyncMessage) -> Result<Option<Vec<u8>>, Fault> {
    // The library's protocol works on an awareness; that of a sync message is only its document.
    let mut awareness = Awareness::new(doc.clone());
    let update = |bytes: Vec<u8>| Update::decode_v1(&bytes).map_err(Fault::refused);
    let reply = match message {
        SyncMessage::SyncStep1(since) => DefaultProtocol.handle_sync_step1(&mut awareness, since),
        SyncMessage::SyncStep2(bytes) => DefaultProtocol.handle_sync_step2(&mut awareness, update(bytes)?),
        SyncMessage::Update(bytes) => DefaultProtocol.handle_update(&mut awareness, update(bytes)?),
    };
    Ok(match reply.map_err(Fault::refused)? {
        Some(Message::Sync(reply)) => Some(reply.encode_v1()),
        _ => None,
    })
}
