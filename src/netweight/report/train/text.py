"""A training for a terminal: a line per epoch, the best on the test part, what the network costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netweight.report.escape import plain
from netweight.report.memory.aligned import aligned
from netweight.report.wrap import wrapped
from netweight.results.training_run import Epoch, TrainingRun
from netweight.units import scaled

HEAD = ("epoch", "loss", "accuracy %", "validation loss", "validation %", "lr", "images/s")
_WIDTHS = (5, 7, 10, 15, 12, 8, 8)  # of lines that are printed before those after them are known


def to_text(run: TrainingRun, *, width: int | None = None) -> str:
    """The whole report; names from files cannot act on the terminal."""
    return "".join(f"{plain(line).rstrip()}\n" for line in _lines(run, width))


def _lines(run: TrainingRun, width: int | None) -> Iterator[str]:
    yield from aligned([HEAD, *(cells(epoch) for epoch in run.epochs)], width, words=())
    yield ""
    yield from closing(run, width)


def closing(run: TrainingRun, width: int | None) -> Iterator[str]:
    """What comes after the epochs."""
    for note in run.notes:
        yield from wrapped(f"note: {note}", width, 6)
    yield from wrapped(f"cost: {run.cost.sentence}", width, 2)
    yield from wrapped(_step(run), width, 2)
    yield from wrapped(sentence(run), width, 2)


def line(row: Sequence[str]) -> str:
    """One row, below those before it where its numbers have their usual length."""
    return "  ".join(cell.rjust(width) for cell, width in zip(row, _WIDTHS, strict=True))


def cells(epoch: Epoch) -> tuple[str, ...]:
    """One epoch."""
    judged = epoch.validation_loss, epoch.validation_accuracy
    return (
        str(epoch.epoch), f"{epoch.loss:.4f}", f"{100 * epoch.accuracy:.2f}",
        "" if judged[0] is None else f"{judged[0]:.4f}", "" if judged[1] is None else f"{100 * judged[1]:.2f}",
        f"{epoch.lr:.3g}", f"{epoch.images_per_second:,.0f}",
    )  # fmt: skip


def _step(run: TrainingRun) -> str:
    cost = run.cost
    macs = "" if cost.step_macs is None else f", {scaled(cost.step_macs, 'MACs')}"
    peak = "" if cost.step_peak_bytes is None else f", at most {scaled(cost.step_peak_bytes, 'B')} at once"
    batch = run.recipe["batch"]
    return f"a step of training: batch {batch}, {cost.trained_params:,} parameters trained{macs}{peak}"


def sentence(run: TrainingRun) -> str:
    """What a reader may quote."""
    head = f"{run.model} on {run.data}, {len(run.epochs)} epochs in {run.seconds:.1f} s"
    stopped = " (interrupted)" if run.interrupted else ""
    if run.test is None:
        return f"{head}{stopped}: no test part; weights of epoch {run.best_epoch}"
    test = run.test
    return (
        f"{head}{stopped}: test accuracy {100 * test.top1:.2f} % ({test.right} of {test.images}), "
        f"top-5 {100 * test.top5:.2f} %, weights of epoch {run.best_epoch}"
    )
