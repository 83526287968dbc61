"""Interpreters of a graph that compute arrays: forward and backward."""

from netweight.runtime.backward import backward
from netweight.runtime.forward import Run, run
from netweight.runtime.weights import initialize

__all__ = ["Run", "backward", "initialize", "run"]
