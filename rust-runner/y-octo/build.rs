//! Tells the version of y-octo that is linked.

fn main() {
    conformance_runner_linked::emit("y-octo", "y_octo", 1..=1);
}
