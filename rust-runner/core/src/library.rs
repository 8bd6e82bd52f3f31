//! The seam: what a runner gives for the library that it hosts.

use crate::fault::{Answer, Fault};
use crate::slots::Slots;
use crate::step::{PeerOptions, Roots, Step};

/// What a runner says about itself and the library that was linked.
#[derive(Debug, Clone)]
pub struct Library {
    /// The implementation's name, such as `yrs`.
    pub name: &'static str,
    /// The version of the library.
    pub version: &'static str,
    /// The compiler and its version.
    pub runtime: &'static str,
    /// What the runner can do with this release, beside the kinds of steps that it was asked for.
    pub features: Vec<&'static str>,
    /// The distinctions that the library's API cannot report.
    pub lossy: &'static [&'static str],
}

/// The documents of one session. A panic in any of these is caught and answered as one.
pub trait Documents: Sized {
    /// The library.
    fn library() -> Library;

    /// Makes the peers' documents.
    ///
    /// # Errors
    /// [`Fault::Unsupported`] for a kind of root or a peer that the library cannot have.
    fn new<'a>(roots: Roots, peers: impl Iterator<Item = (&'a String, &'a PeerOptions)>) -> Result<Self, Fault>;

    /// Whether the numbers of local ops are taken modulo what there is; at first they are not.
    fn wrap(&mut self, wraps: bool);

    /// Performs a step.
    ///
    /// # Errors
    /// What kept the step from being done.
    fn perform(&mut self, step: &Step, slots: &mut Slots) -> Answer;
}
