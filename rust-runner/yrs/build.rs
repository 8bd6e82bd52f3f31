//! Sets a flag `yrs_N` for every minor release of yrs up to the linked one.

/// The oldest and the newest minor release whose API differences `src/compat.rs` knows.
const KNOWN: std::ops::RangeInclusive<u64> = 19..=28;

fn main() {
    conformance_runner_linked::emit("yrs", "yrs", KNOWN);
}
