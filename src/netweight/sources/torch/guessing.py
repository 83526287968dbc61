"""Inputs that a module may be called with where nobody says: what its configuration, names and layers tell.

Several are plausible for most modules: a network of one-channel convolutions takes a waveform with or without a
dimension for the channel. They come in the order in which they are tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from netweight.ir import Filled, TensorSpec
from netweight.sources.torch.dtypes import spec_of
from netweight.sources.torch.entry import parameters_of_entry
from netweight.sources.torch.guessed_names import beside, input_called
from netweight.sources.torch.guessed_patches import is_of_patches, patches
from netweight.sources.torch.guessed_types import in_type, type_of

_TOKENS = 128
_SECOND = 16_000
"""Samples of sound."""
_OF_SOUND = frozenset({"sample_rate", "sampling_rate", "n_fft", "hop_length", "n_mels", "fbank_kwargs"})
_SOUND = ("input_values", "audio", "waveform", "waveforms", "wav", "wavs", "speech")
"""Names that say more than the layers do, where there is one input."""
_BOXES = ("bbox", "boxes")
_MOST = 20
"""Guesses that are tried."""


@dataclass(frozen=True, slots=True)
class Guess:
    """Inputs, and why these."""

    inputs: Any
    why: str

    @property
    def shown(self) -> str:
        """The inputs as text."""
        given = self.inputs
        if isinstance(given, dict):
            given = {name: _spec_of(x) for name, x in given.items()}
        return ", ".join(f"{name} {spec}" for name, spec in given.items()) if isinstance(given, dict) else f"{given}"

    @property
    def says(self) -> str:
        """What a reader must know."""
        return f"no input was given: {self.shown} is a guess from {self.why}"


def _spec_of(given: Any) -> Any:
    if isinstance(given, Filled):
        return given.spec
    return spec_of(given) if isinstance(given, torch.Tensor) else given


def needed_inputs(module: torch.nn.Module, method: str) -> list[str]:
    """Names of the inputs that a module cannot do without."""
    required = [p for p in parameters_of_entry(module, method) if p.default is p.empty]
    return [p.name for p in required if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def guesses(module: torch.nn.Module, method: str, batch: int) -> list[Guess]:
    """Plausible inputs, the likeliest first; none where neither names nor layers say anything."""
    needed = needed_inputs(module, method)
    found = list(_completed(module, needed, batch, list(_configured(module, method, batch))))
    told = found[:1]
    found.extend(_in_pieces(module, method, needed, batch, told))
    found.extend(_with_optional(module, method, batch, told))
    if len(needed) > 1:
        found.extend(_by_names(module, needed, batch))
    else:
        found.extend(_by_names(module, [name for name in needed if name in _SOUND], batch))
        found.extend(_by_layers(module, batch))
        found.extend(_by_names(module, needed, batch))
    if dtype := type_of(module):
        found = [*(Guess(in_type(guess.inputs, dtype), guess.why) for guess in found), *found]
    different: dict[str, Guess] = {}
    for guess in found:
        different.setdefault(guess.says if isinstance(guess.inputs, dict) else guess.shown, guess)
    return list(different.values())[:_MOST]


def _configured(module: torch.nn.Module, method: str, batch: int) -> Iterator[Guess]:
    """What a package says of its own models: transformers by the configuration, timm by the size of its pictures."""
    config = getattr(module, "config", None)
    if method == "forward" and hasattr(config, "model_type") and hasattr(module, "main_input_name"):
        from netweight.sources.torch.named.hf_alternatives import alternatives

        for inputs, words in alternatives(type(module), config, batch):
            yield Guess(inputs, f"its configuration: {words}")
    pictured = getattr(module, "pretrained_cfg", None) or getattr(module, "default_cfg", None)
    size = pictured.get("input_size") if isinstance(pictured, dict) else None
    if isinstance(size, list | tuple):
        yield Guess(TensorSpec((batch, *size)), "its configuration")


def _completed(module: torch.nn.Module, names: Sequence[str], batch: int, told: Iterable[Guess]) -> Iterator[Guess]:
    """Guesses with what the module cannot do without beside them, as it is called; without it where no name says it."""
    for guess in told:
        missing = [name for name in names if isinstance(guess.inputs, dict) and name not in guess.inputs]
        for more in beside(missing, guess.inputs, module, batch) if missing else ():
            yield Guess({**guess.inputs, **more}, f"{guess.why}, and what they are called")
    yield from told


def _in_pieces(
    module: torch.nn.Module, method: str, needed: Sequence[str], batch: int, told: Sequence[Guess]
) -> Iterator[Guess]:
    """Pictures in pieces, where the module needs them or takes them beside what its configuration tells."""
    for given in patches(module, needed, batch):
        yield Guess(given, "what they are called")
    names = [p.name for p in parameters_of_entry(module, method) if is_of_patches(p.name)]
    for guess in told[:1] if isinstance(told[0].inputs if told else None, dict) else ():
        for given in patches(module, names, batch):
            yield Guess({**guess.inputs, **given}, f"{guess.why}, and patches of pictures")


def _with_optional(module: torch.nn.Module, method: str, batch: int, told: Sequence[Guess]) -> Iterator[Guess]:
    """With boxes of words, or masks, that the signature calls optional and the program does not."""
    names = [p.name for p in parameters_of_entry(module, method) if p.default is None]
    for guess in told if isinstance(told[0].inputs if told else None, dict) else ():
        for name in (name for name in names if name in _BOXES or name.removesuffix("_mask") in guess.inputs):
            for more in beside([name], guess.inputs, module, batch):
                yield Guess({**guess.inputs, **more}, f"{guess.why}, and what {name} is called")


def _by_names(module: torch.nn.Module, names: Sequence[str], batch: int) -> Iterator[Guess]:
    """Inputs that are called what they are: ``input_ids``, ``pixel_values``, ``edge_index``."""
    found = {name: input_called(name, module, batch) for name in names}
    if found and all(spec is not None for spec in found.values()):
        given: Any = next(iter(found.values())) if len(found) == 1 else found
        yield Guess(given, "what it is called" if len(found) == 1 else "what they are called")


def _by_layers(module: torch.nn.Module, batch: int) -> Iterator[Guess]:
    """Inputs that the first layers accept, with the sizes that are usual for them."""
    layers = [(name or "itself", layer) for name, layer in module.named_modules() if isinstance(layer, _LAYERS)]
    if _is_of_sound(module):
        yield from _waveforms(batch, "its settings for sound")
    for name, layer in layers[:3]:
        yield from _accepted_by(name, layer, module, batch)


def _is_of_sound(module: torch.nn.Module) -> bool:
    """Whether some part has settings that only sound has."""
    return any(not _OF_SOUND.isdisjoint(part.__dict__) for part in module.modules())


def _waveforms(batch: int, why: str) -> Iterator[Guess]:
    for shape in ((batch, _SECOND), (batch, 1, _SECOND)):
        yield Guess(TensorSpec(shape), f"{why}, one second at 16 kHz")


def _accepted_by(name: str, layer: torch.nn.Module, module: torch.nn.Module, batch: int) -> Iterator[Guess]:
    """Inputs that a layer accepts, the usual size first."""
    match layer:
        case torch.nn.Conv2d() | torch.nn.ConvTranspose2d():
            yield from _pictures(f"the convolution {name!r}", layer.in_channels or 3, module, batch)
        case torch.nn.Conv1d() | torch.nn.ConvTranspose1d():
            if layer.in_channels == 1:
                why = f"the convolution {name!r} of one channel"
                yield Guess(TensorSpec((batch, 1, _SECOND)), f"{why}, one second of sound at 16 kHz")
                yield Guess(TensorSpec((batch, _SECOND)), f"{why}, one second of sound at 16 kHz")
            channels = layer.in_channels or 3
            yield Guess(TensorSpec((batch, channels, 1024)), f"the convolution {name!r}, at length 1024")
            yield Guess(TensorSpec((batch, 1024, channels)), f"the convolution {name!r}, 1024 steps before channels")
        case torch.nn.Conv3d() | torch.nn.ConvTranspose3d():
            spec = TensorSpec((batch, layer.in_channels or 3, 16, 112, 112))
            yield Guess(spec, f"the convolution {name!r}, 16 x 112 x 112")
        case torch.nn.Embedding() | torch.nn.EmbeddingBag():
            for tokens in (_TOKENS, 16):
                spec = TensorSpec((batch, tokens), "int64")
                yield Guess(spec, f"the embedding {name!r}, {tokens} tokens")
            yield Guess(TensorSpec((batch,), "int64"), f"the embedding {name!r}, one number for each sample")
        case torch.nn.Linear():
            yield Guess(TensorSpec((batch, layer.in_features)), f"the linear layer {name!r}")
            yield Guess(TensorSpec((batch, _TOKENS, layer.in_features)), f"the linear layer {name!r}, 128 steps")
        case torch.nn.RNNBase():
            shape = (batch, 128, layer.input_size) if layer.batch_first else (128, batch, layer.input_size)
            yield Guess(TensorSpec(shape), f"the recurrent layer {name!r}, 128 steps")
        case _:
            return


_LAYERS = (
    torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d, torch.nn.ConvTranspose1d, torch.nn.ConvTranspose2d,
    torch.nn.ConvTranspose3d, torch.nn.Embedding, torch.nn.EmbeddingBag, torch.nn.Linear, torch.nn.RNNBase,
)  # fmt: skip


def _pictures(why: str, channels: int, module: torch.nn.Module, batch: int) -> Iterator[Guess]:
    """Pictures of the size that the module names, and of usual ones."""
    own = next((size for size in map(_size_of, ("img_size", "image_size", "input_size"), (module,) * 3) if size), None)
    if own is not None:
        yield Guess(TensorSpec((batch, channels, *own)), f"{why}, at the {own[0]} x {own[1]} that the module names")
    for side in (224, 32, 28, 64, 256):
        yield Guess(TensorSpec((batch, channels, side, side)), f"{why}, at {side} x {side}")
    if channels == 1:
        yield from _waveforms(batch, f"{why} of one channel")


def _size_of(name: str, module: torch.nn.Module) -> tuple[int, int] | None:
    value = module.__dict__.get(name)
    if isinstance(value, int) and value > 1:
        return value, value
    if isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(side, int) for side in value):
        return value[0], value[1]
    return None
