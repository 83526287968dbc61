"""Normalisation without weights, and softmax."""
