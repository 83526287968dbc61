"""Weigh a neural network: parameters, MACs, memory, receptive field, layer by layer, and why."""

from netweight.analysis.profile import Profile
from netweight.api import capture, weigh
from netweight.errors import NetweightError, ShapeError, UnsupportedOpError, UsageError
from netweight.ir import Graph, TensorSpec
from netweight.sources import build

__all__ = [
    "Graph",
    "NetweightError",
    "Profile",
    "ShapeError",
    "TensorSpec",
    "UnsupportedOpError",
    "UsageError",
    "build",
    "capture",
    "weigh",
]
__version__ = "0.1.0"
