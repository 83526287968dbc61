"""Inputs that the configuration of a model of transformers tells."""

from __future__ import annotations

import inspect
from typing import Any

from netweight.ir import TensorSpec
from netweight.sources.torch.named.settings import setting

_TOKENS = 128
_SECOND = 16_000
"""Samples of sound."""

Inputs = tuple[dict[str, TensorSpec], str]


def inputs_of(architecture: Any, config: Any, batch: int) -> Inputs:
    """What the architecture is called with: its main input, and those that it cannot do without."""
    taken = inspect.signature(architecture.forward).parameters
    main = architecture.main_input_name
    inputs, words = _input(main, config, batch)
    if not inputs:
        return {}, ""
    other = {"input_ids": "pixel_values", "pixel_values": "input_ids"}.get(main, "")
    # Two encoders side by side need both; a language model that can look at pictures works without.
    if other in taken and _has_both(config) and not (main == "input_ids" and "For" in architecture.__name__):
        more, and_also = _input(other, config, batch)
        inputs, words = {**inputs, **more}, f"{words} and {and_also}"
    if getattr(config, "is_encoder_decoder", False) and "decoder_input_ids" in taken:
        tokens = _length(config)
        inputs["decoder_input_ids"] = TensorSpec((batch, tokens), "int64")
        words = f"{words}, and {tokens} tokens for the decoder"
    return inputs, words


def _has_both(config: Any) -> bool:
    return (hasattr(config, "vision_config") and hasattr(config, "text_config")) or config.model_type == "vilt"


def _input(name: str, config: Any, batch: int) -> Inputs:
    """The input of that name, and what it is."""
    match name:
        case "input_ids":
            tokens = _length(getattr(config, "text_config", None) or config)
            return {name: TensorSpec((batch, tokens), "int64")}, f"{tokens} tokens"
        case "pixel_values":
            return _pictures(name, getattr(config, "vision_config", None) or config, batch)
        case "pixel_values_videos":
            return _videos(name, getattr(config, "vision_config", None) or config, batch)
        case "input_features":
            return _features(name, getattr(config, "audio_config", None) or config, batch)
        case "input_values":
            return _sound(name, config, batch)
        case "past_values" if hasattr(config, "context_length"):
            return _series(name, config, batch)
        case "flattened_patches":
            vision = getattr(config, "vision_config", config)
            size = 3 * getattr(vision, "patch_size", 16) ** 2 + 2
            return {name: TensorSpec((batch, 2048, size))}, "2048 patches"
        case _:
            return {}, ""


def _features(name: str, config: Any, batch: int) -> Inputs:
    """Frames of sound by bands of frequency; Whisper and its like have the bands first, and 30 seconds."""
    found = setting(config, *_BANDS)
    bands = found if isinstance(found, int) else 80
    positions = getattr(config, "max_source_positions", None)
    if config.model_type in _BANDS_FIRST and isinstance(positions, int):
        return {name: TensorSpec((batch, bands, 2 * positions))}, f"{2 * positions} frames of sound, 30 seconds"
    return {name: TensorSpec((batch, _FRAMES, bands))}, f"{_FRAMES} frames of sound"


_BANDS = ("num_mel_bins", "n_mels", "feature_size", "input_feat_per_channel", "feature_projection_input_dim")
_BANDS_FIRST = ("whisper", "qwen2_audio_encoder", "qwen2_audio", "voxtral_encoder", "audioflamingo3_encoder")
_FRAMES = 256


def _sound(name: str, config: Any, batch: int) -> Inputs:
    if hasattr(config, "num_mel_bins") and hasattr(config, "max_length"):
        frames = TensorSpec((batch, config.max_length, config.num_mel_bins))
        return {name: frames}, f"{config.max_length} frames of sound"
    if hasattr(config, "conv_kernel"):
        return {name: TensorSpec((batch, _SECOND))}, "one second of sound at 16 kHz"
    rate = getattr(config, "sampling_rate", None) or _SECOND
    channels = getattr(config, "audio_channels", 1)
    return {name: TensorSpec((batch, channels, rate))}, f"one second of sound at {rate / 1000:g} kHz"


def _series(name: str, config: Any, batch: int) -> Inputs:
    lags = max(getattr(config, "lags_sequence", None) or [0])
    steps, channels = config.context_length + lags, getattr(config, "num_input_channels", None)
    shape = (batch, steps, channels) if isinstance(channels, int) else (batch, steps)
    return {name: TensorSpec(shape)}, f"{steps} steps"


def _length(config: Any) -> int:
    """Tokens: 128, or as many as there are positions."""
    most = getattr(config, "max_position_embeddings", None) or _TOKENS
    return min(_TOKENS, most) if isinstance(most, int) and most > 0 else _TOKENS


def _pictures(name: str, config: Any, batch: int) -> Inputs:
    size = setting(config, "image_size") or 224
    height, width = (size, size) if isinstance(size, int) else (size[0], size[-1])
    channels = getattr(config, "num_channels", None) or 3
    frames = getattr(config, "num_frames", None)
    if frames is None:
        return {name: TensorSpec((batch, channels, height, width))}, f"a picture of {height} x {width}"
    return {name: TensorSpec((batch, frames, channels, height, width))}, f"{frames} frames of {height} x {width}"


def _videos(name: str, config: Any, batch: int) -> Inputs:
    inputs, _ = _pictures(name, config, batch)
    *_, channels, height, width = inputs[name].shape
    frames = getattr(config, "frames_per_clip", None) or getattr(config, "num_frames", None) or 16
    return {name: TensorSpec((batch, frames, channels, height, width))}, f"{frames} frames of {height} x {width}"
