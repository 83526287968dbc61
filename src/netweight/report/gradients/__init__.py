"""Gradients of a network, shown: whether they are right, and how large they are."""
