"""Layers of products."""
