"""Resizing, and sampling between positions."""
