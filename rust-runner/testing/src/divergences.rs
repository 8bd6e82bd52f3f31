//! The vectors of the kit, played alone: what fails is what `runners/known/<name>.toml` says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use conformance_runner::library::Documents;
use conformance_runner::session::record_panics;
use conformance_runner::standalone::{run, Options};
use conformance_runner::step::Format;
use conformance_runner::suite::glob;
use serde::Deserialize;

/// What the ids of scenarios begin with: the layers that the coordinator alone performs.
const SCENARIOS: [&str; 4] = ["store/", "websocket/", "ydoc/", "collaboration/"];

/// Bytes that the main thread of a runner has: what nests deeply must overflow here where it does there.
const MAIN_STACK: usize = 8 << 20;

#[derive(Deserialize, Default)]
struct Known {
    #[serde(default)]
    divergence: Vec<Divergence>,
}

#[derive(Deserialize)]
struct Divergence {
    id: Option<String>,
    cases: Vec<String>,
    versions: String,
    castings: Option<String>,
    deliveries: Option<String>,
    formats: Option<Vec<String>>,
    signatures: Vec<String>,
}

impl Divergence {
    /// Whether it is about vectors in which one implementation plays all peers, at that version.
    fn applies(&self, version: &str) -> bool {
        let is_scenario = |case: &String| SCENARIOS.iter().any(|layer| case.starts_with(layer));
        !self.cases.iter().all(is_scenario)
            && self.castings.as_deref() != Some("cross")
            && self.deliveries.as_deref() != Some("varied")
            && covers(&self.versions, version)
    }

    /// Whether its cases end the process, or never end, so that they cannot be played here; the coordinator plays them.
    fn gives_no_answer(&self) -> bool {
        self.signatures == ["crash"] || self.signatures == ["timeout"]
    }

    fn matches(&self, (id, format): &(String, &str)) -> bool {
        self.cases.iter().any(|pattern| glob(pattern, id))
            && self.formats.as_ref().is_none_or(|formats| formats.iter().any(|known| known == format))
    }
}

/// A list of comparisons such as `>=0.21,<0.28`, or `*`.
fn covers(versions: &str, version: &str) -> bool {
    let numbers = |text: &str| -> Vec<u64> {
        let digits = text.split('-').next().unwrap_or_default();
        let mut numbers: Vec<_> = digits.trim().split('.').map(|part| part.parse().unwrap_or(0)).collect();
        numbers.resize(3, 0);
        numbers
    };
    versions == "*"
        || versions.split(',').map(str::trim).all(|comparison| {
            let split = comparison.find(|c: char| c.is_ascii_digit()).unwrap_or(comparison.len());
            let (operator, bound) = comparison.split_at(split);
            let ordering = numbers(version).cmp(&numbers(bound));
            match operator.trim() {
                ">=" => ordering.is_ge(),
                "<=" => ordering.is_le(),
                ">" => ordering.is_gt(),
                "<" => ordering.is_lt(),
                "==" => ordering.is_eq(),
                "!=" => ordering.is_ne(),
                other => panic!("no comparison {other:?}"),
            }
        })
}

fn kit() -> Option<PathBuf> {
    // A copy of this folder, such as a build against another release of yrs, has no kit around it.
    let kit = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.parent()?;
    kit.join("vectors/schema").is_dir().then(|| kit.to_owned())
}

/// Plays all vectors, and compares what fails with the known divergences of the library.
///
/// # Panics
/// When a failure is explained by none, or one matches no failure.
pub fn the_failures_are_the_known_divergences<D: Documents + 'static>() {
    let played = std::thread::Builder::new().stack_size(MAIN_STACK).spawn(compare::<D>).expect("it starts").join();
    if let Err(panic) = played {
        std::panic::resume_unwind(panic);
    }
}

fn compare<D: Documents>() {
    let library = D::library();
    let Some(kit) = kit() else { return };
    record_panics();
    let known: Known = match std::fs::read_to_string(kit.join(format!("runners/known/{}.toml", library.name))) {
        Ok(text) => toml::from_str(&text).expect("the known divergences are TOML"),
        Err(_) => Known::default(),
    };
    let (deadly, known): (Vec<_>, Vec<_>) = known.divergence.into_iter().partition(Divergence::gives_no_answer);
    let options = Options {
        paths: vec![kit.join("vectors")],
        filter: None,
        skip: deadly.into_iter().flat_map(|divergence| divergence.cases).collect(),
        formats: vec![Format::V1, Format::V2],
    };
    let mut log = Vec::new();
    let results = run::<D>(&options, &mut log).expect("the vectors are read");
    // The recording hook would keep to itself what this test finds.
    drop(std::panic::take_hook());
    let failed: BTreeSet<_> = results
        .iter()
        .filter(|played| !played.differences.is_empty())
        .map(|played| (played.id.clone(), played.format.name()))
        .collect();
    let divergences: Vec<_> = known.iter().filter(|divergence| divergence.applies(library.version)).collect();
    let informational: BTreeSet<_> =
        results.iter().filter(|played| played.level == "informational").map(|played| &played.id).collect();
    let unknown: Vec<_> = failed
        .iter()
        .filter(|failure| !informational.contains(&failure.0))
        .filter(|failure| !divergences.iter().any(|divergence| divergence.matches(failure)))
        .collect();
    let stale: Vec<_> = divergences
        .iter()
        .filter(|divergence| !failed.iter().any(|failure| divergence.matches(failure)))
        .map(|divergence| divergence.id.as_deref().unwrap_or(&divergence.cases[0]))
        .collect();
    let differences: Vec<_> = results
        .iter()
        .filter(|played| unknown.iter().any(|(id, format)| *id == played.id && *format == played.format.name()))
        .map(|played| format!("{} {}: {}", played.id, played.format.name(), played.differences[0]))
        .collect();
    assert!(unknown.is_empty(), "no divergence explains\n{}", differences.join("\n"));
    assert!(stale.is_empty(), "these divergences match no failure: {stale:?}");
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn versions_compare_by_number() {
        assert!(covers("*", "0.28.1"));
        assert!(covers(">=0.21,<0.29", "0.28.1"));
        assert!(!covers(">=0.21, <0.28", "0.28.1"));
        assert!(covers("==0.28.1", "0.28.1"));
    }
}
