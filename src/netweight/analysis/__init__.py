"""Interpreters of a graph that compute no array: cost, memory, receptive field."""
