"""Operators whose work is recorded although their numbers are known at capture, because it is done in every forward."""

from __future__ import annotations

PRODUCTS = frozenset({
    "addbmm", "addmm", "addmv", "baddbmm", "bilinear", "bmm", "conv1d", "conv2d", "conv3d", "convolution", "dot",
    "einsum", "linear", "matmul", "mm", "mv", "vdot",
})  # fmt: skip
"""Products of constants, as of positions and frequencies: MACs are counted whether or not a tensor has numbers."""

FIXED = "work on the numbers of an integer input is done at capture and not counted"
"""Note on work that is no part of the graph: with other numbers its results are others."""

READ = "a program looks at the numbers of an integer input"
"""What is no work, and may still decide what the program does."""

OF_INTEGERS = frozenset({
    "abs", "add", "alias", "all", "amax", "amin", "any", "argmax", "argmin", "bitwise_and", "bitwise_not",
    "bitwise_or", "bitwise_xor", "cat", "clamp", "clamp_max", "clamp_min", "clone", "contiguous", "cumsum", "detach",
    "eq", "expand", "expand_as", "flatten", "flip", "floor_divide", "ge", "gt", "le", "logical_and", "logical_not",
    "logical_or", "logical_xor", "lt", "maximum", "minimum", "mul", "ne", "neg", "permute", "prod", "remainder",
    "reshape", "roll", "rsub", "select", "sign", "slice", "squeeze", "stack", "sub", "sum", "t", "to", "_to_copy",
    "transpose", "tril", "triu", "type_as", "unflatten", "unsqueeze", "view", "where",
})  # fmt: skip
"""Work among integers and booleans of an input. Sizes do not depend on numbers: the graph holds for others."""
