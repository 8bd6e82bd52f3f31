"""A conformance runner for the Python implementations of the Yjs CRDT. See runners/PROTOCOL.md."""
