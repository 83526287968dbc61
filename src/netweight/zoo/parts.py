"""Pieces that several families share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from netweight.build import Symbol, batch_norm, conv2d, gelu, linear, relu, scope, sigmoid, tanh
from netweight.errors import unknown_name

ACTIVATIONS: dict[str, Callable[..., Symbol]] = {"relu": relu, "tanh": tanh, "sigmoid": sigmoid, "gelu": gelu}


def activation(kind: str) -> Callable[..., Symbol]:
    """The builder function of an activation that a network takes as an option.

    Raises:
        UnknownNameError: If no activation has that name.
    """
    if kind not in ACTIVATIONS:
        raise unknown_name("activation", kind, ACTIVATIONS, fix=f"known: {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[kind]


def conv_relu(x: Symbol, out_channels: int, *, name: str, normalised: bool = True, **options: Any) -> Symbol:
    """Convolution and ReLU as the module ``name``; batch normalisation between them takes the place of the bias.

    Source: torchvision's BasicConv2d.
    """
    with scope(x, name, "BasicConv2d"):
        x = conv2d(x, out_channels, bias=not normalised, name="conv", **options)
        if normalised:
            x = batch_norm(x, eps=0.001, name="bn")
        return relu(x, inplace=True, name="relu")


def linear_relu(x: Symbol, out_features: int, names: Iterator[str]) -> Symbol:
    """Fully connected layer and ReLU, named by the next two names."""
    x = linear(x, out_features, name=next(names))
    return relu(x, inplace=True, name=next(names))
