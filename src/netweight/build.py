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

import importlib
from typing import Any

from netweight.index import FUNCTIONS, homes

_HOMES = homes(FUNCTIONS)

__all__ = sorted(_HOMES)  # noqa: PLE0605  -- build.pyi has them with their types


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'netweight.build' has no attribute {name!r}")
    value = importlib.import_module("netweight.sources.build.layers").function(name)
    globals()[name] = value  # the next access does not come here
    return value


def __dir__() -> list[str]:
    return __all__
