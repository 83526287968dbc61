"""Layers that look up, and parts of symbols."""
