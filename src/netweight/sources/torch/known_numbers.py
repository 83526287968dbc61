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

NOT_GIVEN, GIVEN, MADE_UP = 0, 1, 2
"""Where numbers of a value come from: from no input, from an input, or from one that was given by its shape alone."""
