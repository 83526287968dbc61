"""Operators that are recorded although their results are known at capture: every forward does their work."""

from __future__ import annotations

PRODUCTS = frozenset({
    "addbmm", "addmm", "addmv", "baddbmm", "bilinear", "bmm", "conv1d", "conv2d", "conv3d", "convolution", "dot",
    "einsum", "linear", "matmul", "mm", "mv", "vdot",
})  # fmt: skip
"""Products, also of constants: rotary embeddings multiply positions by frequencies, and those are MACs."""

FIXED = "work on the numbers of an integer input is done at capture and not counted"
"""Note on work that is not in the graph."""

READ = "a program looks at the numbers of an integer input"
"""Note where no work is left out, but the program may do something else with other numbers."""

OF_INTEGERS = frozenset({
    "abs", "add", "alias", "all", "amax", "amin", "any", "argmax", "argmin", "bitwise_and", "bitwise_not",
    "bitwise_or", "bitwise_xor", "cat", "clamp", "clamp_max", "clamp_min", "clone", "contiguous", "cumsum", "detach",
    "eq", "expand", "expand_as", "flatten", "flip", "floor_divide", "ge", "gt", "le", "logical_and", "logical_not",
    "logical_or", "logical_xor", "lt", "maximum", "minimum", "mul", "ne", "neg", "permute", "prod", "remainder",
    "reshape", "roll", "rsub", "select", "sign", "slice", "squeeze", "stack", "sub", "sum", "t", "to", "_to_copy",
    "transpose", "tril", "triu", "type_as", "unflatten", "unsqueeze", "view", "where",
})  # fmt: skip
"""Operators on integers and booleans that are recorded: their sizes do not depend on the numbers of the input."""

BY_NUMBERS = frozenset({
    "_local_scalar_dense", "_unique2", "allclose", "bincount", "equal", "index.Tensor", "is_nonzero", "item",
    "masked_select", "nonzero", "nonzero_numpy", "unique_consecutive", "unique_dim", "where.condition_only",
})  # fmt: skip
"""Operators whose rule guesses because the numbers, which are known here, decide sizes or the way of the program."""
