//! The vectors of the kit, played alone.

use conformance_runner_testing::divergences;
use yrs_conformance_runner::session::Peers;

#[test]
fn the_failures_are_the_known_divergences() {
    divergences::the_failures_are_the_known_divergences::<Peers>();
}
