"""What a module is, as its author would write it: ``Linear(26, 1)``."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

_FIRST: dict[type[nn.Module], tuple[str, ...]] = {
    nn.Linear: ("in_features", "out_features"),
    nn.Bilinear: ("in1_features", "in2_features", "out_features"),
    nn.Embedding: ("num_embeddings", "embedding_dim"),
    nn.EmbeddingBag: ("num_embeddings", "embedding_dim"),
    nn.LayerNorm: ("normalized_shape",),
    nn.GroupNorm: ("num_groups", "num_channels"),
    nn.modules.batchnorm._NormBase: ("num_features",),
    nn.modules.conv._ConvNd: ("in_channels", "out_channels", "kernel_size"),
    nn.RNNBase: ("input_size", "hidden_size"),
    nn.RNNCellBase: ("input_size", "hidden_size"),
    nn.MultiheadAttention: ("embed_dim", "num_heads"),
}
_OTHERS = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}


def described(module: nn.Module, **changed: Any) -> str:
    """Class and settings of a module of PyTorch, the class alone of any other.

    Args:
        module: The module.
        **changed: Settings to show instead of its own.

    >>> described(nn.Conv2d(3, 8, 3, padding=1))
    'Conv2d(3, 8, 3, padding=1)'
    >>> described(nn.Linear(26, 1), in_features=48)
    'Linear(48, 1)'
    """
    name = type(module).__name__
    names = next((names for kind, names in _FIRST.items() if isinstance(module, kind)), ())
    shown = [str(_plain(changed.get(key, getattr(module, key, "?")))) for key in names]
    for key, usual in _OTHERS.items():
        value = _plain(changed.get(key, getattr(module, key, usual)))
        if names and value != usual and not isinstance(module, nn.RNNBase):
            shown.append(f"{key}={value!r}")
    return f"{name}({', '.join(shown)})" if names else name


def is_of_torch(module: nn.Module) -> bool:
    """Whether PyTorch has its class: it is no container of the user's own."""
    return type(module).__module__.startswith("torch.nn.modules.") and not isinstance(
        module, nn.Sequential | nn.ModuleList | nn.ModuleDict
    )


def _plain(value: Any) -> Any:
    """A size of each dimension as one number, where they are equal."""
    if isinstance(value, torch.Size):  # of a layer normalisation: its dimensions are no choice between equal ones
        return value[0] if len(value) == 1 else tuple(value)
    return value[0] if isinstance(value, tuple) and value and len(set(value)) == 1 else value
