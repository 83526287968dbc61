"""Sorting and choosing."""
