//! Vector files: the cases of suites, and the finale that every case ends with (docs/vectors.md).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{json, Value};

use crate::step::{deep_from_str, Format, PeerOptions, LOCAL};

/// The peer that is fed by the last one alone.
pub const RELAY: &str = "@relay";
/// Its client id.
pub const RELAY_CLIENT: u64 = 1_234_567_890;

#[derive(Deserialize)]
struct Suite {
    cases: Vec<Case>,
}

/// One vector, in the shape of `suite.schema.json`.
#[derive(Debug, Deserialize)]
#[allow(missing_docs)]
pub struct Case {
    pub id: String,
    #[serde(default)]
    pub level: String,
    #[serde(default)]
    pub verdict: Option<String>,
    pub roots: BTreeMap<String, String>,
    #[serde(default)]
    pub wrap: bool,
    /// In the order of the file, which is the order of the finale.
    #[serde(deserialize_with = "in_order")]
    pub peers: Vec<(String, PeerOptions)>,
    #[serde(deserialize_with = "expanded")]
    pub steps: Vec<Value>,
    pub expect: Expect,
}

/// What a case demands. A view is an object with `state`, `state_vector` or both.
#[derive(Debug, Deserialize)]
#[allow(missing_docs)]
pub struct Expect {
    pub converged: Option<Value>,
    #[serde(default)]
    pub delivered: BTreeMap<String, Value>,
    #[serde(default)]
    pub observations: BTreeMap<String, Value>,
    #[serde(default)]
    pub acceptable: Vec<Value>,
}

/// A step, and the observations of which one must be made by it. Without any the step must only succeed.
#[derive(Debug)]
pub struct Demanded {
    /// JSON of the protocol's step.
    pub step: Value,
    /// Alternatives, each an observation such as `{"state": ..}` or `{"refused": true}`.
    pub alternatives: Vec<Value>,
}

fn in_order<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, PeerOptions)>, D::Error> {
    struct InOrder;
    impl<'de> Visitor<'de> for InOrder {
        type Value = Vec<(String, PeerOptions)>;

        fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
            formatter.write_str("an object of peers")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut peers = Vec::new();
            while let Some(entry) = map.next_entry()? {
                peers.push(entry);
            }
            Ok(peers)
        }
    }
    deserializer.deserialize_map(InOrder)
}

/// Each step in its place as often as its `times` says, those of transactions too.
fn expanded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Value>, D::Error> {
    Vec::deserialize(deserializer).map(repeated)
}

fn repeated(steps: Vec<Value>) -> Vec<Value> {
    let mut plain = Vec::new();
    for mut step in steps {
        let times = step.as_object_mut().and_then(|step| step.remove("times")).and_then(|times| times.as_u64());
        if let Some(Value::Array(inner)) = step.get_mut("steps") {
            *inner = repeated(std::mem::take(inner));
        }
        plain.extend(std::iter::repeat_n(step, times.unwrap_or(1) as usize));
    }
    plain
}

/// Folders among those of suites that hold none.
const NO_SUITES: [&str; 3] = ["schema", "requirements", "scenarios"];

/// The cases of all suites at or below the paths, files by name. In folders, `manifest.json` and `NO_SUITES` hold none.
///
/// # Errors
/// A message for a path that cannot be read and a file that is no suite.
pub fn load(paths: &[PathBuf]) -> Result<Vec<Case>, String> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            collect(path, &mut files).map_err(|error| format!("{}: {error}", path.display()))?;
        } else {
            files.push(path.clone());
        }
    }
    let mut cases = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let suite: Suite = deep_from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        cases.extend(suite.cases);
    }
    Ok(cases)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() && !NO_SUITES.iter().any(|other| name == *other) {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "json") && name != "manifest.json" {
            files.push(path);
        }
    }
    Ok(())
}

impl Case {
    /// The case's steps and the finale, with what is demanded of each, for one run with `format`.
    pub fn program(&self, format: Format) -> Vec<Demanded> {
        let mut program: Vec<_> = self.steps.iter().map(|step| self.observed(step.clone())).collect();
        if self.verdict.as_deref() != Some("invalid") {
            self.finale(&mut program);
        }
        let mut pinned = BTreeSet::new();
        for demanded in &mut program {
            set_format(&mut demanded.step, format, &mut pinned);
        }
        program
    }

    fn observed(&self, step: Value) -> Demanded {
        let observation = step["as"].as_str().and_then(|name| self.expect.observations.get(name));
        let alternatives = match observation {
            Some(observation) => match observation["oneOf"].as_array() {
                Some(alternatives) => alternatives.clone(),
                None => vec![observation.clone()],
            },
            None => Vec::new(),
        };
        Demanded { step, alternatives }
    }

