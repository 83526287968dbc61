"""Methods with a scale for each block, row or tensor: bitsandbytes, fp8, EETQ, BitNet, MXFP4, AQLM."""

from __future__ import annotations

from collections.abc import Callable

from netweight.sources.torch.named.storage.scheme import Method, Scheme, Settings, always, packed

_SINGLE = 4
"""Bytes of a number in single precision."""
_BLOCK, _NESTED = 64, 256


def _ceil(amount: int, size: int) -> int:
    return -(-amount // size)


def _method(settings: Settings, name: str, scheme: Scheme, key: str = "modules_to_not_convert", **more: bool) -> Method:
    """One scheme for all linear layers; layers that are named to be left take the place of those left by default."""
    skipped = settings.get(key)
    return Method(name=name, scheme_of=always(scheme, skipped), default_skips=skipped is None, **more)


def bitsandbytes(settings: Settings) -> Method | None:
    """bitsandbytes in 4 or 8 bits.

    4 bits: two codes a byte, a scale in single precision for each 64 weights, the table of 16 levels. Quantised once
    more, scales are bytes with a scale for each 256, a table of 256 levels and an offset. 8 bits: a byte for each
    weight, a scale in single precision for each output.
    """
    if settings.get("load_in_4bit"):
        dtype = settings.get("bnb_4bit_quant_type", "fp4")
        scheme = Scheme(
            dtype=dtype,
            nbytes=_four_bits(double=bool(settings.get("bnb_4bit_use_double_quant"))),
            container=settings.get("bnb_4bit_quant_storage") or "uint8",
        )
    elif settings.get("load_in_8bit"):
        scheme = Scheme(dtype="int8", nbytes=lambda rows, columns: rows * columns + _SINGLE * rows)
    else:
        return None
    return _method(settings, "bitsandbytes", scheme, "llm_int8_skip_modules")


def _four_bits(*, double: bool) -> Callable[[int, int], int]:
    def nbytes(rows: int, columns: int) -> int:
        blocks = _ceil(rows * columns, _BLOCK)
        scales = _SINGLE * blocks
        if double:
            scales = blocks + _SINGLE * (_ceil(blocks, _NESTED) + _NESTED + 1)
        return packed(rows * columns, 4) + scales + _SINGLE * 16

    return nbytes


def fp8(settings: Settings) -> Method | None:
    """Fine-grained fp8: a scale for each block of 128 x 128, in single precision or a power of two; or one for all."""
    block = settings.get("weight_block_size", (128, 128))
    scale = 1 if settings.get("scale_fmt") == "ue8m0" else _SINGLE
    static = _SINGLE if settings.get("activation_scheme") == "static" else 0
    if settings.get("expert_dtype", "fp8") != "fp8":
        return None

    def nbytes(rows: int, columns: int) -> int:
        scales = _SINGLE if block is None else scale * _ceil(rows, block[0]) * _ceil(columns, block[1])
        return rows * columns + scales + static

    settings = {"modules_to_not_convert": settings.get("ignored_layers"), **settings}
    return _method(settings, "fp8", Scheme(dtype="float8_e4m3fn", nbytes=nbytes), experts=True)


def fbgemm_fp8(settings: Settings) -> Method | None:
    """fbgemm's fp8: a scale in single precision for each output."""
    scheme = Scheme(dtype="float8_e4m3fn", nbytes=lambda rows, columns: rows * columns + _SINGLE * rows)
    return _method(settings, "fbgemm_fp8", scheme, experts=True)


def eetq(settings: Settings) -> Method | None:
    """EETQ: a byte for each weight, a scale in half precision for each output."""
    return _method(settings, "eetq", Scheme(dtype="int8", nbytes=lambda rows, columns: rows * columns + 2 * rows))


def bitnet(settings: Settings) -> Method | None:
    """BitNet: four ternary weights a byte along the outputs, one scale in 16 bits."""
    if settings.get("linear_class", "bitlinear") != "bitlinear":
        return None
    scheme = Scheme(dtype="int2", nbytes=lambda rows, columns: _ceil(rows, 4) * columns + 2, container="uint8")
    return _method(settings, "bitnet", scheme)


def mxfp4(settings: Settings) -> Method | None:
    """MXFP4: two codes a byte and a power of two for each 32 weights, of experts alone."""
    scheme = Scheme(
        dtype="float4_e2m1fn", container="uint8",
        nbytes=lambda rows, columns: packed(rows * columns, 4) + _ceil(columns, 32) * rows,
    )  # fmt: skip
    return _method(settings, "mxfp4", scheme, experts=True, linears=False)


def aqlm(settings: Settings) -> Method | None:
    """AQLM: codes of groups of weights, codebooks of each layer and a scale for each output, in half precision."""
    inputs, outputs = settings.get("in_group_size", 8), settings.get("out_group_size", 1)
    books, bits = settings.get("num_codebooks", 1), settings.get("nbits_per_codebook", 16)
    code = 1 if bits <= 8 else 2 if bits <= 16 else 4

    def nbytes(rows: int, columns: int) -> int:
        codes = _ceil(rows, outputs) * _ceil(columns, inputs) * books * code
        return codes + 2 * books * 2**bits * outputs * inputs + 2 * _ceil(rows, outputs)

    kept = [name.removesuffix(".weight") for name in settings.get("linear_weights_not_to_quantize") or ()]
    per_weight = books * bits / (inputs * outputs)
    scheme = Scheme(dtype=f"aqlm ({per_weight:g} bits)", nbytes=nbytes, container=f"int{8 * code}")
    return Method(name="aqlm", scheme_of=lambda path: None if path in kept else scheme, default_skips=False)


def torchao(settings: Settings) -> Method | None:
    """torchao: the tensors that its present configurations make of a weight.

    int8: a byte for each weight, for each output a scale in single precision and a zero point in a byte. float8: a
    byte and such a scale. int4: two codes a byte, for each group a scale and a zero point in 16 bits.
    """
    kind, data = _torchao_kind(settings)
    rows_of: dict[str, tuple[str, int]] = {
        "Int8WeightOnlyConfig": ("int8", _SINGLE + 1),
        "Int8DynamicActivationInt8WeightConfig": ("int8", _SINGLE + 1),
        "Float8WeightOnlyConfig": ("float8_e4m3fn", _SINGLE),
    }
    if kind in rows_of:
        dtype, beside = rows_of[kind]
        scheme = Scheme(dtype=dtype, nbytes=lambda rows, columns: rows * columns + beside * rows)
    elif kind == "Int4WeightOnlyConfig":
        size = int(data.get("group_size", 128))
        scheme = Scheme(
            dtype="int4", container="uint8",
            nbytes=lambda rows, columns: packed(rows * columns, 4) + 4 * rows * _ceil(columns, size),
        )  # fmt: skip
    else:
        return None
    return _method(settings, "torchao", scheme)


_OLD_NAMES = {
    "int4_weight_only": "Int4WeightOnlyConfig",
    "int8_weight_only": "Int8WeightOnlyConfig",
    "int8_dynamic_activation_int8_weight": "Int8DynamicActivationInt8WeightConfig",
    "float8_weight_only": "Float8WeightOnlyConfig",
}


def _torchao_kind(settings: Settings) -> tuple[str, Settings]:
    """Name and settings of a configuration, which older files have as a text and its arguments."""
    kind = settings.get("quant_type")
    if isinstance(kind, str):
        return _OLD_NAMES.get(kind, kind), settings.get("quant_type_kwargs") or {}
    default = kind.get("default", {}) if isinstance(kind, dict) and set(kind) == {"default"} else {}
    return default.get("_type", ""), default.get("_data") or {}
