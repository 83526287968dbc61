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
from typing import TYPE_CHECKING, Any

from netweight.index import FUNCTIONS, homes

if TYPE_CHECKING:
    from netweight.sources.build.activation import *  # noqa: F403
    from netweight.sources.build.algebra import *  # noqa: F403
    from netweight.sources.build.arith import *  # noqa: F403
    from netweight.sources.build.attention import *  # noqa: F403
    from netweight.sources.build.conv import *  # noqa: F403
    from netweight.sources.build.copies import *  # noqa: F403
    from netweight.sources.build.core import *  # noqa: F403
    from netweight.sources.build.embedding import *  # noqa: F403
    from netweight.sources.build.found import *  # noqa: F403
    from netweight.sources.build.fourier import *  # noqa: F403
    from netweight.sources.build.functions import *  # noqa: F403
    from netweight.sources.build.gates import *  # noqa: F403
    from netweight.sources.build.indexing import *  # noqa: F403
    from netweight.sources.build.layout import *  # noqa: F403
    from netweight.sources.build.linear import *  # noqa: F403
    from netweight.sources.build.logic import *  # noqa: F403
    from netweight.sources.build.loss import *  # noqa: F403
    from netweight.sources.build.losses import *  # noqa: F403
    from netweight.sources.build.matmul import *  # noqa: F403
    from netweight.sources.build.measure import *  # noqa: F403
    from netweight.sources.build.norm import *  # noqa: F403
    from netweight.sources.build.order import *  # noqa: F403
    from netweight.sources.build.params import *  # noqa: F403
    from netweight.sources.build.pool import *  # noqa: F403
    from netweight.sources.build.quantize import *  # noqa: F403
    from netweight.sources.build.ranks import *  # noqa: F403
    from netweight.sources.build.recurrent import *  # noqa: F403
    from netweight.sources.build.reduce import *  # noqa: F403
    from netweight.sources.build.regions import *  # noqa: F403
    from netweight.sources.build.resize import *  # noqa: F403
    from netweight.sources.build.softmax import *  # noqa: F403
    from netweight.sources.build.tables import *  # noqa: F403
    from netweight.sources.build.unpool import *  # noqa: F403
    from netweight.sources.build.windows import *  # noqa: F403

_HOMES = homes(FUNCTIONS)

__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'netweight.build' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value  # the next access does not come here
    return value


def __dir__() -> list[str]:
    return __all__
