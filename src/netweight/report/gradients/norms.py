"""How large gradients are: a line and a bar per layer, a picture, one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, floor, isfinite, log10

from netweight.report.escape import plain
from netweight.report.memory.aligned import aligned
from netweight.report.panels import Line, Panel, picture
from netweight.report.shapes import shape_text
from netweight.report.wrap import wrapped
from netweight.results.gradients import Gradients, LayerGradient

_HEAD = ("layer", "parameters", "norm", "rms", "norm / weights", "")
_BAR = 30
_SMALL = 1e-3
"""Part of the last layer's gradient below which the first one's is said to vanish."""


def to_text(found: Gradients, *, width: int | None = None) -> str:
    """The whole report; names from files cannot act on the terminal."""
    return "".join(f"{plain(line).rstrip()}\n" for line in _lines(found, width))


def _lines(found: Gradients, width: int | None) -> Iterator[str]:
    inputs = ", ".join(f"{i.name} {shape_text((i.shape,))}" for i in found.model.inputs)
    mode = ", in training mode" if found.training else ""
    yield from wrapped(
        f"{found.model.name} ({found.model.source}), input {inputs}{mode}: gradient of the {found.loss}, seed "
        f"{found.seed}, value {found.value:.4g}", width, 2,
    )  # fmt: skip
    yield ""
    low, high = _decades([layer.rms for layer in found.layers])
    rows = [_cells(layer, low, high) for layer in found.layers]
    yield from aligned([_HEAD, *rows], width, words=(0, -1))
    yield ""
    yield from wrapped(
        f"bars: rms, the size of one element, from 1e{low} to 1e{high}, each mark the same ratio", width, 2
    )
    for note in found.notes:
        yield from wrapped(f"note: {note}", width, 6)
    yield from wrapped(sentence(found), width, 2)


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """Powers of ten around all that are positive."""
    used = [log10(value) for value in values if value > 0 and isfinite(value)] or [0.0]
    low = floor(min(used))
    return low, max(ceil(max(used)), low + 1)


def _cells(layer: LayerGradient, low: int, high: int) -> tuple[str, ...]:
    part = (log10(layer.rms) - low) / (high - low) if layer.rms > 0 and isfinite(layer.rms) else 0.0
    ratio = f"{layer.norm / layer.weight_norm:.2e}" if layer.weight_norm else ""
    return (
        layer.layer, f"{layer.count:,}", f"{layer.norm:.2e}", f"{layer.rms:.2e}", ratio,
        "#" * max(round(_BAR * part), 1 if layer.rms else 0),
    )  # fmt: skip


def sentence(found: Gradients) -> str:
    """What a reader may quote."""
    first, last, ratio = found.layers[0], found.layers[-1], found.first_to_last
    if ratio is None:
        return f"{found.model.name}: the gradient of {last.layer} is 0"
    said = "it vanishes" if ratio < _SMALL else "it explodes" if ratio > 1 / _SMALL else "it arrives"
    return (
        f"{found.model.name}: an element of the gradient is {first.rms:.2g} in {first.layer} and {last.rms:.2g} in "
        f"{last.layer}, {ratio:.2g} times as large: {said}"
    )


def to_svg(found: Gradients) -> str:
    """The size of the gradient over the layers."""
    points = [(float(at), layer.rms) for at, layer in enumerate(found.layers, 1)]
    panel = Panel(
        "rms of the gradient", "layer, from input to output", [Line(found.model.name, points)], logarithmic=True
    )
    return picture(sentence(found), [panel])
