"""The wire format of the Yjs family, decoded without any of its implementations.

`update` is the entrance: bytes to `model.Update` and back. `roots` and `normalize` work on decoded updates.
"""
