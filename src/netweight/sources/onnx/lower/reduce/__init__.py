"""Reductions, and running ones."""
