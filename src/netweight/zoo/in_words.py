"""What a built-in network is, in words: its input, its options, the publication. Nothing is weighed."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from netweight.ir import TensorSpec
from netweight.zoo.options import RESOLUTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option of a built-in network.

    Attributes:
        name: Before the equals sign of ``resnet50:num_classes=10``.
        default: What it is where nobody says, as it would be written there.
        about: What it sets, in a sentence.
    """

    name: str
    default: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A built-in network in words.

    Attributes:
        about: One line.
        input: One sample, as the publication gives it.
        options: What may follow its name.
        source: The publication.
        file: Where it is described, in this package.
    """

    about: str
    input: TensorSpec
    options: tuple[Option, ...]
    source: str
    file: str


def options_of(describe: Callable[..., Any], preset: Mapping[str, Any], resolution: tuple[int, ...]) -> list[Option]:
    """Options of the network that a function describes.

    Args:
        describe: The function.
        preset: Arguments that make this member of the family.
        resolution: Height and width of the published image, empty where the input is none.
    """
    says = _arguments(inspect.getdoc(describe) or "")
    found = [
        Option(name=name, default=written(preset.get(name, parameter.default)), about=says.get(name, ""))
        for name, parameter in inspect.signature(describe).parameters.items()
        if name != "x"
    ]
    if resolution:
        size = resolution[0] if len(set(resolution)) == 1 else resolution
        found.append(Option(name=RESOLUTION, default=written(size), about="Height and width of the image."))
    return found


def source_of(module_text: str) -> str:
    """The publication that the text of a module names: its paragraph ``Source:``; empty if there is none."""
    found = re.search(r"^Source: (.*?)(?:\n\s*\n|\Z)", module_text, re.DOTALL | re.MULTILINE)
    return " ".join(found[1].split()) if found else ""


def written(value: Any) -> str:
    """A value as it is written in an option.

    >>> written((3, 4, 6, 3)), written(True), written(None)
    ('3-4-6-3', 'true', 'none')
    """
    match value:
        case bool() | None:
            return str(value).lower()
        case tuple() | list():
            return "-".join(map(written, value))
        case _:
            return str(value)


def _arguments(text: str) -> dict[str, str]:
    """What a docstring says of each argument, without marks."""
    _, _, section = text.partition("\nArgs:\n")
    section = re.split(r"\n(?=\S)", section)[0]
    parts = re.findall(r"^    (\w+): (.*?)(?=^    \w+: |\Z)", section + "\n", re.DOTALL | re.MULTILINE)
    return {name: " ".join(says.replace("``", "").split()) for name, says in parts}
