"""Which dimension of an ONNX model is the batch, and the sizes that follow from how many samples are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from netweight.errors import UsageError

if TYPE_CHECKING:
    from onnx import ValueInfoProto

_BATCH = ("batch", "batch_size")
_SHORT = ("n", "b", "bs")
_OTHER = ("seq", "len", "time", "step", "frame", "token", "point", "width", "height", "channel")
"""What a first dimension is called that is not a batch."""


def batched(
    wanted: Sequence[ValueInfoProto], dims: Mapping[str, int], batch: int | None
) -> tuple[dict[str, int], dict[str, tuple[int, ...]]]:
    """Sizes of dimensions by name, and shapes of inputs whose batch has no name.

    A batch of 1 asks for nothing of a model whose batch cannot be told: most of those have one sample.

    Args:
        wanted: Inputs of the model.
        dims: Sizes that the user gives.
        batch: Samples at once, None if nobody says.

    Raises:
        UsageError: If it cannot be told which dimension the batch is, or it has another size already.
    """
    if batch is None:
        return dict(dims), {}
    symbol = _batch_symbol(wanted)
    if symbol and dims.get(symbol, batch) == batch:
        return {symbol: batch, **dims}, {}
    shapes = {} if symbol else _unnamed(wanted, dims, batch)
    if shapes or (batch == 1 and not symbol):
        return dict(dims), shapes
    symbols = _symbols(wanted)
    got = ", ".join(symbols) or "none"
    raise UsageError(
        f"batch: expected a model that leaves its batch open, got the symbolic dimensions {got}"
        + (f", and {symbol}={dims[symbol]}" if symbol else ""),
        fix=f"--dim {symbols[0]}={batch}" if symbols else f"--input {_with_batch(wanted, batch)}",
    )


def _batch_symbol(wanted: Sequence[ValueInfoProto]) -> str:
    """The symbolic dimension that is the batch: the one that is called so, else the first of every input; or ``""``."""
    shapes = [entry.type.tensor_type.shape.dim for entry in wanted]
    first = dict.fromkeys(shape[0].dim_param for shape in shapes if shape)
    symbols = _symbols(wanted)
    calls = (
        [name for name in symbols if name.lower() in _BATCH],
        [name for name in symbols if "batch" in name.lower()],
        [name for name in symbols if name.lower() in _SHORT],
        list(first) if len(first) == 1 and not any(part in next(iter(first)).lower() for part in _OTHER) else [],
    )
    candidates = next((names for names in calls if names), [""])
    return candidates[0] if len(candidates) == 1 else ""


def is_batch(symbol: str) -> bool:
    """Whether a dimension is called as batches are."""
    return "batch" in symbol.lower() or symbol.lower() in _SHORT


def _symbols(wanted: Sequence[ValueInfoProto]) -> list[str]:
    """Names of the dimensions that the inputs leave open, each once."""
    dims = (dim for entry in wanted for dim in entry.type.tensor_type.shape.dim)
    return list(dict.fromkeys(dim.dim_param for dim in dims if dim.dim_param))


def _unnamed(wanted: Sequence[ValueInfoProto], dims: Mapping[str, int], batch: int) -> dict[str, tuple[int, ...]]:
    """Shapes of inputs whose first dimension alone is open, under no name; none if an input is of another kind."""
    found = {}
    for entry in wanted:
        shape = entry.type.tensor_type.shape.dim
        rest = [dims.get(dim.dim_param, -1) if dim.dim_param else _fixed(dim) for dim in shape[1:]]
        if not shape:
            continue
        if shape[0].dim_param or _fixed(shape[0]) >= 0 or min(rest, default=0) < 0:
            return {}
        found[entry.name] = (batch, *rest)
    return found


def _fixed(dim: object) -> int:
    """Size of a dimension, -1 if it is open."""
    return int(dim.dim_value) if dim.HasField("dim_value") else -1  # type: ignore[attr-defined]


def _with_batch(wanted: Sequence[ValueInfoProto], batch: int) -> str:
    shapes = [(entry.name, entry.type.tensor_type.shape.dim) for entry in wanted]
    return " --input ".join(
        f"{name}:{'x'.join(str(batch if at == 0 else max(dim.dim_value, 1)) for at, dim in enumerate(dims))}"
        for name, dims in shapes
    )
