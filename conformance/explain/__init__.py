"""Explaining: what given bytes say, in lines or as JSON, up to the byte at which they stop making sense."""
