"""Inception v3: factorised convolutions.

Source: Szegedy et al. 2016, "Rethinking the Inception architecture", in the form and with the names of torchvision.
"""

from __future__ import annotations

from typing import Any

from netweight.build import (
    Symbol,
    adaptive_avg_pool2d,
    avg_pool2d,
    concat,
    dropout,
    flatten,
    linear,
    max_pool2d,
    scope,
)
from netweight.zoo.parts import conv_relu

_ROW: dict[str, Any] = {"kernel_size": (1, 7), "padding": (0, 3)}
_COLUMN: dict[str, Any] = {"kernel_size": (7, 1), "padding": (3, 0)}
_SMALL_ROW: dict[str, Any] = {"kernel_size": (1, 3), "padding": (0, 1)}
_SMALL_COLUMN: dict[str, Any] = {"kernel_size": (3, 1), "padding": (1, 0)}
_POINT: dict[str, Any] = {"kernel_size": 1}
_SAME3: dict[str, Any] = {"kernel_size": 3, "padding": 1}
_HALVE: dict[str, Any] = {"kernel_size": 3, "stride": 2}


def inception_v3(x: Symbol, *, num_classes: int = 1000, aux_logits: bool = False) -> Symbol | tuple[Symbol, Symbol]:
    """Modules on 35 x 35, 17 x 17 and 8 x 8.

    Args:
        x: (N, 3, H, W); published for 299 x 299.
        num_classes: Outputs.
        aux_logits: Whether the auxiliary classifier of training is part of it; then there are two outputs.
    """
    x = _stem(x)
    for name, pool_channels in (("Mixed_5b", 32), ("Mixed_5c", 64), ("Mixed_5d", 64)):
        x = _module_a(x, pool_channels, name=name)
    x = _reduction_b(x, name="Mixed_6a")
    for name, channels in (("Mixed_6b", 128), ("Mixed_6c", 160), ("Mixed_6d", 160), ("Mixed_6e", 192)):
        x = _module_c(x, channels, name=name)
    auxiliary = _classifier(x, num_classes) if aux_logits else None
    x = _reduction_d(x, name="Mixed_7a")
    x = _module_e(x, name="Mixed_7b")
    x = _module_e(x, name="Mixed_7c")
    x = adaptive_avg_pool2d(x, 1, name="avgpool")
    x = flatten(dropout(x))
    x = linear(x, num_classes, name="fc")
    return x if auxiliary is None else (x, auxiliary)


def _stem(x: Symbol) -> Symbol:
    """299 x 299 to 35 x 35."""
    x = conv_relu(x, 32, name="Conv2d_1a_3x3", **_HALVE)
    x = conv_relu(x, 32, kernel_size=3, name="Conv2d_2a_3x3")
    x = conv_relu(x, 64, name="Conv2d_2b_3x3", **_SAME3)
    x = max_pool2d(x, 3, 2, name="maxpool1")
    x = conv_relu(x, 80, name="Conv2d_3b_1x1", **_POINT)
    x = conv_relu(x, 192, kernel_size=3, name="Conv2d_4a_3x3")
    return max_pool2d(x, 3, 2, name="maxpool2")


def _chain(x: Symbol, *steps: tuple[str, int, dict[str, Any]]) -> Symbol:
    """Convolutions one after the other: name, channels, options."""
    for name, channels, options in steps:
        x = conv_relu(x, channels, name=name, **options)
    return x


def _pooled(x: Symbol, channels: int) -> Symbol:
    """3 x 3 average at every position, and its projection."""
    return conv_relu(avg_pool2d(x, 3, 1, padding=1), channels, name="branch_pool", **_POINT)


