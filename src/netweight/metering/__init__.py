"""Counters of energy that a machine has: what its processors and its GPUs took."""
