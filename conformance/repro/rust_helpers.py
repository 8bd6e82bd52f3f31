"""What stands around the steps of a program in Rust: what it uses, and the functions that it calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

_FUNCTIONS = {
    "compare": """\
fn compare<T: PartialEq + std::fmt::Debug>(what: &str, observed: T, expected: T) {
    println!("{what}\\n  expected {expected:?}\\n  observed {observed:?}");
    if observed != expected {
        std::process::exit(1);
    }
}""",
    "bytes": """\
fn bytes(base64: &str) -> Vec<u8> {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut found, mut bits, mut count) = (Vec::new(), 0u32, 0);
    for byte in base64.bytes().filter(|byte| *byte != b'=') {
        bits = bits << 6 | digits.iter().position(|digit| *digit == byte).unwrap() as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            found.push((bits >> count) as u8);
        }
    }
    found
}""",
    "apply": """\
fn apply(doc: &Doc, update: Result<Update, yrs::encoding::read::Error>) -> Result<(), String> {
    let update = update.map_err(|error| error.to_string())?;
    doc.transact_mut().apply_update(update).map_err(|error| error.to_string())
}""",
    "outcome": """\
fn outcome<T, E: std::fmt::Debug>(result: Result<T, E>) -> &'static str {
    match result {
        Ok(_) => "done",
        Err(error) => {
            println!("{error:?}");
            "refused"
        }
    }
}""",
    "observe_subdocs": """\
type Heard = std::rc::Rc<std::cell::RefCell<Vec<[Vec<String>; 3]>>>;

fn observe_subdocs(doc: &Doc) -> Heard {
    fn guids<'a>(docs: impl Iterator<Item = &'a Doc>) -> Vec<String> {
        let mut guids: Vec<_> = docs.map(|doc| doc.guid().to_string()).collect();
        guids.sort();
        guids
    }
    let heard = Heard::default();
    let told = heard.clone();
    doc.observe_subdocs("subdocs", move |_, event| {
        told.borrow_mut().push([guids(event.added()), guids(event.removed()), guids(event.loaded())]);
    })
    .unwrap();
    heard
}""",
    "view": """\
fn view<T: ReadTxn>(out: Out, txn: &T) -> Any {
    let map = |pairs: Vec<(String, Any)>| Any::from(pairs.into_iter().collect::<HashMap<_, _>>());
    let text = |chunks: Vec<yrs::types::text::Diff<yrs::types::text::YChange>>| RICH;
    match out {
        Out::Any(any) => any,
        Out::YText(node) => text(node.diff(txn, yrs::types::text::YChange::identity)),
        Out::YArray(node) => Any::from(node.iter(txn).map(|item| view(item, txn)).collect::<Vec<_>>()),
        Out::YMap(node) => map(node.iter(txn).map(|(key, value)| (key.to_string(), view(value, txn))).collect()),
        Out::YXmlFragment(node) => {
            Any::from(node.children(txn).map(|child| view(child.into(), txn)).collect::<Vec<_>>())
        }
        Out::YXmlElement(node) => {
            let mut pairs = vec![("element".to_string(), Any::from(node.tag().to_string()))];
            let attributes: Vec<_> =
                node.attributes(txn).map(|(name, value)| (name.to_string(), view(value, txn))).collect();
            if !attributes.is_empty() {
                pairs.push(("attributes".to_string(), map(attributes)));
            }
            let children: Vec<_> = node.children(txn).map(|child| view(child.into(), txn)).collect();
            if !children.is_empty() {
                pairs.push(("children".to_string(), Any::from(children)));
            }
            map(pairs)
        }
        Out::YXmlText(node) => {
            let mut pairs = vec![("xmltext".to_string(), text(node.diff(txn, yrs::types::text::YChange::identity)))];
            let attributes: Vec<_> =
                node.attributes(txn).map(|(name, value)| (name.to_string(), view(value, txn))).collect();
            if !attributes.is_empty() {
                pairs.push(("attributes".to_string(), map(attributes)));
            }
            map(pairs)
        }
        other => Any::from(format!("{other:?}")),
    }
}""",
}
USES = """\
use std::collections::HashMap;
use yrs::types::{Attrs, ToJson};
use yrs::updates::{decoder::Decode, encoder::Encode};
use yrs::{
    diff_updates_v1, diff_updates_v2, encode_state_vector_from_update_v1, encode_state_vector_from_update_v2,
    merge_updates_v1, merge_updates_v2, Any, Array, ArrayPrelim, ArrayRef, ClientID, Doc, GetString, Map, MapPrelim,
    MapRef, OffsetKind, Options, Out, ReadTxn, StateVector, Text, TextPrelim, TextRef, Transact, Update, Xml,
    XmlElementPrelim, XmlElementRef, XmlFragment, XmlTextPrelim,
};""".splitlines()
_PLAIN = "Any::from(chunks.into_iter().map(|chunk| chunk.insert.to_string(txn)).collect::<String>())"
_RICH = """{
        Any::from(chunks.into_iter().map(|chunk| {
            let mut pairs = vec![("insert".to_string(), view(chunk.insert, txn))];
            if let Some(attributes) = chunk.attributes {
                let each = attributes.iter().map(|(key, value)| (key.to_string(), value.clone()));
                pairs.push(("attributes".to_string(), map(each.collect())));
            }
            map(pairs)
        }).collect::<Vec<_>>())
    }"""


def functions(names: Container[str], *, rich: bool) -> list[str]:
    """Those of that name; `rich` shows texts as lists of chunks."""
    view = _RICH if rich else _PLAIN
    return [source.replace("RICH", view) for name, source in _FUNCTIONS.items() if name in names]
