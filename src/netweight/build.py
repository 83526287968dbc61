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

# Where each function lives; a network imports the families it uses.
_FUNCTIONS = {
    "activation": (
        "dropout elu gelu hardsigmoid hardswish leaky_relu mish prelu relu relu6 selu sigmoid silu softplus tanh"
    ),
    "algebra": (
        "as_strided cholesky det diag_embed diagonal_scatter eigh eigvalsh inv qr slogdet solve solve_triangular svd "
        "svdvals"
    ),
    "arith": (
        "abs add ceil clamp cos div erf exp floor log maximum minimum mul neg pow rdiv reciprocal round rsqrt "
        "rsub sign sin sqrt square sub"
    ),
    "attention": "multi_head_attention scaled_dot_product_attention",
    "conv": "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d",
    "copies": (
        "arange channel_shuffle copy diagonal full full_like one_hot ones_like pixel_shuffle pixel_unshuffle "
        "repeat_interleave slice_scatter tril triu zeros_like"
    ),
    "core": "Symbol call graph scope",
    "embedding": "embedding",
    "found": "nonzero unique unique_consecutive",
    "fourier": "fft ifft irfft rfft",
    "functions": (
        "acos addcdiv addcmul asin atan atan2 bitwise_and bitwise_left_shift bitwise_not bitwise_or "
        "bitwise_right_shift bitwise_xor cosh exp2 expm1 floor_divide fmod isfinite isinf isnan lerp log10 log1p "
        "log2 logaddexp remainder sinh tan trunc"
    ),
    "gates": "celu glu hardshrink logsigmoid softshrink softsign tanhshrink threshold",
    "indexing": "index index_add index_copy index_put masked_fill scatter scatter_add",
    "layout": (
        "chunk concat expand flatten flip gather index_select narrow pad permute repeat reshape roll split "
        "squeeze stack transpose unsqueeze"
    ),
    "linear": "linear",
    "logic": "cast eq ge gt le logical_and logical_not logical_or logical_xor lt ne where",
    "loss": "cross_entropy mse_loss",
    "losses": "binary_cross_entropy binary_cross_entropy_with_logits huber_loss kl_div l1_loss nll_loss smooth_l1_loss",
    "matmul": "einsum matmul",
    "measure": "all any count_nonzero cumprod logsumexp",
    "norm": "batch_norm group_norm instance_norm layer_norm local_response_norm rms_norm",
    "order": "argsort max min sort topk",
    "params": "parameter",
    "pool": (
        "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool2d avg_pool1d "
        "avg_pool2d avg_pool3d global_avg_pool global_max_pool lp_pool2d max_pool1d max_pool2d max_pool3d "
        "min_pool2d"
    ),
    "quantize": "dequantize fake_quantize quantize",
    "ranks": (
        "acosh asinh atanh complex conj copysign cummax cummin kthvalue logcumsumexp masked_scatter mode rand_like "
        "randn_like scatter_reduce searchsorted view_as_complex view_as_real"
    ),
    "recurrent": "gru lstm rnn",
    "reduce": "amax amin argmax argmin cumsum mean prod std sum var vector_norm",
    "regions": "deform_conv2d nms roi_align roi_pool",
    "resize": "interpolate",
    "softmax": "log_softmax softmax",
    "tables": "bilinear embedding_bag",
    "unpool": "max_pool2d_with_indices max_unpool2d",
    "windows": "fold grid_sample unfold window_view",
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
