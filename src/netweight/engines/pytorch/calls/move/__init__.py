"""Operators that move, pick, join and make elements."""
