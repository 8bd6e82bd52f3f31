"""Tests of the coordinator; a package, so that they share helpers by name."""
