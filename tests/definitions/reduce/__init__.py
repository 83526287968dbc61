"""Reductions and running ones, number by number."""
