"""Normalisation and softmax, number by number."""
