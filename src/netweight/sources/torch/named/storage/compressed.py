"""compressed-tensors: groups of layers, each with its type, strategy and form of storage."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from netweight.sources.torch.named.storage.scheme import Method, Scheme, Settings, groups_of, packed

_FORMATS = ("pack-quantized", "int-quantized", "float-quantized", "naive-quantized", "nvfp4-pack-quantized")


def compressed_tensors(settings: Settings, *, scale_bytes: int) -> Method | None:
    """Groups of ``config_groups``; layers that ``ignore`` names are left as they are.

    Args:
        settings: The configuration.
        scale_bytes: Bytes of a scale, which has the element type of the model.
    """
    if settings.get("sparsity_config") or settings.get("quantization_status", "compressed") != "compressed":
        return None
    schemes: list[tuple[Sequence[str], Scheme]] = []
    for group in (settings.get("config_groups") or {}).values():
        form = group.get("format") or settings.get("format")
        scheme = _scheme(group, form, scale_bytes)
        if scheme is None:
            return None
        schemes.append((group.get("targets") or ["Linear"], scheme))
    ignored = settings.get("ignore") or ()

    def scheme_of(path: str) -> Scheme | None:
        if any(_is(name, path) for name in ignored):
            return None
        return next((scheme for targets, scheme in schemes if any(_is(name, path) for name in targets)), None)

    return (
        Method(name="compressed-tensors", scheme_of=scheme_of, experts=True, default_skips=False) if schemes else None
    )


def _is(target: str, path: str) -> bool:
    """Whether a target is a layer: its class, its path, or ``re:`` with a pattern for the path."""
    if target.startswith("re:"):
        return re.match(target.removeprefix("re:"), path) is not None
    return target in ("Linear", path)


def _scheme(group: Mapping[str, Any], form: str | None, scale_bytes: int) -> Scheme | None:
    weights = group.get("weights")
    if weights is None or form not in _FORMATS:
        return None
    bits = int(weights.get("num_bits", 8))
    static = group.get("input_activations") is not None and not group["input_activations"].get("dynamic")
    if form == "nvfp4-pack-quantized":
        beside = 8 if static else 4  # a scale in single precision of the whole, and one of what the layer is given

        def halves(rows: int, columns: int) -> int:
            return packed(rows * columns, 4) + rows * groups_of(columns, 16) + beside

        return Scheme(dtype="float4_e2m1fn", container="uint8", nbytes=halves)
    together = form == "pack-quantized"
    zeros = not weights.get("symmetric", True)
    order = weights.get("actorder") in ("group", True)

    def nbytes(rows: int, columns: int) -> int:
        groups = _groups(weights, rows, columns)
        amount = rows * packed(columns, bits, 32) + 16 if together else rows * columns * -(-bits // 8)
        amount += groups * scale_bytes + (scale_bytes if static else 0)
        if zeros:
            amount += packed(rows, bits, 32) * (groups // rows or 1) if together else groups
        return amount + (4 * columns if order else 0)

    floating = weights.get("type") == "float"
    dtype = "float8_e4m3fn" if floating else f"int{bits}"
    return Scheme(dtype=dtype, nbytes=nbytes, container="int32" if together else "")


def _groups(weights: Mapping[str, Any], rows: int, columns: int) -> int:
    """How many scales a matrix has."""
    match weights.get("strategy"):
        case "group" | "tensor_group":
            return rows * groups_of(columns, weights.get("group_size"))
        case "block":
            high, wide = weights.get("block_structure") or (128, 128)
            return groups_of(rows, high) * groups_of(columns, wide)
        case "channel":
            return rows
        case _:
            return 1
