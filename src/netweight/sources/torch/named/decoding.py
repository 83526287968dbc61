"""The step that makes one token more: what a model of transformers is called with when others were made before.

The cache of keys and values is what the model itself returns for so many tokens, whatever kind of cache it has; its
tensors are inputs of the step, and take memory.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import torch

from netweight.errors import CaptureError, UsageError
from netweight.ir import TensorSpec
from netweight.sources.torch.module import capture_module
from netweight.sources.torch.named.hf_inputs import inputs_of

PAST = 2048
"""Tokens in the cache where nobody says."""
_CACHES = ("past_key_values", "cache", "cache_params", "state", "mems")
_LIMITS = ("max_position_embeddings", "max_target_positions", "n_positions", "max_seq_len")


def decode_inputs(module: torch.nn.Module, *, batch: int, past: int | None) -> tuple[dict[str, Any], str]:
    """Inputs of one step of decoding, and what they are in words.

    Args:
        module: A model of transformers.
        batch: Samples at once.
        past: Tokens in the cache; 2048 by default, or as many as leave room for one more.

    Raises:
        UsageError: If the model makes no tokens, or keeps no cache.
        CaptureError: If it fails on the tokens before.
    """
    config = getattr(module, "config", None)
    taken = inspect.signature(module.forward).parameters
    tokens = next((name for name in ("decoder_input_ids", "input_ids") if name in taken), None)
    if not hasattr(config, "model_type") or tokens is None:
        raise UsageError(f"decode: expected a model of transformers that makes tokens, got {type(module).__name__}")
    before = _tokens_before(config, past)
    named = {} if tokens == "input_ids" else dict(inputs_of(type(module), config, batch)[0])
    switch = {"use_cache": True} if "use_cache" in taken else {}
    found = capture_module(module, {**named, tokens: TensorSpec((batch, before), "int64"), **switch})
    if found.error is not None:
        raise CaptureError(
            f"decode: expected {type(module).__name__} to take {before} tokens before the step, got {found.error}"
        ) from found.error
    returned = {name: getattr(found.result, name, None) for name in _CACHES if name in taken}
    kept = {name: cache for name, cache in returned.items() if cache is not None}
    if not kept:
        raise UsageError(f"decode: expected a model that keeps a cache, got {type(module).__name__}, which has none")
    step: dict[str, Any] = {tokens: TensorSpec((batch, 1), "int64"), **kept, **switch}
    words = f"one token after {before} in the cache"
    if tokens == "decoder_input_ids":
        step["encoder_outputs"] = _encoded(found.result, taken)
        words += ", and what the encoder gave"
    return step, words


def _tokens_before(config: Any, past: int | None) -> int:
    if past is not None:
        return past
    text = getattr(config, "text_config", None) or config
    limits = [most for name in _LIMITS if isinstance(most := getattr(text, name, None), int) and most > 1]
    return min([PAST, *[most - 1 for most in limits]])


def _encoded(result: Any, taken: Mapping[str, Any]) -> Any:
    """What the encoder returned, as the decoder takes it."""
    states = getattr(result, "encoder_last_hidden_state", None)
    if "encoder_outputs" not in taken or states is None:
        raise UsageError("decode: expected a decoder that takes what its encoder gave, got one that does not")
    return (states,)
