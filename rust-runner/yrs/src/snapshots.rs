//! Snapshots: what a document was at a time.

use yrs::updates::decoder::Decode;
use yrs::updates::encoder::{Encode, Encoder, EncoderV1, EncoderV2};
use yrs::{Doc, ReadTxn, Snapshot, Transact};

use crate::fault::Fault;
use crate::step::Format;

/// The document as it is now.
pub fn take(doc: &Doc, format: Format) -> Vec<u8> {
    let snapshot = doc.transact().snapshot();
    match format {
        Format::V1 => snapshot.encode_v1(),
        Format::V2 => snapshot.encode_v2(),
    }
}

/// An update that builds the document as it was.
///
/// # Errors
/// [`Fault::Refused`] for bytes that are no snapshot, and when the document collects what was deleted.
pub fn restore(doc: &Doc, snapshot: &[u8], format: Format) -> Result<Vec<u8>, Fault> {
    let snapshot = decode(snapshot, format)?;
    match format {
        Format::V1 => encode(doc, &snapshot, EncoderV1::new()),
        Format::V2 => encode(doc, &snapshot, EncoderV2::new()),
    }
}

fn encode(doc: &Doc, snapshot: &Snapshot, mut encoder: impl Encoder) -> Result<Vec<u8>, Fault> {
    doc.transact().encode_state_from_snapshot(snapshot, &mut encoder).map_err(Fault::refused)?;
    Ok(encoder.to_vec())
}

/// Whether two snapshots are the same.
///
/// # Errors
/// [`Fault::Refused`] for bytes that are no snapshot.
pub fn equal(a: &[u8], b: &[u8], format: Format) -> Result<bool, Fault> {
    Ok(decode(a, format)? == decode(b, format)?)
}

fn decode(bytes: &[u8], format: Format) -> Result<Snapshot, Fault> {
    match format {
        Format::V1 => Snapshot::decode_v1(bytes),
        Format::V2 => Snapshot::decode_v2(bytes),
    }
    .map_err(Fault::refused)
}
