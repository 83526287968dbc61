"""Latency and throughput of a model over the size of a batch."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from netweight.analysis.latency.curve import knee, two_stages
from netweight.app.bench import batches_of
from netweight.app.identify import Model
from netweight.app.latency import latency
from netweight.errors import UsageError
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
    dims: Mapping[str, int] | None = None,
    **more: Any,
) -> Throughput:
    """Bound of latency and throughput over the size of a batch, where more samples stop to help, and two stages.

    >>> import netweight
    >>> found = netweight.throughput("alexnet", batch=(1, 16, 256), device="h100")
    >>> [round(point.throughput_bound_per_second) for point in found.points], found.knee
    ([13157, 46006, 46006], 16)

    Args:
        model: Anything that ``netweight.latency`` takes; its input has as many samples as ``batch`` says.
        batch: Samples at once, several numbers.
        device: Name of a device or its file; this machine by default.
        dims: Sizes of the dimensions that an ONNX model leaves open under a name.
        **more: As ``netweight.latency`` takes it.

    Raises:
        NetweightError: If the model or an argument is not one that fits; the error says what does.
    """
    if "inputs" in more:
        raise UsageError("inputs: expected the size of the batch alone to change, got inputs", fix="batch=(1, 8, 64)")
    sizes = sorted(batches_of("batch", batch))
    found = [latency(model, batch=size, device=device, dims=dims, **more) for size in sizes]
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
        notes=first.notes,
    )
