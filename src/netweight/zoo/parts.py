"""Pieces that several families share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from netweight import build
from netweight.build import Symbol, conv2d, linear, relu, scope
from netweight.errors import unknown_name

ACTIVATIONS = ("relu", "tanh", "sigmoid", "gelu")


def activation(kind: str) -> Callable[..., Symbol]:
    """The builder function of an activation that a network takes as an option.

    Raises:
        UnknownNameError: If no activation has that name.
    """
    if kind not in ACTIVATIONS:
        raise unknown_name("activation", kind, ACTIVATIONS, fix=f"known: {', '.join(ACTIVATIONS)}")
    function: Callable[..., Symbol] = getattr(build, kind)
    return function


def conv_relu(x: Symbol, out_channels: int, *, name: str, normalised: bool = True, **options: Any) -> Symbol:
    """Convolution and ReLU as the module ``name``; batch normalisation between them takes the place of the bias.

    Source: torchvision's BasicConv2d.
    """
    with scope(x, name, "BasicConv2d"):
        x = conv2d(x, out_channels, bias=not normalised, name="conv", **options)
        if normalised:
            x = build.batch_norm(x, eps=0.001, name="bn")
        return relu(x, inplace=True, name="relu")


def linear_relu(x: Symbol, out_features: int, names: Iterator[str]) -> Symbol:
    """Fully connected layer and ReLU, named by the next two names."""
    x = linear(x, out_features, name=next(names))
    return relu(x, inplace=True, name=next(names))
