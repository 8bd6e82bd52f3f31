//! The sync protocol: its messages, without the message type that y-websocket puts before them.
//!
//! The library reads and writes messages, with that type. What to answer is an application's to do.

use conformance_runner::fault::Fault;
use y_octo::{read_sync_message, write_sync_message, Doc, DocMessage, StateVector, SyncMessage};

use crate::session::{decode_state_vector, encode_state_vector, refused};

/// The type of a sync message of y-websocket.
const SYNC: u8 = 0;

/// Asks for what the document lacks.
///
/// # Errors
/// [`Fault::Refused`] with the library's error.
pub fn step1(doc: &Doc) -> Result<Vec<u8>, Fault> {
    write(DocMessage::Step1(encode_state_vector(&doc.get_state_vector())?))
}

/// Gives what a document with the state vector `since` lacks.
///
/// # Errors
/// [`Fault::Refused`] with the library's error.
pub fn step2(doc: &Doc, since: &StateVector) -> Result<Vec<u8>, Fault> {
    write(DocMessage::Step2(doc.encode_state_as_update_v1(since).map_err(refused)?))
}

/// Passes an update on.
///
/// # Errors
/// [`Fault::Refused`] with the library's error.
pub fn update(update: Vec<u8>) -> Result<Vec<u8>, Fault> {
    write(DocMessage::Update(update))
}

/// Reads a message; gives the reply, if it has one.
///
/// # Errors
/// [`Fault::Refused`] with the library's error.
pub fn read(doc: &mut Doc, message: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    let typed = [&[SYNC], message].concat();
    let (_, message) = read_sync_message(&typed).map_err(Fault::refused)?;
    match message {
        SyncMessage::Doc(DocMessage::Step1(since)) => step2(doc, &decode_state_vector(&since)?).map(Some),
        SyncMessage::Doc(DocMessage::Step2(update) | DocMessage::Update(update)) => {
            doc.apply_update_from_binary_v1(update).map_err(refused)?;
            Ok(None)
        }
        other => Err(Fault::refused(format!("read as {other:?}"))),
    }
}

fn write(message: DocMessage) -> Result<Vec<u8>, Fault> {
    let mut typed = Vec::new();
    write_sync_message(&mut typed, &SyncMessage::Doc(message)).map_err(Fault::refused)?;
    Ok(typed.split_off(1))
}
