"""What a layer can be given: a shape, and which of its sizes the layer leaves open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from netweight.ir import TensorSpec

LAYERS = (
    torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d, torch.nn.ConvTranspose1d, torch.nn.ConvTranspose2d,
    torch.nn.ConvTranspose3d, torch.nn.Linear, torch.nn.Embedding, torch.nn.EmbeddingBag, torch.nn.RNNBase,
    torch.nn.RNNCellBase, torch.nn.BatchNorm1d, torch.nn.BatchNorm2d, torch.nn.LayerNorm,
    torch.nn.MultiheadAttention, torch.nn.TransformerEncoderLayer,
)  # fmt: skip
_WINDOWS = LAYERS[:6]
_SIDE, _LENGTH, _STEPS, _FRAMES = 224, 1024, 128, 16


@dataclass(frozen=True, slots=True)
class Reading:
    """An input, as the layer that reads it takes it.

    Attributes:
        spec: The input.
        free: Dimensions whose size the layer leaves open; they are changed together.
        why: The layer, in words.
    """

    spec: TensorSpec
    free: tuple[int, ...]
    why: str

    def at(self, size: int) -> Reading:
        """The same with that size in every free dimension."""
        shape = tuple(size if dim in self.free else old for dim, old in enumerate(self.spec.shape))
        return Reading(TensorSpec(shape, self.spec.dtype), self.free, self.why)


def readings(name: str, layer: torch.nn.Module, batch: int) -> list[Reading]:
    """What a layer can be given, the likeliest first; nothing for a layer that takes anything."""
    return [Reading(spec, free, why) for spec, free, why in _taken(repr(name), layer, batch)]


Taken = Iterator[tuple[TensorSpec, tuple[int, ...], str]]


def _taken(name: str, layer: torch.nn.Module, batch: int) -> Taken:
    if isinstance(layer, _WINDOWS):
        return _by_window(name, layer, batch)
    if isinstance(layer, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d | torch.nn.LayerNorm):
        return _by_normalisation(name, layer, batch)
    if isinstance(layer, torch.nn.RNNBase | torch.nn.RNNCellBase):
        return _by_recurrence(name, layer, batch)
    return _by_features(name, layer, batch)


def _by_window(name: str, layer: torch.nn.Module, batch: int) -> Taken:
    why = f"the convolution {name}"
    match layer:
        case torch.nn.Conv2d() | torch.nn.ConvTranspose2d():
            yield TensorSpec((batch, layer.in_channels, _SIDE, _SIDE)), (2, 3), why
        case torch.nn.Conv1d() | torch.nn.ConvTranspose1d():
            yield TensorSpec((batch, layer.in_channels, _LENGTH)), (2,), why
        case torch.nn.Conv3d() | torch.nn.ConvTranspose3d():
            yield TensorSpec((batch, layer.in_channels, _FRAMES, _SIDE // 2, _SIDE // 2)), (3, 4), why
        case _:
            return


def _by_normalisation(name: str, layer: torch.nn.Module, batch: int) -> Taken:
    why = f"the normalisation {name}"
    match layer:
        case torch.nn.BatchNorm2d():
            yield TensorSpec((batch, layer.num_features, _SIDE, _SIDE)), (2, 3), why
        case torch.nn.BatchNorm1d():
            yield TensorSpec((batch, layer.num_features)), (), why
            yield TensorSpec((batch, layer.num_features, _LENGTH)), (2,), why
        case torch.nn.LayerNorm():
            yield TensorSpec((batch, *layer.normalized_shape)), (), why
            yield TensorSpec((batch, _STEPS, *layer.normalized_shape)), (1,), why
        case _:
            return


def _by_recurrence(name: str, layer: torch.nn.Module, batch: int) -> Taken:
    why = f"the layer {name}"
    match layer:
        case torch.nn.RNNBase():
            yield _steps(layer.input_size, batch, batch_first=layer.batch_first), (1 if layer.batch_first else 0,), why
        case torch.nn.RNNCellBase():
            yield TensorSpec((batch, layer.input_size)), (), why
        case _:
            return


def _by_features(name: str, layer: torch.nn.Module, batch: int) -> Taken:
    match layer:
        case torch.nn.Linear():
            yield TensorSpec((batch, layer.in_features)), (), f"the linear layer {name}"
            yield TensorSpec((batch, _STEPS, layer.in_features)), (1,), f"the linear layer {name}"
        case torch.nn.Embedding() | torch.nn.EmbeddingBag():
            yield TensorSpec((batch, _STEPS), "int64"), (1,), f"the embedding {name}"
            yield TensorSpec((batch,), "int64"), (), f"the embedding {name}"
        case torch.nn.TransformerEncoderLayer(self_attn=attention) | (torch.nn.MultiheadAttention() as attention):
            first = bool(attention.batch_first)
            yield _steps(attention.embed_dim, batch, batch_first=first), (1 if first else 0,), f"the attention {name}"
        case _:
            return


def _steps(width: int, batch: int, *, batch_first: bool) -> TensorSpec:
    return TensorSpec((batch, _STEPS, width) if batch_first else (_STEPS, batch, width))
