"""Stores of layer 4: a store, and a document of the same stack from which it is written and into which it is loaded."""
