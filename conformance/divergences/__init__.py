"""The document of known divergences for upstream maintainers, and the recorded examples that it is made from."""
