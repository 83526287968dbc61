"""Pictures in pieces: a row of numbers for each patch, and beside them how many patches stand in rows and columns.

Vision towers of language models that take pictures of any size want both: ``forward(hidden_states, grid_thw)``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import TypeAlias

import torch

from netweight.ir import Filled, TensorSpec

_SIDES = (16, 12)
"""Patches in a row and in a column: a picture of 224 x 224 in patches of 14; or one that threes divide."""
_PATCHES = ("hidden_states", "pixel_values", "pixels", "patches", "flattened_patches")
_THREE, _TWO = ("grid_thw", "image_grid_thw", "grid_thws"), ("spatial_shapes", "grid_hw", "grid_hws", "image_grid_hw")
_MASKS = ("pixel_attention_mask", "padding_mask", "attention_mask", "mask")
_PLACES = ("pixel_position_ids", "patch_positions", "image_position_ids")
_MERGED = ("merge_sizes", "merge_size")
_LAYERS = (torch.nn.Conv2d, torch.nn.Conv3d, torch.nn.Linear)
Given: TypeAlias = TensorSpec | Filled | torch.Tensor


def patches(module: torch.nn.Module, names: Sequence[str], batch: int) -> Iterator[dict[str, Given]]:
    """Patches and their grid for inputs of these names; nothing where there is no grid, or another name among them.

    The patches of all pictures stand one below the other where each grid has its own row, ``(batch, 3)``. They have a
    dimension for the picture where a mask or places stand beside them.
    """
    if not any(name in (*_THREE, *_TWO, *_PLACES) for name in names):
        return
    together = not any(name in (*_MASKS, *_PLACES) for name in names)
    for side, piece in product(_SIDES, _pieces(module)):
        number = (batch * side**2,) if together else (batch, side**2)
        found = {name: _given(name, (*number, *piece), batch, side) for name in names}
        given = {name: made for name, made in found.items() if made is not None}
        if len(given) == len(names):
            yield given


def is_of_patches(name: str) -> bool:
    """Whether an input of that name belongs to pictures in pieces, and not to tokens beside them."""
    return name in (*_THREE, *_TWO, "pixel_values", "pixel_attention_mask")


def _given(name: str, shape: tuple[int, ...], batch: int, side: int) -> Given | None:
    """The input of that name, where the patches have that shape."""
    if name in _PATCHES:
        return TensorSpec(shape)
    if name in _THREE:
        return torch.tensor([[1, side, side]] * batch)
    if name in _TWO:
        return torch.tensor([[side, side]] * batch)
    if name in _MASKS:
        return Filled(TensorSpec((batch, side**2), "int64"), 1, 1)
    if name in _MERGED:
        return torch.ones(batch, dtype=torch.int64)
    if name in _PLACES:
        place = torch.cartesian_prod(torch.arange(side), torch.arange(side))
        return place.expand(batch, -1, -1).contiguous()
    return None


def _pieces(module: torch.nn.Module) -> Iterator[tuple[int, ...]]:
    """What one patch is for the first layer, or one called so: its numbers in a row, or channels, rows and columns."""
    layers = [(name, layer) for name, layer in module.named_modules() if isinstance(layer, _LAYERS)]
    for _, layer in sorted(layers, key=lambda named: "patch" not in named[0])[:1]:
        if isinstance(layer, torch.nn.Linear):
            yield (layer.in_features,)
        else:
            whole = (layer.in_channels, *layer.kernel_size)
            yield (prod(whole),)
            yield whole
