"""The ``quantization_config`` of a model applied to its layers: what each of their weights is stored as."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from netweight.ir import Stored
from netweight.sources.torch.dtypes import dtype_name
from netweight.sources.torch.named.storage import blocks, groups
from netweight.sources.torch.named.storage.compressed import compressed_tensors
from netweight.sources.torch.named.storage.scheme import Method, Scheme, Settings, is_skipped
from netweight.units import amount

_METHODS: Mapping[str, Callable[[Settings], Method | None]] = {
    "aqlm": blocks.aqlm,
    "awq": groups.awq,
    "bitnet": blocks.bitnet,
    "bitsandbytes": blocks.bitsandbytes,
    "eetq": blocks.eetq,
    "fbgemm_fp8": blocks.fbgemm_fp8,
    "fp8": blocks.fp8,
    "gptq": groups.gptq,
    "hqq": groups.hqq,
    "mxfp4": blocks.mxfp4,
    "quanto": groups.quanto,
    "torchao": blocks.torchao,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWeights:
    """What a configuration says of the weights.

    Attributes:
        stored: How each parameter is kept, by its name.
        notes: What a reader must know.
        guesses: Those of the notes after which sizes may not be right.
    """

    stored: Mapping[str, Stored] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()


def stored_weights(model: torch.nn.Module, config: Mapping[str, Any]) -> StoredWeights:
    """How a model keeps its weights, whose ``config.json`` may have a ``quantization_config``."""
    settings = _settings(config)
    if not settings or settings.get("dequantize"):
        return StoredWeights()
    name = _name(settings)
    dtype = next(model.parameters()).dtype
    method = _method(name, settings, dtype.itemsize)
    if method is None:
        text = (
            f"quantization_config: {name} with these settings is not known, and sizes are those of {dtype_name(dtype)}"
        )
        return StoredWeights(notes=(text,), guesses=(text,))
    stored = {
        weight: Stored(
            dtype=scheme.dtype, weights=count * rows * columns, nbytes=count * scheme.nbytes(rows, columns),
            container=scheme.container,
        )
        for weight, scheme, count, rows, columns in _matrices(model, method)
    }  # fmt: skip
    amounts = Counter[str]()
    for entry in stored.values():
        amounts[str(entry)] += entry.weights
    said = ", ".join(f"{amount(count, 'weight')} as {kind}" for kind, count in amounts.most_common())
    note = f"{method.name}: {said or 'no weights'}; what makes them {dtype_name(dtype)} at each forward is in no figure"
    return StoredWeights(stored=stored, notes=(note,))


def _settings(config: Mapping[str, Any]) -> Settings:
    """The configuration of the quantisation, of the whole model or of its language model."""
    for part in (config, config.get("text_config") or {}):
        for key in ("quantization_config", "compression_config"):
            if part.get(key):
                found: Settings = part[key]
                return found
    return {}


def _name(settings: Settings) -> str:
    """What the method is called; older files of bitsandbytes do not say."""
    named = settings.get("quant_method") or (
        "bitsandbytes" if {"load_in_4bit", "load_in_8bit"} & settings.keys() else ""
    )
    if str(named).startswith("bitsandbytes"):
        return "bitsandbytes"
    return str(named) or "a method without a name"


def _method(name: str, settings: Settings, scale_bytes: int) -> Method | None:
    if name == "compressed-tensors":
        return compressed_tensors(settings, scale_bytes=scale_bytes)
    known = _METHODS.get(name)
    return None if known is None else known(settings)


_Matrix = tuple[str, Scheme, int, int, int]
"""Name of the parameter, how it is stored, and how many matrices of so many rows and columns it has."""


def _matrices(model: torch.nn.Module, method: Method) -> Iterator[_Matrix]:
    skipped = _left_by_default(model) if method.default_skips else ()
    for path, module in model.named_modules():
        if is_skipped(path, skipped) or (method.in_blocks and not any(part.isdigit() for part in path.split("."))):
            continue
        if method.linears and _is_linear(module):
            scheme = method.scheme_of(path)
            if scheme is not None:
                rows, columns = (
                    module.weight.shape if isinstance(module, torch.nn.Linear) else module.weight.shape[::-1]
                )
                yield f"{path}.weight", scheme, 1, rows, columns
        elif method.experts and type(module).__name__.endswith("Experts"):
            yield from _experts(path, module, method)


def _is_linear(module: torch.nn.Module) -> bool:
    """A linear layer, or GPT-2's, which has its weight transposed."""
    return isinstance(module, torch.nn.Linear) or type(module).__name__ == "Conv1D"


def _experts(path: str, module: torch.nn.Module, method: Method) -> Iterator[_Matrix]:
    """Tensors that have a matrix for each expert; a gate beside its product is a matrix of its own."""
    for name, weight in module.named_parameters(recurse=False):
        scheme = method.scheme_of(f"{path}.{name}") if weight.dim() == 3 else None
        if scheme is not None:
            count, rows, columns = weight.shape
            if getattr(module, "is_transposed", False):
                rows, columns = columns, rows
            parts = 2 if name.startswith("gate_up") else 1
            yield f"{path}.{name}", scheme, count * parts, rows // parts, columns


def _left_by_default(model: torch.nn.Module) -> tuple[str, ...]:
    """Layers that methods leave as they are where a configuration names none: the output layer, tied ones, the last."""
    output = getattr(model, "get_output_embeddings", lambda: None)()
    names = [name for name, module in model.named_modules() if output is not None and module is output]
    tied = getattr(model, "all_tied_weights_keys", None) or {}
    names += [*tied.keys(), *tied.values()] if isinstance(tied, Mapping) else list(tied)
    names += [name for name, _ in list(model.named_parameters())[-1:]]
    return tuple(dict.fromkeys(name.removesuffix(".weight") for name in names))
