"""Architectures of torchvision, without weights."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any

from netweight.errors import unknown_name
from netweight.ir import TensorSpec
from netweight.sources.names import Reference
from netweight.sources.torch.named.making import NamedModule, call_on_meta, import_package

_PHOTO = 800
"""Shorter side to which the detection models scale a picture."""

_FRAMES = 16
"""Length of the clips for which the costs of the video models are published."""


def from_torchvision(reference: Reference, batch: int) -> NamedModule:
    """The architecture that ``torchvision.models`` has under a name, and inputs of the size that it was trained for.

    Raises:
        MissingExtraError: If torchvision is not installed, or does not import.
        UnknownNameError: If it has no such architecture.
    """
    import_package("torchvision", reference.place)
    models = import_package("torchvision.models", reference.place)
    names = models.list_models()
    if reference.name not in names:
        raise unknown_name(
            "model of torchvision", reference.name, names, fix="torchvision.models.list_models() lists them"
        )
    build = models.get_model_builder(reference.name)
    # Nothing is downloaded, not even for a backbone. Two models warn of how they initialise: no numbers are made here.
    without = {"weights": None, "weights_backbone": None}
    taken = inspect.signature(build).parameters
    settings = {name: value for name, value in without.items() if name in taken}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        module = call_on_meta(functools.partial(build, **settings), reference)
    preset = next((entry.transforms for entry in _published(models, reference.name)), None)
    inputs, of = _inputs(module, preset, batch)
    note = f"no input was given: it is {of}, for {reference}"
    return NamedModule(module=module, inputs=inputs, source="torchvision", name=reference.name, input_notes=(note,))


def _published(models: Any, name: str) -> list[Any]:
    """Published weights of an architecture, the default first: they know how their input is prepared."""
    weights = models.get_model_weights(name)
    default = getattr(weights, "DEFAULT", None)
    return [*([] if default is None else [default]), *weights]


def _inputs(module: Any, preset: Any, batch: int) -> tuple[Any, str]:
    """What a published preset prepares, and what that is."""
    kind = getattr(getattr(preset, "func", preset), "__name__", "")
    settings: dict[str, Any] = getattr(preset, "keywords", None) or {}
    makers: dict[str, Callable[[], tuple[Any, str]]] = {
        "ImageClassification": lambda: _picture(module, settings.get("crop_size", 224), batch),
        "SemanticSegmentation": lambda: _picture(module, settings.get("resize_size", 520), batch),
        "VideoClassification": lambda: _clip(settings.get("crop_size", (112, 112)), batch),
        "OpticalFlow": lambda: _frames(batch),
        "ObjectDetection": lambda: _photos(module, batch),
    }
    return makers[kind]() if kind in makers else (None, "a guess")


def _picture(module: Any, size: Any, batch: int) -> tuple[Any, str]:
    size = getattr(module, "image_size", size)
    height, width = (size, size) if isinstance(size, int) else (size[0], size[-1])
    return TensorSpec((batch, 3, height, width)), f"a picture of the published size, {height} x {width}"


def _clip(size: tuple[int, int], batch: int) -> tuple[Any, str]:
    return TensorSpec((batch, 3, _FRAMES, *size)), f"{_FRAMES} frames of the published size, {size[0]} x {size[1]}"


def _frames(batch: int) -> tuple[Any, str]:
    frame = TensorSpec((batch, 3, 520, 960))
    return (frame, frame), "two frames of 520 x 960"


def _photos(module: Any, batch: int) -> tuple[Any, str]:
    size = getattr(getattr(module, "transform", None), "fixed_size", None)
    width, height = size if size is not None else (_PHOTO, _PHOTO)
    photos = [TensorSpec((3, height, width)) for _ in range(batch)]
    return (photos,), f"a list of {batch} pictures of {height} x {width}"
