"""What random programs may have that PyTorch and netweight count differently: which figures, and why.

The other figures of such a program are compared all the same. ``macs`` are the same for all but few.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

STEPS = "peak", "saved"


@dataclass(frozen=True, slots=True)
class Otherwise:
    """An operator in the setting concerned.

    Attributes:
        pattern: Pattern of its text in the source.
        figures: Those that may differ.
        why: The reason.
    """

    pattern: str
    figures: tuple[str, ...]
    why: str


OTHERWISE: tuple[Otherwise, ...] = (
    Otherwise(r"cdist|quantile", STEPS, "made of products, or of sorts and interpolation, each of which is kept"),
    Otherwise(r"F\.pairwise_distance|block_diag|trapezoid", ("peak",), "one kernel is several operators of the table"),
    Otherwise(r"torch\.sinc", STEPS, "PyTorch keeps the product with pi alone"),
    Otherwise(r"xlogy", STEPS, "PyTorch keeps less"),
    Otherwise(r"fmax|fmin", STEPS, "PyTorch keeps two masks of its own"),
    Otherwise(r"lp_pool|torch\.cross\(|soft_margin|renorm|ldexp", STEPS, "made of simpler operators"),
    Otherwise(r"RMSNorm", STEPS, "made of simpler operators on a CPU, in higher precision for 16-bit types"),
    Otherwise(r"GRUCell|LSTMCell|RNNCell", STEPS, "PyTorch keeps gates in a workspace"),
    Otherwise(r"take_along_dim", ("saved",), "PyTorch makes the positions as long as the tensor"),
    Otherwise(r"gaussian_nll|poisson_nll|binary_cross_entropy\(", ("peak",), "one kernel is several operators"),
    Otherwise(r"vecdot|tensordot|torch\.inner", ("peak",), "products in another order, or element by element"),
    Otherwise(
        r"einsum", ("macs", "backward_macs"), "over a dimension of 1 it multiplies numbers, which are not counted"
    ),
    Otherwise(r"mse_loss", STEPS, "the mean lies in memory as large as what it is the mean of"),
    Otherwise(r"cosine_similarity|local_response_norm", ("peak",), "made of simpler operators"),
    Otherwise(r"torch\.dist\(|nansum|aminmax", STEPS, "one kernel is several operators, which keep more"),
    Otherwise(r"cross_entropy\(\w+, \w+\.softmax", ("peak",), "with probabilities it is made of simpler operators"),
    Otherwise(r"scaled_dot_product_attention", STEPS, "refused by the fused kernel for some sizes, and laid out anew"),
    Otherwise(r"adaptive_max_pool", ("peak",), "positions are made although nobody asks for them"),
    Otherwise(r"torch\.logit|\.take\(|var_mean|std_mean", ("saved",), "kept for the sizes, or as part of another one"),
    Otherwise(
        r"\.zero_\(|\.fill_\(|\] ?= ?0|\.copy_\(",
        ("saved", "backward_macs"),
        "what is written over whole passes zeros back, and keeps what that takes",
    ),
    Otherwise(r"alpha=|hypot", ("peak",), "one kernel of PyTorch is several operators of the table"),
    Otherwise(r"nan_to_num|float_power", STEPS, "one kernel of PyTorch is several operators of the table"),
    Otherwise(r"label_smoothing", ("peak",), "in 16-bit types it is summed in others"),
    Otherwise(r"\.to\(memory_format", ("peak",), "copied where only strides of dimensions of 1 change"),
    Otherwise(
        r"checkpoint\(",
        ("saved", "backward_macs"),
        "hooks do not see what is kept to run again, and the counter takes what runs again for backward",
    ),
    Otherwise(
        r"no_grad\(\): \w+ = \w+\.reshape",
        ("saved", "backward_macs"),
        "a view of what asks for gradients asks for them too, to PyTorch, where gradients are off",
    ),
    Otherwise(r"rrelu", ("saved",), "slopes are drawn anew for each number, and kept"),
)


def may_differ(source: str) -> frozenset[str]:
    """Figures of a program that may differ."""
    return frozenset(name for one in OTHERWISE if re.search(one.pattern, source) for name in one.figures)
