"""Activation memory as text, pictures and tables."""
