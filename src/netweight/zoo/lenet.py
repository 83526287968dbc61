"""LeNet-5: the network that read handwritten digits on cheques.

Source: LeCun, Bottou, Bengio & Haffner 1998, section II.B and appendix A. Names of the layers as in the paper.
"""

from __future__ import annotations

import itertools

from netweight.build import (
    Symbol,
    add,
    avg_pool2d,
    concat,
    conv2d,
    flatten,
    linear,
    mul,
    parameter,
    scope,
    split,
    sub,
    tanh,
    unsqueeze,
)
from netweight.build import sum as sum_of
from netweight.ir import Init
from netweight.zoo.digit_codes import HEIGHT, WIDTH, digit_codes
from netweight.zoo.parts import activation as activation_of

C3_INPUTS = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)  # fmt: skip
"""Maps of S2 that each map of C3 reads: Table I of the paper, 60 of the 96 pairs."""

_NUM_CODES, _CODE_SIZE = 10, WIDTH * HEIGHT


def lenet5(x: Symbol, *, num_classes: int = 10, activation: str = "tanh", padding: int = 0) -> Symbol:
    """The usual form today: every map of C3 reads all of S2, plain average pooling, linear output.

    Args:
        x: (N, C, 32, 32), or 28 x 28 with ``padding=2``.
        num_classes: Outputs.
        activation: ``"tanh"``, ``"relu"`` or ``"sigmoid"``.
        padding: Around the image.

    Raises:
        UnknownNameError: If there is no such activation.
    """
    activate = activation_of(activation)
    x = conv2d(x, 6, kernel_size=5, padding=padding, name="C1")
    x = activate(x, inplace=True, name=f"{activation}1")
    x = avg_pool2d(x, 2, name="S2")
    x = conv2d(x, 16, kernel_size=5, name="C3")
    x = activate(x, inplace=True, name=f"{activation}3")
    x = avg_pool2d(x, 2, name="S4")
    x = conv2d(x, 120, kernel_size=5, name="C5")
    x = activate(x, inplace=True, name=f"{activation}5")
    x = linear(flatten(x), 84, name="F6")
    x = activate(x, inplace=True, name=f"{activation}6")
    return linear(x, num_classes, name="OUTPUT")


def lenet5_1998(x: Symbol) -> Symbol:
    """The published form: 60,000 trained numbers, 340,908 connections.

    Args:
        x: (N, 1, 32, 32).

    Returns:
        Squared distance to the code of each digit, (N, 10): the smallest is the answer.
    """
    with scope(x, "C1", "Convolution"):
        x = _squash(conv2d(x, 6, kernel_size=5, name="conv"))
    x = _subsample(x, name="S2")
    with scope(x, "C3", "ConnectionTable"):
        x = _squash(_connect(x, C3_INPUTS))
    x = _subsample(x, name="S4")
    with scope(x, "C5", "Convolution"):
        x = _squash(conv2d(x, 120, kernel_size=5, name="conv"))
    x = flatten(x)
    with scope(x, "F6", "Linear"):
        x = _squash(linear(x, _CODE_SIZE, name="linear"))
    with scope(x, "OUTPUT", "RBF"):
        return _distances(x)


def _squash(x: Symbol) -> Symbol:
    """1.7159 tanh(2x/3), which maps 1 to 1 (appendix A)."""
    x = mul(x, 2 / 3, inplace=True, name="slope")
    x = tanh(x, inplace=True, name="tanh")
    # The gradient of tanh needs its result, which training therefore cannot write over.
    return mul(x, 1.7159, inplace=not x.builder.training, name="amplitude")


def _subsample(x: Symbol, *, name: str) -> Symbol:
    """Sum of each 2 x 2 window, times one trained number per map, plus another."""
    with scope(x, name, "Subsampling"):
        per_map = (x.shape[1], 1, 1)
        x = avg_pool2d(x, 2, divisor_override=1, name="sum")
        x = mul(x, parameter(x, "weight", per_map, Init(kind="uniform", scale=2.4 / 4)), name="scale")
        x = add(x, parameter(x, "bias", per_map), inplace=True, name="offset")
        return _squash(x)


def _connect(x: Symbol, table: tuple[tuple[int, ...], ...]) -> Symbol:
    """5 x 5 convolution whose output map number i reads only the input maps ``table[i]``.

    Output maps that read equally many are the groups of one convolution over a copy of the maps they read, so that
    parameters and MACs are those of the table and not of a full convolution with zeros.
    """
    maps = split(x, 1, 1, name="maps")
    made = []
    for size, rows in itertools.groupby(table, key=len):
        group = tuple(rows)
        read = concat([maps[i] for row in group for i in row], 1, name=f"read{size}") if size < len(maps) else x
        made.append(conv2d(read, len(group), kernel_size=5, groups=len(group), name=f"conv{size}"))
    return concat(made, 1, name="maps")


def _distances(x: Symbol) -> Symbol:
    """Radial basis functions: squared Euclidean distance to each fixed code."""
    layer, _, slot = x.builder.layer_name("codes").rpartition(".")
    codes = x.builder.state(
        layer, slot, (_NUM_CODES, _CODE_SIZE), Init(kind="values", values=digit_codes()), kind="buffer"
    )
    gap = sub(unsqueeze(x, 1), codes, name="difference")
    return sum_of(mul(gap, gap, name="square"), -1, name="sum")
