"""Inputs that are called what they are, as packages and papers call them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch

from netweight.ir import Filled, TensorSpec

_TOKENS, _SECOND, _NODES, _EDGES = 128, 16_000, 16, 64
Spec = TensorSpec | Filled
Maker = Callable[[torch.nn.Module, int], Spec | None]


def input_called(name: str, module: torch.nn.Module, batch: int) -> Spec | None:
    """An input of that name for a module; None where the name does not say enough."""
    maker = _CALLED.get(name)
    return None if maker is None else maker(module, batch)


def beside(
    names: Sequence[str], given: Mapping[str, Any], module: torch.nn.Module, batch: int
) -> Iterator[dict[str, Spec]]:
    """Inputs of these names that fit those that are given; none where a name does not say enough.

    A mask covers the steps of what it is called after: ``input_features_mask`` of ``input_features``, which has its
    steps second or last.
    """
    for axis in (1, -1):
        found = {name: _mask_of(name, given, axis) or input_called(name, module, batch) for name in names}
        made = {name: spec for name, spec in found.items() if spec is not None}
        if len(made) == len(names):
            yield made


def _mask_of(name: str, given: Mapping[str, Any], axis: int) -> Spec | None:
    """Ones for each step of the input that a mask belongs to."""
    whole = given.get(name.removesuffix("_mask"))
    if not name.endswith("_mask") or not isinstance(whole, TensorSpec) or len(whole.shape) < 2:
        return None
    return Filled(TensorSpec((whole.shape[0], whole.shape[axis]), "int64"), 1, 1)


def _first(module: torch.nn.Module, *kinds: type[torch.nn.Module]) -> torch.nn.Module | None:
    return next((layer for layer in module.modules() if isinstance(layer, kinds)), None)


def _ids(_module: torch.nn.Module, batch: int) -> Spec:
    return TensorSpec((batch, _TOKENS), "int64")


def _ones(_module: torch.nn.Module, batch: int) -> Spec:
    return Filled(TensorSpec((batch, _TOKENS), "int64"), 1, 1)


def _boxes(_module: torch.nn.Module, batch: int) -> Spec:
    return TensorSpec((batch, _TOKENS, 4), "int64")


def _picture(module: torch.nn.Module, batch: int) -> Spec | None:
    layer = _first(module, torch.nn.Conv2d)
    return TensorSpec((batch, layer.in_channels, 224, 224)) if isinstance(layer, torch.nn.Conv2d) else None


def _sound(_module: torch.nn.Module, batch: int) -> Spec:
    return TensorSpec((batch, _SECOND))


def _numbers(_module: torch.nn.Module, batch: int) -> Spec:
    return TensorSpec((batch,), "int64")


def _nodes(module: torch.nn.Module, _batch: int) -> Spec | None:
    """Features of nodes, beside edges; as wide as the first linear layer, whatever class of linear layer that is."""
    for layer in module.modules():
        width = getattr(layer, "in_channels", None) or getattr(layer, "in_features", None)
        if isinstance(width, int) and width > 0:
            return TensorSpec((_NODES, width))
    return None


def _edges(_module: torch.nn.Module, _batch: int) -> Spec:
    return Filled(TensorSpec((2, _EDGES), "int64"), 0, _NODES - 1)


def _graph_of_node(_module: torch.nn.Module, _batch: int) -> Spec:
    return TensorSpec((_NODES,), "int64")


_MAKERS: Mapping[str, Maker] = {
    "input_ids decoder_input_ids ids token_ids tokens src_tokens": _ids,
    "attention_mask mask src_mask input_mask": _ones,
    "token_type_ids position_ids segment_ids": _ids,
    "pixel_values image images img imgs pixels picture": _picture,
    "bbox boxes": _boxes,
    "input_values audio waveform waveforms wav wavs speech": _sound,
    "timestep timesteps t time": _numbers,
    "x": _nodes,
    "edge_index": _edges,
    "batch": _graph_of_node,
}
_CALLED: Mapping[str, Maker] = {name: maker for names, maker in _MAKERS.items() for name in names.split()}
