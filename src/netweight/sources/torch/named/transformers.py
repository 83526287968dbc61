"""Architectures of transformers, from the ``config.json`` of a model and without its weights."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from netweight.errors import FormatError, MissingExtraError, unknown_name
from netweight.given_files import is_directory, read_json
from netweight.ir import TensorSpec
from netweight.sources.extras import cure, first_line, root_of
from netweight.sources.names import Reference
from netweight.sources.torch.named.making import NamedModule, call_on_meta, import_package
from netweight.sources.torch.named.storage.layers import stored_weights

_TOKENS = 128
_SECOND = 16_000
"""Samples of sound."""

Inputs = tuple[dict[str, TensorSpec], str]


def from_transformers(reference: Reference, batch: int) -> NamedModule:
    """The architecture that a configuration describes, and inputs that follow from it.

    Raises:
        MissingExtraError: If transformers is not installed, or does not import.
        FormatError: If there is no such file, or it is no configuration.
        UnknownNameError: If transformers has no such type of model.
    """
    settings = {**_read(Path(reference.name)), **reference.options}
    transformers = import_package("transformers", reference.place)
    configs = transformers.CONFIG_MAPPING
    kind = settings.get("model_type", "")
    if kind not in configs:
        fix = "transformers has no code for it, and none is fetched" if "auto_map" in settings else ""
        raise unknown_name("type of model in transformers", kind, list(configs), fix=fix)
    config = configs[kind].from_dict(settings)
    config.use_cache = reference.options.get("use_cache", False)
    architecture = _architecture(transformers, settings)
    module = call_on_meta(lambda: architecture._from_config(config), replace(reference, options={}))
    inputs, of = _inputs(type(module), config, batch)
    weights = stored_weights(module, settings)
    notes = () if getattr(config, "use_cache", False) else ("no keys and values are kept for a next call",)
    return NamedModule(
        module=module,
        inputs=inputs or None,
        source="transformers",
        notes=(*weights.notes, *notes),
        stored=weights.stored,
        guesses=weights.guesses,
        input_notes=(f"no input was given: it is {of}",) if inputs else (),
    )


def _read(path: Path) -> dict[str, Any]:
    path = path / "config.json" if is_directory(path) else path
    fix = "names on a hub are not looked up: save its config.json, and give the path"
    try:
        found = read_json(path, mark=b'"model_type"', what="a config.json with a model_type")
    except FormatError as error:
        raise FormatError(f"hf: expected a readable config.json: {error}", fix=error.fix or fix) from error
    if not isinstance(found, dict) or "model_type" not in found:
        raise FormatError(f"hf: expected a config.json with a model_type, got {str(path)!r} without one")
    return found


def _architecture(transformers: Any, settings: Mapping[str, Any]) -> Any:
    """The class that the configuration names, else the one without a head."""
    try:
        named = [getattr(transformers, name, None) for name in settings.get("architectures") or ()]
        found = next((architecture for architecture in named if architecture is not None), None)
        if found is None:
            config = transformers.CONFIG_MAPPING[settings["model_type"]]
            found = transformers.MODEL_MAPPING[config]
    except ImportError as error:  # classes are imported when they are first asked for
        reason = root_of(error)
        message = f"model: expected transformers to import, for hf:, got {first_line(reason)}"
        raise MissingExtraError(message, fix=cure("transformers", str(reason))) from error
    return found


def _inputs(architecture: Any, config: Any, batch: int) -> Inputs:
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
        case "input_features" if config.model_type == "whisper":
            frames = 2 * config.max_source_positions
            return {name: TensorSpec((batch, config.num_mel_bins, frames))}, f"{frames} frames of sound, 30 seconds"
        case "input_values" if hasattr(config, "num_mel_bins") and hasattr(config, "max_length"):
            return {
                name: TensorSpec((batch, config.max_length, config.num_mel_bins))
            }, f"{config.max_length} frames of sound"
        case "input_values" if hasattr(config, "conv_kernel"):
            return {name: TensorSpec((batch, _SECOND))}, "one second of sound at 16 kHz"
        case _:
            return {}, ""


def _length(config: Any) -> int:
    """Tokens: 128, or as many as there are positions."""
    most = getattr(config, "max_position_embeddings", None) or _TOKENS
    return min(_TOKENS, most) if isinstance(most, int) and most > 0 else _TOKENS


def _pictures(name: str, config: Any, batch: int) -> Inputs:
    size = getattr(config, "image_size", None) or 224
    height, width = (size, size) if isinstance(size, int) else (size[0], size[-1])
    channels = getattr(config, "num_channels", None) or 3
    frames = getattr(config, "num_frames", None)
    if frames is None:
        return {name: TensorSpec((batch, channels, height, width))}, f"a picture of {height} x {width}"
    return {name: TensorSpec((batch, frames, channels, height, width))}, f"{frames} frames of {height} x {width}"
