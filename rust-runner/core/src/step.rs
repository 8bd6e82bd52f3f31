//! The shapes of a step and of a session's set-up, as they are read from JSON.

use std::collections::BTreeMap;
use std::fmt;

use base64::prelude::{Engine, BASE64_STANDARD};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::fault::Fault;

/// The names of the local ops.
pub const LOCAL: [&str; 14] = [
    "text.insert",
    "text.embed",
    "text.format",
    "text.delete",
    "text.delta",
    "array.insert",
    "array.delete",
    "map.set",
    "map.delete",
    "map.clear",
    "xml.insert",
    "xml.delete",
    "xml.set",
    "xml.unset",
];

/// One step. All ops share this shape; each reads its own keys and ignores the others.
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs)] // The keys are documented with the ops in runners/PROTOCOL.md.
pub struct Step {
    pub op: String,
    pub peer: String,
    #[serde(rename = "as")]
    pub slot: Option<String>,
    pub format: Option<Format>,
    pub path: Option<Vec<PathItem>>,
    pub paths: Option<Vec<Vec<PathItem>>>,
    pub index: Option<u32>,
    pub length: Option<u32>,
    pub text: Option<String>,
    pub attributes: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "present")]
    pub value: Option<Value>,
    pub values: Option<Vec<Value>>,
    pub nodes: Option<Vec<Value>>,
    pub key: Option<String>,
    pub name: Option<String>,
    pub steps: Option<Vec<Step>>,
    pub step: Option<Map<String, Value>>,
    pub delta: Option<Vec<Map<String, Value>>>,
    pub origin: Option<String>,
    pub doc: Option<Vec<PathItem>>,
    pub snapshot: Option<Bytes>,
    pub snapshots: Option<Vec<Bytes>>,
    pub assoc: Option<i8>,
    pub position: Option<Bytes>,
    #[serde(default, deserialize_with = "present")]
    pub json: Option<Value>,
    pub origins: Option<Vec<String>>,
    pub timeout: Option<u64>,
    pub manager: Option<String>,
    #[serde(default)]
    pub deep: bool,
    #[serde(default, deserialize_with = "present")]
    pub state: Option<Value>,
    pub clients: Option<Vec<u64>>,
    pub message: Option<Bytes>,
    pub since: Option<Bytes>,
    pub update: Option<Bytes>,
    pub updates: Option<Vec<Bytes>>,
    pub from: Option<Format>,
    pub to: Option<Format>,
}

/// `null` is a value here, not an absent key.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Step {
    /// The step's encoding of updates; v1 unless it says otherwise.
    pub fn format(&self) -> Format {
        self.format.unwrap_or_default()
    }
}

/// The value of a key that the op needs.
///
/// # Errors
/// [`Fault::Runner`] when the step does not have it.
pub fn required<'a, T>(key: &str, value: &'a Option<T>) -> Result<&'a T, Fault> {
    value.as_ref().ok_or_else(|| Fault::runner(format!("the step has no {key:?}")))
}

/// The encoding of an update.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The first encoding, the default.
    #[default]
    V1,
    /// The column-wise encoding.
    V2,
}

impl Format {
    /// `v1` or `v2`.
    pub fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }
}

/// A step of a path: a map's key (or the root's name), or an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PathItem {
    /// A root's name or a map's key.
    Key(String),
    /// An index in an array or among the children of an XML node.
    Index(u32),
}

/// Bytes: a slot's name, or given with the step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bytes {
    /// The name of a slot.
    Slot(String),
    /// The bytes themselves.
    Given {
        /// Standard base64 with padding.
        base64: String,
    },
}

// By hand: serde's untagged enums buffer what they read, and these two are the hot ones.
impl<'de> Deserialize<'de> for PathItem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Item;
        impl Visitor<'_> for Item {
            type Value = PathItem;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("a key or an index")
            }

            fn visit_str<E: Error>(self, key: &str) -> Result<PathItem, E> {
                Ok(PathItem::Key(key.to_owned()))
            }

            fn visit_u64<E: Error>(self, index: u64) -> Result<PathItem, E> {
                index.try_into().map(PathItem::Index).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Item)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Operand;
        impl<'de> Visitor<'de> for Operand {
            type Value = Bytes;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("a slot's name or {\"base64\": ..}")
            }

            fn visit_str<E: Error>(self, slot: &str) -> Result<Bytes, E> {
                Ok(Bytes::Slot(slot.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Bytes, A::Error> {
                #[derive(Deserialize)]
                struct Given {
                    base64: String,
                }
                let Given { base64 } = Given::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Bytes::Given { base64 })
            }
        }
        deserializer.deserialize_any(Operand)
    }
}

/// The kind of a root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum RootKind {
    Text,
    Array,
    Map,
    Xml,
}

/// The roots of a session, by name.
pub type Roots = BTreeMap<String, RootKind>;

impl RootKind {
    /// Reads the protocol's name of the kind.
    ///
    /// # Errors
    /// [`Fault::Unsupported`] for a kind that is not known.
    pub fn parse(name: &str) -> Result<Self, Fault> {
        match name {
            "text" => Ok(Self::Text),
            "array" => Ok(Self::Array),
            "map" => Ok(Self::Map),
            "xml" => Ok(Self::Xml),
            other => Err(Fault::unsupported(format!("root.{other}"))),
        }
    }
}

/// How a peer's document is made.
#[derive(Debug, Clone, Deserialize)]
pub struct PeerOptions {
    /// The client id, below 2^53.
    pub client: u64,
    /// Whether deleted content is collected.
    #[serde(default = "yes")]
    pub gc: bool,
    /// Whether all roots of the session are named as the document is created.
    #[serde(default = "yes")]
    pub declare: bool,
}

fn yes() -> bool {
    true
}

/// Reads JSON of any depth. serde_json stops at 128 levels unless it is told not to; documents go deeper.
///
/// # Errors
/// Those of serde_json.
pub fn deep_from_str<'a, T: Deserialize<'a>>(text: &'a str) -> serde_json::Result<T> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.disable_recursion_limit();
    let value = T::deserialize(&mut deserializer)?;
    deserializer.end().map(|()| value)
}

/// Base64 as the protocol writes bytes.
pub fn encode_base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

/// Reads standard base64 with padding.
///
/// # Errors
/// [`Fault::Runner`] when it is not.
pub fn decode_base64(text: &str) -> Result<Vec<u8>, Fault> {
    BASE64_STANDARD.decode(text).map_err(|error| Fault::runner(format!("bad base64: {error}")))
}
