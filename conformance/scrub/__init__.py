"""Scrubbing: neutral content of the same shape in the place of a private document's, and proof that none is left."""
