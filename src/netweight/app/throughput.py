"""Latency and throughput of a model over the size of a batch."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Literal

from netweight.analysis.latency.curve import knee, two_stages
from netweight.app.engine_arguments import batches_of
from netweight.app.identify import Model
from netweight.app.latency import Latency, latency
from netweight.app.predicted import BEYOND_ONE_SAMPLE
from netweight.own_rules import OwnRules
from netweight.results import throughput as results
from netweight.results.throughput import Point

USUAL = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Sizes that are looked at where nobody says."""


class Throughput(results.Throughput):
    """What ``netweight.throughput`` returns: ``print`` shows it, ``points`` has the figures."""

    __slots__ = ()

    @classmethod
    def of(cls, found: results.Throughput) -> Throughput:
        """The same figures."""
        return cls(**{f.name: getattr(found, f.name) for f in fields(found)})

    def to_text(self, *, width: int | None = None) -> str:
        """The report as text.

        Args:
            width: Characters of a line; None for the natural width.
        """
        from netweight.report.latency.curve import to_text

        return to_text(self, width=width)

    def to_csv(self) -> str:
        """One line per size."""
        from netweight.report.latency.curve import to_csv

        return to_csv(self)

    def to_markdown(self) -> str:
        """The report as Markdown."""
        from netweight.report.latency.curve import to_markdown

        return to_markdown(self)

    def to_svg(self) -> str:
        """A picture: throughput against latency, a dot for each size."""
        from netweight.report.latency.curve import to_svg

        return to_svg(self)

    def __str__(self) -> str:
        return self.to_text().removesuffix("\n")

    def __repr__(self) -> str:
        return f"<throughput of {self.model.name!r} on {self.device.name}: knee at {self.knee}>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def throughput(
    model: Model,
    *,
    batch: int | Sequence[int] = USUAL,
    device: str | None = None,
    engine: str | None = None,
    calibration: str | None = None,
    threads: int = 1,
    bits: int | str | None = None,
    precision: str | None = None,
    resident: Literal["none", "weights", "all"] = "weights",
    training: bool = False,
    dims: Mapping[str, int] | None = None,
    rules: OwnRules | None = None,
    as_written: bool = False,
) -> Throughput:
    """Bound of latency and throughput over the size of a batch, where more samples stop to help, and two stages.

    >>> import netweight
    >>> found = netweight.throughput("alexnet", batch=(1, 16, 256), device="h100")
    >>> [round(point.throughput_bound_per_second) for point in found.points], found.knee
    ([13162, 45967, 45967], 16)

    Args:
        model: Anything that ``netweight.latency`` takes; its input has as many samples as ``batch`` says.
        batch: Samples at once, several numbers.
        device: Name of a device or its file; this machine by default.
        engine: Engine whose calibration predicts on this machine; by default the first that has one.
        calibration: File of it.
        threads: Threads of a call that it is for.
        bits: Bit widths: ``8``, ``"w8a8"``; as described by default.
        precision: Peak of the device that arithmetic of floats meets; that of their type by default.
        resident: What may stay on the chip from one run to the next, where it fits.
        training: Batch normalisation uses batch statistics and dropout drops.
        dims: Sizes of the dimensions that an ONNX model leaves open under a name.
        rules: What operators of your own cost, for this call.
        as_written: Every operator is a kernel of its own.

    Raises:
        NetweightError: If the model or an argument is not one that fits; the error says what does.
    """
    sizes = sorted(batches_of("batch", batch))
    found = [
        latency(
            model, batch=size, device=device, engine=engine, calibration=calibration, threads=threads, bits=bits,
            precision=precision, resident=resident, training=training, dims=dims, rules=rules, as_written=as_written,
        )
        for size in sizes
    ]  # fmt: skip
    points = tuple(
        Point(
            batch=one.batch,
            latency_bound_s=one.totals.overlap_bound_s,
            throughput_bound_per_second=one.totals.throughput_bound_per_second,
            limited_by=one.totals.limited_by,
            estimates=one.estimates,
        )
        for one in found
    )
    first = found[0]
    return Throughput(
        model=first.model,
        device=first.device,
        points=points,
        knee=knee(points),
        stages=two_stages(first.layers, first.batch),
        notes=tuple(dict.fromkeys((*first.notes, *_beyond(found)))),
    )


def _beyond(found: Sequence[Latency]) -> tuple[str, ...]:
    """The warning that a prediction of a larger batch carries, once for all sizes."""
    return (BEYOND_ONE_SAMPLE,) if any(BEYOND_ONE_SAMPLE in one.notes for one in found) else ()
