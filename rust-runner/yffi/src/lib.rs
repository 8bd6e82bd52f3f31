//! Nothing but a dependency: yffi is a shared library itself, and links with no crate.
