"""Whether gradients are right, for a terminal: a line per tensor, what is wrong, one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netweight.report.escape import plain
from netweight.report.memory.aligned import aligned
from netweight.report.shapes import shape_text
from netweight.report.wrap import wrapped
from netweight.results.gradcheck import GradCheck, TensorCheck

_HEAD = ("tensor", "shape", "compared", "directions", "kinks", "rms", "largest error", "")
_NAMED = 6
"""Kinks that are named; JSON has all."""


def to_text(found: GradCheck, *, width: int | None = None) -> str:
    """The whole report; names from files cannot act on the terminal."""
    return "".join(f"{plain(line).rstrip()}\n" for line in _lines(found, width))


def _lines(found: GradCheck, width: int | None) -> Iterator[str]:
    inputs = ", ".join(f"{i.name} {shape_text((i.shape,))}" for i in found.model.inputs)
    mode = ", in training mode" if found.training else ""
    kernels = " of the kernels that train" if found.kernels == "training" else ""
    yield from wrapped(
        f"{found.model.name} ({found.model.source}), input {inputs}{mode}: backward{kernels} against central "
        f"differences in float64, of the outputs ({', '.join(found.outputs)}) times random numbers, seed {found.seed}",
        width, 2,
    )  # fmt: skip
    yield ""
    yield from aligned([_HEAD, *map(_cells, found.tensors)], width, words=(0, 1, -1))
    yield ""
    for entry in found.tensors:
        if not entry.passed:
            yield from wrapped(_wrong(entry, found.tolerance), width, 2)
    yield from _kinks(found.tensors, width)
    for note in found.notes:
        yield from wrapped(f"note: {note}", width, 6)
    yield from wrapped(sentence(found), width, 2)


def _cells(entry: TensorCheck) -> tuple[str, ...]:
    kinks = len(entry.kinks) + entry.kinked_directions
    error = "" if entry.largest_relative_error is None else f"{entry.largest_relative_error:.1e}"
    rms = "" if entry.gradient_rms is None else f"{entry.gradient_rms:.2e}"
    compared = f"{entry.compared:,} of {entry.count:,}"
    verdict = (entry.reason or "") if entry.passed else "WRONG" if entry.worst else "UNKNOWN"
    return (
        entry.tensor, shape_text((entry.shape,)), compared, str(entry.directions), str(kinks) if kinks else "",
        rms, error, verdict,
    )  # fmt: skip


def _wrong(entry: TensorCheck, tolerance: float) -> str:
    """What is wrong with one tensor, with both numbers."""
    worst = entry.worst
    if worst is None:
        return f"{entry.tensor}: {entry.reason}"
    where = f"{entry.tensor}{list(worst.at)}" if worst.at is not None else f"{entry.tensor} along a random direction"
    return (
        f"{where}: backward says {worst.backward:.9g}, differences say {worst.differences:.9g}: relative error "
        f"{worst.relative_error:.2g}, more than {tolerance:g}"
    )


def _kinks(entries: Sequence[TensorCheck], width: int | None) -> Iterator[str]:
    """Elements that lie at a kink, by name."""
    named = [f"{entry.tensor}{list(at)}" for entry in entries for at in entry.kinks]
    named += [f"{entry.kinked_directions} directions of {entry.tensor}" for entry in entries if entry.kinked_directions]
    if named:
        more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        yield from wrapped(
            f"kinks, where differences to both sides or with smaller steps disagree, so that others were drawn: "
            f"{', '.join(named[:_NAMED])}{more}", width, 2,
        )  # fmt: skip


def sentence(found: GradCheck) -> str:
    """What a reader may quote."""
    wrong = [entry.tensor for entry in found.tensors if not entry.passed]
    compared, count = (sum(getattr(entry, name) for entry in found.tensors) for name in ("compared", "count"))
    directions = sum(entry.directions for entry in found.tensors)
    how = f"{compared:,} of {count:,} slopes compared" + (f", and {directions:,} random directions" * bool(directions))
    largest = (
        "" if found.largest_relative_error is None else f", largest relative error {found.largest_relative_error:.1e}"
    )
    if not wrong:
        return (
            f"{found.model.name}: all {len(found.tensors)} gradients agree within {found.tolerance:g}: {how}{largest}"
        )
    return (
        f"{found.model.name}: {len(wrong)} of {len(found.tensors)} gradients are not shown to be right, nearest to the "
        f"output {wrong[-1]}: {how}{largest}"
    )
