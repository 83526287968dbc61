"""What a network was weighed for, in words: its inputs and how it was called."""

from __future__ import annotations

from netweight.report.element_types import short_type
from netweight.results.profile import InputInfo, Profile

_SHOWN = 3
"""Inputs that are named one by one."""
_NAME = 32
"""Characters of a name that are shown."""


def called_text(profile: Profile) -> str:
    """Name, call, inputs: ``alexnet at 1x3x224x224 fp32``; inputs by name where there are several."""
    model = profile.model
    call = f" ({model.call})" if model.call else ""
    guessed = " (a guess)" if model.inputs_guessed else ""
    other = f" (not the published network: {model.published})" if model.published else ""
    at = f" at {_inputs(model.inputs)}{guessed}" if model.inputs else ""
    return f"{model.name}{call}{at}{other}"


def input_types(profile: Profile) -> set[str]:
    """Types of the inputs, in short."""
    return {short_type(given.dtype) for given in profile.model.inputs}


def _inputs(inputs: tuple[InputInfo, ...]) -> str:
    if len(inputs) == 1:
        return f"{_shape(inputs[0])} {short_type(inputs[0].dtype)}"
    shown = inputs if len(inputs) <= _SHOWN else inputs[: _SHOWN - 1]
    one_type = len({given.dtype for given in inputs}) == 1
    texts = [
        f"{_name(given.name)} {_shape(given)}{'' if one_type else f' {short_type(given.dtype)}'}" for given in shown
    ]
    if len(inputs) > len(shown):
        texts.append(f"{len(inputs) - len(shown)} others")
    return f"{', '.join(texts[:-1])} and {texts[-1]}{f' {short_type(inputs[0].dtype)}' if one_type else ''}"


def _shape(given: InputInfo) -> str:
    return "x".join(map(str, given.shape)) or "scalar"


def _name(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"
