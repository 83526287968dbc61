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
        differs: What makes its figure another than that of ``liveness``, as the end of a sentence.
        moment: ``"layer"``: a layer's inputs and outputs, nothing else. ``"schedule"``: everything alive at a step.
        kernels: What is one step: ``"written"``: every operator; else a name in ``deployed.KERNELS``.
        in_place: Kinds of operators whose output takes the memory of their input; under ``schedule`` only where
            nothing reads the input later.
        holds_io: Whether the graph's inputs and outputs stay allocated throughout.
        depthwise_int8_in_place: Whether depthwise convolution of 8-bit types writes over its input.
        held_by_program: Whether a tensor lives as long as the captured program held it, not only to its last reader.
        alignment: Sizes are rounded up to a multiple of so many bytes.
        copies_views: Whether reshapes and slices, and operators described as in place, write memory of their own.
        holds_block_inputs: Whether the input of an inverted bottleneck is kept until its projection is done.
        adds_onto_shortcut: Whether a convolution whose result is added to a shortcut writes it onto the shortcut.
        shares_rows: Whether a layer's output takes the rows of its input that no window reads any more.
    """

    about: str
    differs: str = ""
    moment: Literal["layer", "schedule"] = "schedule"
    kernels: Literal["written", "runtime", "tflm"] = "written"
    in_place: frozenset[str] = frozenset()
    holds_io: bool = False
    depthwise_int8_in_place: bool = False
    held_by_program: bool = False
    alignment: int = 1
    copies_views: bool = False
    holds_block_inputs: bool = False
    adds_onto_shortcut: bool = False
    shares_rows: bool = False


_LECTURE_IN_PLACE = frozenset({"activation", "norm", "dropout"})
_ELEMENTWISE = _LECTURE_IN_PLACE | {"elementwise"}

CONVENTIONS: dict[str, Convention] = {
    "lecture": Convention(
        about="activation functions, normalisation and dropout work in place; peak = largest input + output of a layer",
        differs="a layer's input and output alone: what waits for a later layer is not counted",
        moment="layer",
        in_place=_LECTURE_IN_PLACE,
    ),
    "liveness": Convention(
        about="bytes alive per step; a tensor lives from the step that writes it to its last reader; views share",
    ),
    "io-held": Convention(
        about="as liveness, graph inputs and outputs never freed",
        differs="inputs and outputs of the network are never freed",
        holds_io=True,
    ),
    "inplace": Convention(
        about="as liveness; elementwise operators, and int8 depthwise convolution, write over an input that dies there",
        differs="elementwise operators, and int8 depthwise convolution, write over an input that dies there",
        in_place=_ELEMENTWISE,
        depthwise_int8_in_place=True,
    ),
    "mcunet-v1": Convention(
        about="as liveness of a runtime's kernels; a block keeps its input to its end, also without a shortcut",
        differs="an inverted bottleneck keeps its input until its projection is done, though no shortcut reads it",
        kernels="runtime",
        holds_block_inputs=True,
    ),
    "mcunet-v2": Convention(
        about="as inplace of a runtime's kernels; a projection adds onto the shortcut, not beside it",
        differs="depthwise convolution works in place, and a projection is added onto its shortcut, not beside it",
        kernels="runtime",
        in_place=_ELEMENTWISE,
        depthwise_int8_in_place=True,
        adds_onto_shortcut=True,
    ),
    "tflm": Convention(
        about="TensorFlow Lite Micro: each tensor on 16 bytes, nothing in place, padding that is not SAME is a copy",
        differs="each tensor starts on 16 bytes, nothing works in place, and padding that is not SAME is a copy",
        kernels="tflm",
        alignment=16,
        copies_views=True,
    ),
    "segment-overlap": Convention(
        about="as inplace of a runtime's kernels; an output takes the rows of its input that no window reads any more",
        differs="a layer writes its output, row by row, over rows of its input that no window reads any more",
        kernels="runtime",
        in_place=_ELEMENTWISE,
        shares_rows=True,
    ),
    "torch-eager": Convention(
        about="what PyTorch eager holds: as liveness, but a tensor lives as long as the program refers to it",
        differs="PyTorch folds nothing, writes every result beside its input, and holds what the program refers to",
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
