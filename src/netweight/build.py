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

if TYPE_CHECKING:
    from netweight.sources.build.activation import *  # noqa: F403
    from netweight.sources.build.arith import *  # noqa: F403
    from netweight.sources.build.attention import *  # noqa: F403
    from netweight.sources.build.conv import *  # noqa: F403
    from netweight.sources.build.core import *  # noqa: F403
    from netweight.sources.build.embedding import *  # noqa: F403
    from netweight.sources.build.layout import *  # noqa: F403
    from netweight.sources.build.linear import *  # noqa: F403
    from netweight.sources.build.logic import *  # noqa: F403
    from netweight.sources.build.loss import *  # noqa: F403
    from netweight.sources.build.matmul import *  # noqa: F403
    from netweight.sources.build.norm import *  # noqa: F403
    from netweight.sources.build.params import *  # noqa: F403
    from netweight.sources.build.pool import *  # noqa: F403
    from netweight.sources.build.recurrent import *  # noqa: F403
    from netweight.sources.build.reduce import *  # noqa: F403
    from netweight.sources.build.resize import *  # noqa: F403
    from netweight.sources.build.softmax import *  # noqa: F403

# Where each function lives; a network imports the families it uses.
_FUNCTIONS = {
    "activation": (
        "dropout elu gelu hardsigmoid hardswish leaky_relu mish prelu relu relu6 selu sigmoid silu softplus tanh"
    ),
    "arith": (
        "abs add ceil clamp cos div erf exp floor log maximum minimum mul neg pow rdiv reciprocal round rsqrt "
        "rsub sign sin sqrt square sub"
    ),
    "attention": "multi_head_attention scaled_dot_product_attention",
    "conv": "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d",
    "core": "Symbol call graph scope",
    "embedding": "embedding",
    "layout": (
        "chunk concat expand flatten flip gather index_select narrow pad permute repeat reshape roll split "
        "squeeze stack transpose unsqueeze"
    ),
    "linear": "linear",
    "logic": "cast eq ge gt le logical_and logical_not logical_or logical_xor lt ne where",
    "loss": "cross_entropy mse_loss",
    "matmul": "einsum matmul",
    "norm": "batch_norm group_norm instance_norm layer_norm local_response_norm rms_norm",
    "params": "parameter",
    "pool": (
        "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool2d avg_pool1d "
        "avg_pool2d avg_pool3d global_avg_pool global_max_pool lp_pool2d max_pool1d max_pool2d max_pool3d "
        "min_pool2d"
    ),
    "recurrent": "gru lstm rnn",
    "reduce": "amax amin argmax argmin cumsum mean prod std sum var",
    "resize": "interpolate",
    "softmax": "log_softmax softmax",
}
_HOMES = {name: module for module, names in _FUNCTIONS.items() for name in names.split()}

__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'netweight.build' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"netweight.sources.build.{_HOMES[name]}"), name)
    globals()[name] = value  # the next access does not come here
    return value


def __dir__() -> list[str]:
    return __all__
