"""Tools for those who write vectors: one layout for suite files, and cases written as short programs."""
