"""Several inputs that a model of transformers may be called with, where nobody says which: they are tried in turn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from netweight.ir import TensorSpec
from netweight.sources.torch.named.hf_inputs import inputs_of
from netweight.sources.torch.named.settings import setting

_TOKENS = 128
_SIDES = (256, 336, 384, 640, 1024)
"""Heights and widths of pictures, where the one that the configuration names does not do."""
_HALF_MINUTE = 3000
"""Frames of sound, a hundred in a second."""
_BANDS = 128
"""Bands of frequency, where the configuration does not say."""
_SAMPLES = 48_000
"""Two seconds at 24 kHz, which frames of 1920 samples divide."""


def alternatives(architecture: Any, config: Any, batch: int) -> Iterator[tuple[dict[str, Any], str]]:
    """Inputs as ``inputs_of`` has them; where pictures stand among the tokens, with as many tokens as they may take."""
    inputs, words = inputs_of(architecture, config, batch)
    if not inputs:
        return
    yield inputs, words
    yield from _among_tokens(inputs, config, batch)
    for name, given in inputs.items():
        for spec, said in _others(name, given, config):
            yield {**inputs, name: spec}, said


def _among_tokens(inputs: dict[str, Any], config: Any, batch: int) -> Iterator[tuple[dict[str, Any], str]]:
    """A picture with as many tokens as it may take, or none."""
    if not {"input_ids", "pixel_values"} <= inputs.keys():
        return
    token = next((found for key in _PICTURE_TOKENS if isinstance(found := getattr(config, key, None), int)), None)
    for count in _picture_tokens(config) if token is not None else ():
        ids = torch.zeros((batch, count + _TOKENS), dtype=torch.int64)
        ids[:, 1 : count + 1] = token
        yield {**inputs, "input_ids": ids}, f"{_TOKENS} tokens and {count} of a picture"
    yield {"input_ids": inputs["input_ids"]}, "tokens without a picture"


def _others(name: str, given: TensorSpec, config: Any) -> Iterator[tuple[TensorSpec, str]]:
    """Other shapes that an input of that name has in some models."""
    *outer, rows, columns = given.shape
    if name == "pixel_values":
        for side in _SIDES:
            yield TensorSpec((*outer, side, side)), f"a picture of {side} x {side}"
    elif name == "input_values" and given.shape[1:-1] == (1,):
        yield TensorSpec((outer[0], columns)), f"sound of {columns} samples, without channels"
        yield TensorSpec((*outer, rows, _SAMPLES)), f"sound of {_SAMPLES} samples"
        yield TensorSpec((outer[0], _SAMPLES)), f"sound of {_SAMPLES} samples, without channels"
    elif name == "input_features" and len(outer) == 1:
        bands, positions = min(rows, columns), setting(config, "max_source_positions")
        frames = 2 * positions if isinstance(positions, int) else _HALF_MINUTE
        yield TensorSpec((*outer, frames, bands)), f"{frames} frames of sound"
        yield TensorSpec((*outer, bands, frames)), f"{frames} frames of sound, bands first"
        yield TensorSpec((*outer, frames, _BANDS)), f"{frames} frames of sound in {_BANDS} bands"


def _side(size: Any) -> int:
    side = size[0] if isinstance(size, list | tuple) else size
    return side if isinstance(side, int) else 0


_PICTURE_TOKENS = ("image_token_id", "image_token_index")


def _picture_tokens(config: Any) -> list[int]:
    """How many tokens a picture may take: what the configuration says, or its patches, some of them joined."""
    said = [getattr(config, key, None) for key in ("image_seq_length", "mm_tokens_per_image", "num_image_tokens")]
    vision = config.vision_config
    size, patch = _side(getattr(vision, "image_size", None)), _side(getattr(vision, "patch_size", None))
    patches = (size // patch) ** 2 if patch else 0
    found = [*said, *([patches, patches + 1, patches // 4, patches // 9] if patches else [])]
    return list(dict.fromkeys(count for count in found if isinstance(count, int) and count > 0))
