"""Models of the transformers library, small: no unknown operator, and the MACs of PyTorch's own counter."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers", reason="needs transformers")

from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

import netweight  # noqa: E402
from netweight.sources.torch import capture_module  # noqa: E402
from sources.torch import torchvision_shim  # noqa: E402

if find_spec("torchvision") is not None:
    torchvision_shim.models()  # transformers imports it where it is installed

TOKENS = {"input_ids": (2, 16)}
LAYERS = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4}
DECODER = {**LAYERS, "vocab_size": 100}
GROUPED = {**DECODER, "num_key_value_heads": 2}

MODELS: dict[str, tuple[str, dict[str, Any], dict[str, tuple[int, ...]]]] = {
    "bert": ("BertModel", DECODER, TOKENS),
    "distilbert": ("DistilBertModel", {"dim": 64, "n_layers": 2, "n_heads": 4, "hidden_dim": 96}, TOKENS),
    "gpt2": ("GPT2LMHeadModel", {"n_embd": 64, "n_layer": 2, "n_head": 4, "vocab_size": 100}, TOKENS),
    "llama": ("LlamaForCausalLM", GROUPED, TOKENS),
    "mistral": ("MistralForCausalLM", GROUPED, TOKENS),
    "qwen3": ("Qwen3ForCausalLM", {**GROUPED, "head_dim": 16}, TOKENS),
    "gemma": ("GemmaForCausalLM", {**GROUPED, "head_dim": 16}, TOKENS),
    "phi": ("PhiForCausalLM", DECODER, TOKENS),
    "t5": (
        "T5ForConditionalGeneration",
        {"d_model": 64, "d_ff": 96, "d_kv": 16, "num_layers": 2, "num_heads": 4, "vocab_size": 100},
        {"input_ids": (2, 16), "decoder_input_ids": (2, 8)},
    ),
    "vit": ("ViTModel", {**LAYERS, "image_size": 32, "patch_size": 8}, {"pixel_values": (2, 3, 32, 32)}),
}


def made(model: str, settings: dict[str, Any]) -> Any:
    """A model on the meta device, with the configuration that belongs to it."""
    kind = getattr(transformers, model)
    with torch.device("meta"):
        return kind(kind.config_class(**settings)).eval()


def given(shapes: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    return {
        name: torch.zeros(shape, dtype=torch.int64) if name.endswith("ids") else torch.randn(shape)
        for name, shape in shapes.items()
    }


@pytest.mark.parametrize("name", MODELS)
def test_model(name: str) -> None:
    model, settings, shapes = MODELS[name]
    module = made(model, settings)
    capture = capture_module(module, given(shapes))
    assert capture.error is None
    profile = netweight.weigh(capture.graph)
    assert profile.coverage.unknown == ()
    assert profile.totals.params == sum(parameter.numel() for parameter in module.parameters())
    assert profile.totals.macs == counted_by_pytorch(module, **{key: t.to("meta") for key, t in given(shapes).items()})


def counted_by_pytorch(module: Any, **arguments: Any) -> int:
    """MACs that PyTorch counts while the module runs."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(**arguments)
    flops: int = counter.get_total_flops()
    return flops // 2


def test_a_product_over_one_channel_is_none_to_the_flop_counter() -> None:
    """Longformer multiplies a mask of one channel with ones by einsum, which PyTorch does element by element."""
    settings = {**DECODER, "attention_window": [8, 8], "max_position_embeddings": 64}
    module = transformers.LongformerModel(transformers.LongformerConfig(**settings)).eval()
    tokens = {"input_ids": torch.zeros(2, 32, dtype=torch.int64)}
    capture = capture_module(module, tokens)
    # In each of two layers, for two samples: 7 windows of 8, every position with every other.
    more = 2 * 2 * 7 * 8 * 8
    assert netweight.weigh(capture.graph).totals.macs == counted_by_pytorch(module, **tokens) + more


def test_cache_is_no_output() -> None:
    module = made("LlamaForCausalLM", GROUPED)
    capture = capture_module(module, given(TOKENS))
    assert [capture.graph.spec(name).shape for name in capture.graph.outputs] == [(2, 16, 100)]


def test_both_forms_of_attention_cost_the_same() -> None:
    found = set()
    for form in ("eager", "sdpa"):
        module = made("LlamaForCausalLM", {**GROUPED, "attn_implementation": form})
        found.add(netweight.weigh(capture_module(module, given(TOKENS)).graph).totals.macs)
    assert len(found) == 1


def test_experts_cost_what_a_token_meets() -> None:
    experts = {"num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 32, "head_dim": 16}
    profile = netweight.weigh(made("Qwen3MoeForCausalLM", {**GROUPED, **experts}), given(TOKENS))
    assert profile.coverage.unknown == ()
    attention = 64 * 64 + 2 * 64 * 32 + 64 * 64 + 2 * 16 * 64  # q; k and v of two heads; out; two products with 16 keys
    router, chosen = 64 * 8, 2 * 3 * 64 * 32  # of eight experts two, with three matrices each
    assert profile.totals.macs == 2 * 16 * (2 * (attention + router + chosen) + 64 * 100)
