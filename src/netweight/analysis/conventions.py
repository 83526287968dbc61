"""How activation memory is counted, as data: a new convention is an entry of ``CONVENTIONS``.

``layer`` conventions look at each layer alone; ``schedule`` conventions follow every tensor from the step that writes
it to its last reader, in the graph's order. What is made from stored weights alone is an activation under none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netweight.errors import unknown_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """How activation memory is counted.

    Attributes:
        about: What it says, in one sentence.
        moment: ``"layer"``: a layer's inputs and outputs, nothing else. ``"schedule"``: everything alive at a step.
        in_place: Kinds of operators whose output takes the memory of their input; under ``schedule`` only where
            nothing reads the input later.
        holds_io: Whether the graph's inputs and outputs stay allocated throughout.
        depthwise_int8_in_place: Whether depthwise convolution of 8-bit types writes over its input.
        held_by_program: Whether a tensor lives as long as the captured program held it, not only to its last reader.
    """

    about: str
    moment: Literal["layer", "schedule"]
    in_place: frozenset[str] = frozenset()
    holds_io: bool = False
    depthwise_int8_in_place: bool = False
    held_by_program: bool = False


_LECTURE_IN_PLACE = frozenset({"activation", "norm", "dropout"})

CONVENTIONS: dict[str, Convention] = {
    "lecture": Convention(
        about="activation functions, normalisation and dropout work in place; peak = largest input + output of a layer",
        moment="layer",
        in_place=_LECTURE_IN_PLACE,
    ),
    "liveness": Convention(
        about="bytes alive per step; a tensor lives from the step that writes it to its last reader; views share",
        moment="schedule",
    ),
    "io-held": Convention(about="as liveness, graph inputs and outputs never freed", moment="schedule", holds_io=True),
    "inplace": Convention(
        about="as liveness; elementwise operators, and int8 depthwise convolution, write over an input that dies there",
        moment="schedule",
        in_place=_LECTURE_IN_PLACE | {"elementwise"},
        depthwise_int8_in_place=True,
    ),
    "torch-eager": Convention(
        about="what PyTorch eager holds: as liveness, but a tensor lives as long as the program refers to it",
        moment="schedule",
        holds_io=True,
        held_by_program=True,
    ),
}


DEFAULT_CONVENTIONS = ("lecture", "liveness")


def convention(name: str) -> Convention:
    """The convention of that name.

    Raises:
        UnknownNameError: If no convention has that name.
    """
    if name not in CONVENTIONS:
        raise unknown_name("activation convention", name, CONVENTIONS, fix=f"known: {', '.join(CONVENTIONS)}")
    return CONVENTIONS[name]
