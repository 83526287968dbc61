"""Weights as methods of quantisation store them, from a ``quantization_config`` and without their packages.

Sizes of compressed-tensors, of torchao and of fine-grained fp8 are those of the tensors that compressed-tensors 0.20,
torchao 0.18 and transformers 5.24 make of layers of these shapes. Sizes of whole models are those of published files.
"""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
nn = torch.nn

from netweight.sources.torch.named.storage.layers import StoredWeights, stored_weights  # noqa: E402
from netweight.sources.torch.named.storage.scheme import is_skipped  # noqa: E402


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(256, 384, bias=False), nn.Linear(384, 200, bias=False)


class Model(nn.Module):
    """Two blocks of two layers, and an output layer."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(10, 256)
        self.layers = nn.ModuleList([Block(), Block()])
        self.lm_head = nn.Linear(200, 10, bias=False)


def stored(model: Any = None, **settings: Any) -> StoredWeights:
    model = Model().to(torch.bfloat16) if model is None else model
    return stored_weights(model, {"quantization_config": settings})


FIRST, SECOND = 384 * 256, 200 * 384
GROUPS = {"num_bits": 4, "type": "int", "strategy": "group", "group_size": 128, "symmetric": True}
BLOCKS = {"strategy": "block", "block_structure": [128, 128]}
FP8 = {"num_bits": 8, "type": "float", "symmetric": True}


def compressed(form: str, **weights: Any) -> dict[str, Any]:
    group = {"targets": ["Linear"], "weights": weights}
    return {"quant_method": "compressed-tensors", "format": form, "config_groups": {"g": group}, "ignore": ["lm_head"]}


def torchao(kind: str, **data: Any) -> dict[str, Any]:
    return {"quant_method": "torchao", "quant_type": {"default": {"_type": kind, "_data": data}}}


# Settings, type, and bytes of 384 x 256 and 200 x 384 weights.
CASES: list[tuple[dict[str, Any], str, int, int]] = [
    # Codes; zero points of 4 bits and scales of 16 for 2 and 3 groups; the group of each input, an int32.
    (
        {"quant_method": "gptq", "bits": 4, "group_size": 128, "desc_act": False, "sym": True}, "int4 in int32",
        FIRST // 2 + 2 * 384 * 5 // 2 + 4 * 256, SECOND // 2 + 3 * 200 * 5 // 2 + 4 * 384,
    ),
    (
        {"quant_method": "gptq", "bits": 8, "group_size": -1}, "int8 in int32",
        FIRST + 384 * 3 + 4 * 256, SECOND + 200 * 3 + 4 * 384,
    ),
    (
        {"quant_method": "gptq", "bits": 3, "group_size": 32}, "int3 in int32",
        FIRST * 3 // 8 + 8 * 384 * 19 // 8 + 4 * 256, SECOND * 3 // 8 + 12 * 200 * 19 // 8 + 4 * 384,
    ),
    # The same without the group of each input.
    (
        {"quant_method": "awq", "bits": 4, "group_size": 128, "zero_point": True, "version": "gemm"}, "int4 in int32",
        FIRST // 2 + 2 * 384 * 5 // 2, SECOND // 2 + 3 * 200 * 5 // 2,
    ),
    # 2 and 3 groups are stored as 8.
    (
        {"quant_method": "awq", "bits": 4, "group_size": 128, "version": "GEMV"}, "int4 in int32",
        FIRST // 2 + 8 * 384 * 5 // 2, SECOND // 2 + 8 * 200 * 5 // 2,
    ),
    # 1,536 and 1,200 blocks of 64, 16 levels of 4 bytes.
    (
        {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}, "nf4 in uint8",
        FIRST // 2 + 4 * 1536 + 64, SECOND // 2 + 4 * 1200 + 64,
    ),
    # Scales in bytes; of these 6 and 5 blocks of 256; a table of 256 and an offset.
    (
        {"load_in_4bit": True, "bnb_4bit_quant_type": "fp4", "bnb_4bit_use_double_quant": True}, "fp4 in uint8",
        FIRST // 2 + 1536 + 4 * (6 + 256 + 1) + 64, SECOND // 2 + 1200 + 4 * (5 + 256 + 1) + 64,
    ),
    ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "int8", FIRST + 4 * 384, SECOND + 4 * 200),
    # 3 x 2 and 2 x 3 blocks of 128 x 128.
    ({"quant_method": "fp8", "weight_block_size": [128, 128]}, "float8_e4m3fn", 98_328, SECOND + 4 * 6),
    ({"quant_method": "fp8", "weight_block_size": None}, "float8_e4m3fn", FIRST + 4, SECOND + 4),
    ({"quant_method": "fbgemm_fp8"}, "float8_e4m3fn", FIRST + 4 * 384, SECOND + 4 * 200),
    (compressed("pack-quantized", **GROUPS), "int4 in int32", 50_704, 39_616),
    (compressed("pack-quantized", **{**GROUPS, "group_size": 32, "symmetric": False}), "int4 in int32", 56_848, 44_416),
    (compressed("int-quantized", num_bits=8, type="int", strategy="channel", symmetric=True), "int8", 99_072, 77_200),
    (compressed("int-quantized", num_bits=8, type="int", strategy="channel", symmetric=False), "int8", 99_456, 77_400),
    (compressed("float-quantized", **FP8, strategy="tensor"), "float8_e4m3fn", 98_306, 76_802),
    (compressed("float-quantized", **FP8, strategy="channel"), "float8_e4m3fn", 99_072, 77_200),
    (compressed("float-quantized", **FP8, **BLOCKS), "float8_e4m3fn", 98_316, 76_812),
    (
        compressed("nvfp4-pack-quantized", num_bits=4, type="float", strategy="tensor_group", group_size=16),
        "float4_e2m1fn in uint8", 55_300, 43_204,
    ),
    (torchao("Int8WeightOnlyConfig"), "int8", FIRST + 5 * 384, SECOND + 5 * 200),
    (torchao("Float8WeightOnlyConfig"), "float8_e4m3fn", FIRST + 4 * 384, SECOND + 4 * 200),
    (
        torchao("Int4WeightOnlyConfig", group_size=32), "int4 in uint8",
        FIRST // 2 + 4 * 8 * 384, SECOND // 2 + 4 * 12 * 200,
    ),
    # Scale and zero point of 16 bits for each 64 weights.
    (
        {"quant_method": "hqq", "quant_config": {"weight_quant_params": {"nbits": 4, "group_size": 64}}},
        "int4 in uint8",
        FIRST // 2 + 4 * 1536, SECOND // 2 + 4 * 1200,
    ),
    (
        {"quant_method": "quanto", "weights": "int4"}, "int4 in uint8",
        FIRST // 2 + 4 * 2 * 384, SECOND // 2 + 4 * 3 * 200,
    ),
    ({"quant_method": "eetq"}, "int8", FIRST + 2 * 384, SECOND + 2 * 200),
    # A code of 16 bits for 8 weights, 65,536 x 8 levels and a scale for each output, in 16 bits.
    (
        {"quant_method": "aqlm", "in_group_size": 8, "linear_weights_not_to_quantize": ["lm_head.weight"]},
        "aqlm (2 bits) in int16", FIRST // 4 + 2**20 + 2 * 384, SECOND // 4 + 2**20 + 2 * 200,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "says", "first", "second"), CASES)
def test_each_method_to_the_byte(settings: dict[str, Any], says: str, first: int, second: int) -> None:
    found = stored(**settings)
    assert {name: entry.nbytes for name, entry in found.stored.items()} == {
        f"layers.{at}.{name}.weight": size for at in range(2) for name, size in (("first", first), ("second", second))
    }
    assert {str(entry) for entry in found.stored.values()} == {says}
    assert sum(entry.weights for entry in found.stored.values()) == 2 * (FIRST + SECOND)
    assert found.guesses == ()
    assert f"{2 * (FIRST + SECOND):,} weights as {says}" in found.notes[0]


LLAMA_2_7B = [(4096, 4096)] * 4 + [(11008, 4096)] * 2 + [(4096, 11008)]
LLAMA_3_8B = [(4096, 4096)] * 2 + [(1024, 4096)] * 2 + [(14336, 4096)] * 2 + [(4096, 14336)]


@pytest.mark.parametrize(
    ("shapes", "tokens", "settings", "gigabytes"),
    [
        (LLAMA_2_7B, 32_000, {"quant_method": "gptq", "bits": 4, "group_size": 128}, 3.90),
        (LLAMA_2_7B, 32_000, {"quant_method": "gptq", "bits": 4, "group_size": 32}, 4.28),
        (LLAMA_2_7B, 32_000, {"quant_method": "awq", "bits": 4, "group_size": 128}, 3.89),
        (LLAMA_3_8B, 128_256, {"load_in_4bit": True, "bnb_4bit_use_double_quant": True}, 5.70),
    ],
)
def test_published_files(
    shapes: list[tuple[int, int]], tokens: int, settings: dict[str, Any], gigabytes: float
) -> None:
    """32 blocks of these matrices and two norms, one norm more, two tables of 4,096 for each token in 16 bits."""
    with torch.device("meta"):
        model = nn.Module()
        model.layers = nn.ModuleList(
            [nn.Sequential(*(nn.Linear(i, o, bias=False) for o, i in shapes)) for _ in range(32)]
        )
        model.lm_head = nn.Linear(4096, tokens, bias=False)
    found = stored(model, **settings)
    assert len(found.stored) == 32 * 7
    total = sum(entry.nbytes for entry in found.stored.values()) + 2 * (2 * tokens * 4096 + 65 * 4096)
    assert total / 1e9 == pytest.approx(gigabytes, abs=0.0075)


ZERO = {"layers.0.first", "layers.0.second"}
FIRSTS, SECONDS = {"layers.0.first", "layers.1.first"}, {"layers.0.second", "layers.1.second"}


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ({"quant_method": "awq", "modules_to_not_convert": ["layers.0"]}, ZERO),
        ({"quant_method": "fp8", "modules_to_not_convert": ["first", "lm_head"]}, FIRSTS),
        ({"load_in_8bit": True, "llm_int8_skip_modules": ["second", "lm_head"]}, SECONDS),
        ({"quant_method": "gptq", "dynamic": {r"-:layers\.0\.": {}}}, ZERO),
        ({"quant_method": "gptq", "modules_in_block_to_quantize": [["first"]]}, SECONDS),
        (compressed("int-quantized", num_bits=8) | {"ignore": ["lm_head", "re:.*second"]}, SECONDS),
    ],
)
def test_layers_that_are_left(settings: dict[str, Any], left: set[str]) -> None:
    every = {f"layers.{at}.{name}" for at in range(2) for name in ("first", "second")}
    assert {name.removesuffix(".weight") for name in stored(**settings).stored} == every - left


def test_the_output_layer_where_it_is_asked_for() -> None:
    assert "lm_head.weight" in stored(quant_method="gptq", lm_head=True).stored
    assert "lm_head.weight" in stored(quant_method="fp8", modules_to_not_convert=["first"]).stored


def test_other_settings_for_some_layers() -> None:
    found = stored(quant_method="gptq", bits=4, dynamic={r"+:layers\.1\.": {"bits": 8}}).stored
    assert {name: entry.dtype for name, entry in found.items() if "first" in name} == {
        "layers.0.first.weight": "int4", "layers.1.first.weight": "int8",
    }  # fmt: skip


class TinyExperts(nn.Module):
    """4 experts: gate and up in one tensor of 4 x 64 x 32, down of 4 x 32 x 32."""

    def __init__(self) -> None:
        super().__init__()
        self.gate_up_proj, self.down_proj = nn.Parameter(torch.zeros(4, 64, 32)), nn.Parameter(torch.zeros(4, 32, 32))


def test_experts_in_one_tensor() -> None:
    """Gate, up and down of each are 32 x 32: 1,024 bytes and a scale of 4; or 512 and a byte for each row."""
    model = nn.ModuleDict({"mlp": nn.ModuleDict({"experts": TinyExperts()}), "last": nn.Linear(2, 2, bias=False)})
    blocks = stored(model, quant_method="fp8").stored
    assert {name: entry.nbytes for name, entry in blocks.items()} == {
        "mlp.experts.gate_up_proj": 4 * 2 * (1024 + 4), "mlp.experts.down_proj": 4 * (1024 + 4),
    }  # fmt: skip
    assert sum(entry.nbytes for entry in stored(model, quant_method="mxfp4").stored.values()) == 12 * (512 + 32)
    assert stored(model, load_in_8bit=True).stored == {}


@pytest.mark.parametrize(
    "settings",
    [
        {"quant_method": "vptq"}, {"bits": 4}, {"quant_method": "awq", "version": "marlin"},
        {"quant_method": "torchao", "quant_type": {"default": {"_type": "Int3Config"}}},
        compressed("marlin-24", **GROUPS), {"quant_method": "gptq", "checkpoint_format": "marlin"},
    ],
)  # fmt: skip
def test_what_is_not_known_is_said(settings: dict[str, Any]) -> None:
    found = stored(**settings)
    assert found.stored == {}
    assert found.guesses == found.notes
    assert "is not known, and sizes are those of bfloat16" in found.notes[0]


def test_no_quantisation() -> None:
    assert stored_weights(Model(), {}) == StoredWeights()
    assert stored(quant_method="fp8", dequantize=True) == StoredWeights()


def test_the_language_model_of_several_parts() -> None:
    config = {"text_config": {"quantization_config": {"quant_method": "eetq"}}}
    assert len(stored_weights(Model(), config).stored) == 4


@pytest.mark.parametrize(
    ("path", "name", "skipped"),
    [
        ("model.layers.1.attn", "layers.1", False), ("model.layers.1.attn", "model.layers.1", True),
        ("model.layers.11.attn", "model.layers.1", False), ("model.layers.11.attn", "model.layers.*", True),
        ("a.mlp.gate_proj", "a.mlp.gate", False), ("a.b.fc1", "fc1", True), ("a", "(", False),
    ],
)  # fmt: skip
def test_names_of_layers(path: str, name: str, skipped: bool) -> None:
    assert is_skipped(path, [name]) == skipped
