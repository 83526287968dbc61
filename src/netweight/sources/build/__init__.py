"""Describe a network by hand, in PyTorch's spelling, over symbolic values.

>>> from netweight import build
>>> def tiny(x):
...     x = build.conv2d(x, 8, kernel_size=3, padding=1, name="conv1")
...     x = build.relu(x)
...     return build.linear(build.flatten(x, 1), 10, name="fc")
>>> graph = build.graph(tiny, (1, 3, 32, 32))
>>> [node.layer for node in graph.nodes]
['conv1', 'relu', 'flatten', 'fc']

The same description is weighed without weights and run with them: every parameter carries how to make it.
"""

from netweight.sources.build.activation import dropout, relu
from netweight.sources.build.conv import conv1d, conv2d, conv3d
from netweight.sources.build.core import Symbol, call, graph, scope
from netweight.sources.build.layout import flatten, reshape
from netweight.sources.build.linear import linear
from netweight.sources.build.norm import local_response_norm
from netweight.sources.build.params import parameter
from netweight.sources.build.pool import max_pool2d

__all__ = [
    "Symbol",
    "call",
    "conv1d",
    "conv2d",
    "conv3d",
    "dropout",
    "flatten",
    "graph",
    "linear",
    "local_response_norm",
    "max_pool2d",
    "parameter",
    "relu",
    "reshape",
    "scope",
]
