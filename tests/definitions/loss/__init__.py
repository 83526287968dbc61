"""Losses, number by number."""
