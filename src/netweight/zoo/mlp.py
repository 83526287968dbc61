"""Multilayer perceptron of any widths.

Source: Rosenblatt 1958; Rumelhart, Hinton & Williams 1986. 784-300-100-10 is LeNet-300-100 of LeCun et al. 1998.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netweight.build import Symbol, linear
from netweight.errors import ShapeError, UsageError
from netweight.zoo.parts import activation as activation_of


def sample_shape(options: Mapping[str, Any]) -> tuple[int]:
    """Features of one sample: the first width."""
    return (_checked(options["widths"])[0],)


def mlp(x: Symbol, *, widths: tuple[int, ...] = (5, 3, 2), bias: bool = True, activation: str = "relu") -> Symbol:
    """Fully connected layers of the given widths, input first; an activation after each but the last.

    Args:
        x: (N, widths[0]).
        widths: Features of the input, the hidden layers and the output.
        bias: Whether every layer adds one.
        activation: ``"relu"``, ``"tanh"`` or ``"sigmoid"``.

    Raises:
        UsageError: If there are fewer than two widths.
        UnknownNameError: If there is no such activation.
        ShapeError: If ``x`` has another number of features.
    """
    in_features, *sizes = _checked(widths)
    if x.shape[-1:] != (in_features,):
        raise ShapeError(f"mlp: expected x of shape (N, {in_features}), got {x.shape}")
    activate = activation_of(activation)
    for number, size in enumerate(sizes, start=1):
        x = linear(x, size, bias=bias, name=f"fc{number}")
        if number < len(sizes):
            x = activate(x, inplace=True, name=f"{activation}{number}")
    return x


def _checked(widths: tuple[int, ...]) -> tuple[int, ...]:
    if len(widths) < 2 or min(widths) < 1:
        raise UsageError(f"mlp: expected at least two positive widths such as 5-3-2, got {widths!r}")
    return widths
