"""Normalisation with weights."""
