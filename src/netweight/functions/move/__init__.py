"""Functions that move elements and compute nothing."""