    fn finale(&self, program: &mut Vec<Demanded>) {
        let names: Vec<_> = self.peers.iter().map(|(name, _)| name.as_str()).collect();
        let Some(last) = names.last() else { return };
        let mut converged: Vec<_> = self.expect.converged.iter().collect();
        converged.extend(self.expect.acceptable.iter().map(|other| &other["converged"]));
        let delivered = |peer| self.expect.delivered.get(peer).map_or(converged.clone(), |view| vec![view]);

        for peer in &names {
            read(program, peer, "", &delivered(*peer));
        }
        if names.len() > 1 {
            for sender in &names {
                for receiver in names.iter().filter(|receiver| *receiver != sender) {
                    let route = format!("@{sender}>{receiver}");
                    let since = format!("{route}.since");
                    done(program, json!({"op": "state_vector", "peer": receiver, "as": since}));
                    done(program, json!({"op": "encode", "peer": sender, "since": since, "as": route}));
                    done(program, json!({"op": "apply", "peer": receiver, "update": route}));
                }
            }
            for peer in &names {
                read(program, peer, "2", &converged);
            }
        }
        done(program, json!({"op": "encode", "peer": last, "as": "@relay.update"}));
        done(program, json!({"op": "apply", "peer": RELAY, "update": "@relay.update"}));
        // The relay of a single peer can only see what that peer was demanded to have.
        read(program, RELAY, "", &if names.len() == 1 { delivered(last) } else { converged.clone() });
    }
}

fn done(program: &mut Vec<Demanded>, step: Value) {
    program.push(Demanded { step, alternatives: Vec::new() });
}

fn read(program: &mut Vec<Demanded>, peer: &str, suffix: &str, views: &[&Value]) {
    let label = format!("@{}", peer.trim_start_matches('@'));
    for (op, short) in [("state", "state"), ("state_vector", "sv")] {
        let parts: Vec<_> = views.iter().filter_map(|view| Some(json!({op: view.get(op)?}))).collect();
        let alternatives = if parts.len() == views.len() { parts } else { Vec::new() };
        program.push(Demanded {
            step: json!({"op": op, "peer": peer, "as": format!("{label}.{short}{suffix}")}),
            alternatives,
        });
    }
}

/// The ops beside the local ones whose bytes have a format.
const FORMATTED: [&str; 10] = [
    "transact",
    "encode",
    "apply",
    "merge",
    "diff",
    "update_state_vector",
    "snapshot",
    "snapshot.restore",
    "snapshot.equal",
    "snapshot.contains",
];

/// Gives the step the run's format, unless it has its own, or works on bytes that the case fixes: those given in
/// base64, and slots made from them.
fn set_format(step: &mut Value, format: Format, pinned: &mut BTreeSet<String>) {
    let fixed = |bytes: &Value| bytes.as_str().map_or(bytes.is_object(), |slot| pinned.contains(slot));
    let lists = ["updates", "snapshots"].into_iter().filter_map(|key| step[key].as_array()).flatten();
    let mut operands = ["update", "snapshot"].into_iter().map(|key| &step[key]).chain(lists);
    let op = step["op"].as_str().unwrap_or_default();
    let keeps = op == "convert" || step.get("format").is_some() || operands.any(fixed);
    let formatted = FORMATTED.contains(&op) || LOCAL.contains(&op);
    if keeps {
        pinned.extend(step["as"].as_str().map(str::to_owned));
    } else if formatted {
        step["format"] = format.name().into();
    }
}

/// Whether `text` matches a glob of `*` and `?`.
pub fn glob(pattern: &str, text: &str) -> bool {
    match (pattern.chars().next(), text.chars().next()) {
        (None, None) => true,
        (Some('*'), first) => {
            glob(&pattern[1..], text) || first.is_some_and(|first| glob(pattern, &text[first.len_utf8()..]))
        }
        (Some(wanted), Some(first)) if wanted == '?' || wanted == first => {
            glob(&pattern[wanted.len_utf8()..], &text[first.len_utf8()..])
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_repeated() {
        let insert = json!({"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "x", "times": 3});
        let case: Case = serde_json::from_value(json!({
            "id": "s/one", "roots": {"t": "text"}, "peers": {"a": {"client": 1}}, "expect": {},
            "steps": [insert, {"op": "transact", "peer": "a", "steps": [insert]}],
        }))
        .expect("a case");
        let plain = json!({"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "x"});
        let transaction = json!({"op": "transact", "peer": "a", "steps": [plain, plain, plain]});
        assert_eq!(case.steps, [plain.clone(), plain.clone(), plain, transaction]);
    }
}
