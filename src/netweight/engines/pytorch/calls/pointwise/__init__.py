"""Operators on each element alone."""
