//! A session: the documents of the peers that this runner plays, the slots, and panics that are caught.

use std::any::Any as AnyPanic;
use std::cell::RefCell;
use std::panic::{catch_unwind, AssertUnwindSafe};

use crate::fault::{Answer, Fault};
use crate::library::Documents;
use crate::slots::Slots;
use crate::step::{PeerOptions, Roots, Step};

/// The documents of one session, and byte strings by slot name.
pub struct Session<D> {
    documents: D,
    slots: Slots,
}

thread_local! {
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps the message and the place of a panic for the step's answer, instead of printing them. The place is given
/// from the crate's folder on: so it is the same on every machine.
pub fn record_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place =
            info.location().map(|location| format!(" at {}:{}", within_crate(location.file()), location.line()));
        let recorded = panic_message(info.payload()).to_owned() + place.as_deref().unwrap_or_default();
        LAST_PANIC.with_borrow_mut(|last| *last = Some(recorded));
    }));
}

fn within_crate(file: &str) -> &str {
    let source = file.rfind("/src/").unwrap_or(0);
    file[..source].rfind('/').map_or(file, |start| &file[start + 1..])
}

fn panic_message(payload: &dyn AnyPanic) -> &str {
    let owned = payload.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("panic")
}

/// Runs `work`; a panic becomes [`Fault::Panic`].
fn guarded<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload: Box<dyn AnyPanic + Send>| {
        let recorded = LAST_PANIC.with_borrow_mut(Option::take);
        Err(Fault::Panic(recorded.unwrap_or_else(|| panic_message(payload.as_ref()).to_owned())))
    })
}

impl<D: Documents> Session<D> {
    /// Makes the peers' documents.
    ///
    /// # Errors
    /// [`Fault::Runner`] for a client id of 2^53 or above, [`Fault::Panic`], and those of the library.
    pub fn new<'a>(
        roots: Roots,
        peers: impl IntoIterator<Item = (&'a String, &'a PeerOptions)>,
    ) -> Result<Self, Fault> {
        let peers: Vec<_> = peers.into_iter().collect();
        if let Some((_, options)) = peers.iter().find(|(_, options)| options.client >> 53 != 0) {
            return Err(Fault::runner(format!("client id {} is not below 2^53", options.client)));
        }
        let documents = guarded(|| D::new(roots, peers.into_iter()))?;
        Ok(Self { documents, slots: Slots::default() })
    }

    /// The same session, but the numbers of local ops are taken modulo what there is.
    #[must_use]
    pub fn wrapping(mut self, wraps: bool) -> Self {
        self.documents.wrap(wraps);
        self
    }

    /// Performs a step. After a fault that [ends the session](Fault::ends_session) none may follow.
    ///
    /// # Errors
    /// What kept the step from being done.
    pub fn step(&mut self, step: &Step) -> Answer {
        guarded(|| self.documents.perform(step, &mut self.slots))
    }

    /// Drops the documents, whose destructors may panic.
    pub fn close(self) {
        // A panic here is not any step's: nobody is left to be told.
        let _ = guarded(|| {
            drop(self);
            Ok(())
        });
    }

    /// Forgets the documents without running their destructors, which are not to be trusted after a panic.
    pub fn abandon(self) {
        std::mem::forget(self);
    }
}