def _module_a(x: Symbol, pool_channels: int, *, name: str) -> Symbol:
    """Figure 5: the 5 x 5 branch beside a double 3 x 3 branch."""
    with scope(x, name, "InceptionA"):
        branches = (
            _chain(x, ("branch1x1", 64, _POINT)),
            _chain(x, ("branch5x5_1", 48, _POINT), ("branch5x5_2", 64, {"kernel_size": 5, "padding": 2})),
            _chain(x, ("branch3x3dbl_1", 64, _POINT), ("branch3x3dbl_2", 96, _SAME3), ("branch3x3dbl_3", 96, _SAME3)),
            _pooled(x, pool_channels),
        )
        return concat(branches, 1)


def _reduction_b(x: Symbol, *, name: str) -> Symbol:
    """35 x 35 to 17 x 17."""
    with scope(x, name, "InceptionB"):
        branches = (
            _chain(x, ("branch3x3", 384, _HALVE)),
            _chain(x, ("branch3x3dbl_1", 64, _POINT), ("branch3x3dbl_2", 96, _SAME3), ("branch3x3dbl_3", 96, _HALVE)),
            max_pool2d(x, 3, 2, name="branch_pool"),
        )
        return concat(branches, 1)


def _module_c(x: Symbol, channels: int, *, name: str) -> Symbol:
    """Figure 6: 7 x 7 as 1 x 7 and 7 x 1."""
    seven = (("branch7x7_1", channels, _POINT), ("branch7x7_2", channels, _ROW), ("branch7x7_3", 192, _COLUMN))
    double = (
        ("branch7x7dbl_1", channels, _POINT),
        ("branch7x7dbl_2", channels, _COLUMN),
        ("branch7x7dbl_3", channels, _ROW),
        ("branch7x7dbl_4", channels, _COLUMN),
        ("branch7x7dbl_5", 192, _ROW),
    )
    with scope(x, name, "InceptionC"):
        branches = (_chain(x, ("branch1x1", 192, _POINT)), _chain(x, *seven), _chain(x, *double), _pooled(x, 192))
        return concat(branches, 1)


def _reduction_d(x: Symbol, *, name: str) -> Symbol:
    """17 x 17 to 8 x 8."""
    seven = (
        ("branch7x7x3_1", 192, _POINT),
        ("branch7x7x3_2", 192, _ROW),
        ("branch7x7x3_3", 192, _COLUMN),
        ("branch7x7x3_4", 192, _HALVE),
    )
    with scope(x, name, "InceptionD"):
        branches = (
            _chain(x, ("branch3x3_1", 192, _POINT), ("branch3x3_2", 320, _HALVE)),
            _chain(x, *seven),
            max_pool2d(x, 3, 2, name="branch_pool"),
        )
        return concat(branches, 1)


def _module_e(x: Symbol, *, name: str) -> Symbol:
    """Figure 7: 1 x 3 and 3 x 1 side by side, on 8 x 8."""
    with scope(x, name, "InceptionE"):
        one = _chain(x, ("branch1x1", 320, _POINT))
        three = _chain(x, ("branch3x3_1", 384, _POINT))
        three = _side_by_side(three, "branch3x3_2")
        double = _chain(x, ("branch3x3dbl_1", 448, _POINT), ("branch3x3dbl_2", 384, _SAME3))
        double = _side_by_side(double, "branch3x3dbl_3")
        return concat((one, three, double, _pooled(x, 192)), 1)


def _side_by_side(x: Symbol, name: str) -> Symbol:
    row = conv_relu(x, 384, name=f"{name}a", **_SMALL_ROW)
    column = conv_relu(x, 384, name=f"{name}b", **_SMALL_COLUMN)
    return concat((row, column), 1)


def _classifier(x: Symbol, num_classes: int) -> Symbol:
    """Auxiliary classifier on the last 17 x 17 module."""
    with scope(x, "AuxLogits", "InceptionAux"):
        x = avg_pool2d(x, 5, 3)
        x = conv_relu(x, 128, name="conv0", **_POINT)
        x = conv_relu(x, 768, kernel_size=5, name="conv1")
        x = adaptive_avg_pool2d(x, 1, name="avgpool")
        return linear(flatten(x), num_classes, name="fc")
