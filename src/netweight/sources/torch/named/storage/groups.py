"""Methods with a scale for each group of inputs: GPTQ, AWQ, HQQ, Quanto."""

from __future__ import annotations

import re
from collections.abc import Callable

from netweight.sources.torch.named.storage.scheme import Method, Scheme, Settings, always, groups_of, is_skipped, packed

_SCALE = 2
"""Bytes of a scale."""


def gptq(settings: Settings) -> Method | None:
    """GPTQ: codes packed along the inputs, zero points along the outputs, both in int32, and the group of each input.

    ``qweight (in * bits / 32, out)``, ``qzeros (groups, out * bits / 32)``, ``scales (groups, out)`` in 16 bits and
    ``g_idx (in,)``, whether channels are reordered or not. ``dynamic`` has patterns of layers with other settings,
    ``-:pattern`` for those that are left as they are.
    """
    if settings.get("checkpoint_format", settings.get("format", "gptq")) not in ("gptq", "gptq_v2"):
        return None
    base = _gptq_scheme(settings)
    others = [(pattern, {**settings, **(given or {})}) for pattern, given in (settings.get("dynamic") or {}).items()]
    wanted = [name for names in settings.get("modules_in_block_to_quantize") or () for name in _list(names)]

    def scheme_of(path: str) -> Scheme | None:
        if is_skipped(path, settings.get("modules_to_not_convert") or ()):
            return None
        if wanted and not path.endswith(tuple(wanted)):
            return None
        for pattern, given in others:
            if re.match(pattern.removeprefix("+:").removeprefix("-:"), path):
                return None if pattern.startswith("-:") else _gptq_scheme(given)
        return base

    return Method(
        name="gptq", scheme_of=scheme_of, experts=True, default_skips=not settings.get("lm_head"),
        in_blocks=not settings.get("lm_head"),
    )  # fmt: skip


def _list(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names


def _gptq_scheme(settings: Settings) -> Scheme:
    bits, size = int(settings.get("bits", 4)), settings.get("group_size", 128)

    def nbytes(rows: int, columns: int) -> int:
        groups = groups_of(columns, size)
        return rows * columns * bits // 8 + groups * rows * bits // 8 + groups * rows * _SCALE + 4 * columns

    return Scheme(dtype=f"int{bits}", nbytes=nbytes, container="int32")


def awq(settings: Settings) -> Method | None:
    """AWQ: codes and zero points packed along the outputs in int32, scales in 16 bits.

    Version ``gemv`` keeps zero points and scales for as many groups as fill whole int32, or two or four of them.
    """
    version = str(settings.get("version", settings.get("format", "gemm"))).lower()
    if version not in ("gemm", "gemv", "exllama"):
        return None
    bits, size = (
        int(settings.get("bits", settings.get("w_bit", 4))),
        settings.get("group_size", settings.get("q_group_size", 128)),
    )

    def nbytes(rows: int, columns: int) -> int:
        groups = groups_of(columns, size)
        if version == "gemv":
            together = 32 // bits * (1 if size >= 128 else 2 if size == 64 else 4)
            groups = -(-groups // together) * together
        return rows * columns * bits // 8 + groups * rows * bits // 8 + groups * rows * _SCALE

    scheme = Scheme(dtype=f"int{bits}", nbytes=nbytes, container="int32")
    return Method(name="awq", scheme_of=always(scheme, settings.get("modules_to_not_convert")), experts=True)


def hqq(settings: Settings) -> Method | None:
    """HQQ: codes packed in bytes, those of 3 bits ten in an int32; scale and zero point of each group in 16 bits."""
    skipped = settings.get("skip_modules", ["lm_head"])
    quant = settings.get("quant_config") or {"weight_quant_params": settings}
    if "weight_quant_params" in quant:
        return Method(
            name="hqq", scheme_of=always(_hqq_scheme(quant["weight_quant_params"]), skipped), default_skips=False
        )
    by_tag = {tag: _hqq_scheme(given["weight_quant_params"]) for tag, given in quant.items()}

    def scheme_of(path: str) -> Scheme | None:
        if is_skipped(path, skipped):
            return None
        plain = re.sub(r"\\.\\d+(?=\\.|$)", "", path)
        return next((scheme for tag, scheme in by_tag.items() if plain.endswith(tag)), None)

    return Method(name="hqq", scheme_of=scheme_of, default_skips=False)


def _hqq_scheme(settings: Settings) -> Scheme:
    bits, size = int(settings.get("nbits", 4)), settings.get("group_size", 64)
    container = 32 if bits == 3 else 8

    def nbytes(rows: int, columns: int) -> int:
        return packed(rows * columns, bits, container) + 2 * _SCALE * groups_of(rows * columns, size or columns)

    return Scheme(dtype=f"int{bits}", nbytes=nbytes, container="" if bits == 8 else "int32" if bits == 3 else "uint8")


def quanto(settings: Settings) -> Method | None:
    """Quanto: int8 and float8 with a scale for each output; int4 and int2 with scale and shift for 128 weights."""
    kind = settings.get("weights", "int8")
    bits = {"int8": 8, "float8": 8, "int4": 4, "int2": 2}.get(kind)
    if bits is None:
        return None
    by_group: Callable[[int, int], int] = lambda rows, columns: (  # noqa: E731
        packed(rows * columns, bits) + 2 * _SCALE * rows * groups_of(columns, _quanto_group(columns))
    )
    by_row: Callable[[int, int], int] = lambda rows, columns: rows * columns + _SCALE * rows  # noqa: E731
    scheme = Scheme(
        dtype="float8_e4m3fn" if kind == "float8" else kind,
        nbytes=by_row if bits == 8 else by_group,
        container="" if bits == 8 else "uint8",
    )
    return Method(
        name="quanto",
        scheme_of=always(scheme, settings.get("modules_to_not_convert")),
        default_skips=settings.get("modules_to_not_convert") is None,
    )


def _quanto_group(columns: int) -> int:
    """128, or less where that does not divide the inputs, down to 32."""
    size = 128
    while columns % size and size > 32:
        size -= 32
    return size
