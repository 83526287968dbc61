"""How long a model takes on a device, and what limits it."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Literal

from netweight import progress
from netweight.analysis.cost import model_info, samples_of, stored_bytes_of
from netweight.app.arguments import BITS, MODEL, takes, text, unless_none
from netweight.app.asked import Asked, Inputs
from netweight.app.described import network
from netweight.app.devices import DETECT, find
from netweight.app.engine_arguments import threads_of
from netweight.app.identify import Model
from netweight.app.predicted import told_of
from netweight.errors import UsageError
from netweight.ir import Graph
from netweight.own_rules import OwnRules
from netweight.results import latency as results
from netweight.results.device import Device
from netweight.results.latency import KernelLatency, Kernels
from netweight.units import Units

if TYPE_CHECKING:
    from netweight.calibration.predict import Prediction

RESIDENT = ("none", "weights", "all")


class Latency(results.Latency):
    """What ``netweight.latency`` returns: ``print`` shows it, ``totals`` has the bounds of the whole."""

    __slots__ = ()

    @classmethod
    def of(cls, found: results.Latency) -> Latency:
        """The same figures."""
        return cls(**{f.name: getattr(found, f.name) for f in fields(found)})

    def to_text(self, *, units: Units = "si", width: int | None = None, all_rows: bool = False) -> str:
        """The report as text.

        Args:
            units: How sizes are written.
            width: Characters of a line; None for the natural width.
            all_rows: Also kernels that compute and move nothing.
        """
        from netweight.report.latency.text import to_text

        return to_text(self, units=units, width=width, all_rows=all_rows)

    def to_csv(self) -> str:
        """One line per kernel."""
        from netweight.report.latency.delimited import to_csv

        return to_csv(self)

    def to_svg(self) -> str:
        """The roofline: a dot for each kernel at its intensity and the rate that its bound allows."""
        from netweight.report.latency.roofline import to_svg

        return to_svg(self)

    def to_roofline(self, *, width: int | None = None) -> str:
        """The roofline in characters.

        Args:
            width: Characters of a line; None for the natural width.
        """
        from netweight.report.latency.roofline_text import to_text

        return to_text(self, width=width)

    def to_markdown(self, *, units: Units = "si", all_rows: bool = False) -> str:
        """The report as Markdown.

        Args:
            units: How sizes are written.
            all_rows: Also kernels that compute and move nothing.
        """
        from netweight.report.latency.text import to_markdown

        return to_markdown(self, units=units, all_rows=all_rows)

    def __str__(self) -> str:
        return self.to_text().removesuffix("\n")

    def __repr__(self) -> str:
        return f"<latency of {self.model.name!r} on {self.device.name}: bound {self.totals.overlap_bound_s} s>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def _resident(name: str, value: str) -> str:
    if text(name, value) not in RESIDENT:
        raise UsageError(f"{name}: expected one of {', '.join(RESIDENT)}, got {value!r}")
    return value


@takes(
    **MODEL,
    bits=BITS,
    device=unless_none(text),
    engine=unless_none(text),
    calibration=unless_none(text),
    threads=threads_of,
    precision=unless_none(text),
    resident=_resident,
)
def latency(
    model: Model,
    inputs: Inputs = None,
    *,
    device: str | None = None,
    engine: str | None = None,
    calibration: str | None = None,
    threads: int = 1,
    batch: int | None = None,
    bits: int | str | None = None,
    precision: str | None = None,
    resident: Literal["none", "weights", "all"] = "weights",
    training: bool = False,
    dims: Mapping[str, int] | None = None,
    rules: OwnRules | None = None,
    as_written: bool = False,
) -> Latency:
    """The least time that a device can take for a model, kernel by kernel, and what limits each.

    Without a device it is this machine, where a calibration predicts what an engine takes, beside the bound.

    >>> import netweight
    >>> found = netweight.latency("alexnet", device="h100-sxm")
    >>> found.layers["conv1"].limited_by, found.layers["fc6"].limited_by
    ('compute', 'memory')

    Args:
        model: Anything that ``netweight.weigh`` takes, but a stored report.
        inputs: Shape of the input, batch included, or spec, array or tensor; several as a tuple, or as a dict by name.
        device: Name of a device that ``netweight.devices()`` has, a device file, or ``"detect"`` for this machine.
            None for this machine with a prediction by a calibration of it.
        engine: Engine of the calibration, the first that has one by default; its kernels are bounded and predicted.
        calibration: File of the calibration, the one that ``netweight.calibrate`` stored by default.
        threads: Threads of the calibration that is stored.
        batch: Samples at once, where ``inputs`` does not say; 1 where nobody says.
        bits: Bit widths: ``8``, ``"w8a8"``; as described by default.
        precision: Peak of the device that arithmetic of floats meets: ``"tf32"``; that of their type by default.
        resident: What may stay on the chip from one run to the next, where it fits.
        training: Batch normalisation uses batch statistics and dropout drops; the forward pass alone is timed.
        dims: Sizes of the dimensions that an ONNX model leaves open under a name.
        rules: What operators of your own cost, for this call.
        as_written: Every operator is a kernel of its own. Otherwise kernels are what an inference runtime runs as one:
            batch normalisation is folded into the weights before it, an activation function runs in the kernel before.

    Raises:
        NetweightError: If the model, its input or another argument is not one that fits; the error says what does.
    """
    from netweight.analysis.latency.bound import bounds, device_info, totals
    from netweight.analysis.latency.microcontrollers import estimates, published_types
    from netweight.analysis.latency.places import places
    from netweight.analysis.latency.rates import asked_rate
    from netweight.analysis.latency.work import kernel_works
    from netweight.app.calibrate import calibration_for
    from netweight.calibration.predict import predict

    predicts = engine is not None or calibration is not None or device is None
    if predicts:
        _check_prediction(device, training=training, as_written=as_written)
    laws = calibration_for(engine, calibration, threads) if predicts else None
    chip = find(device or DETECT)
    if precision is not None:
        asked_rate(chip, precision)
    asked = Asked(
        inputs=inputs, batch=batch, training=training, dims=dims, bits=bits is not None, as_written=as_written
    )
    found = network("latency", model, asked, bits=bits, rules=rules)
    graph = found.graph
    with progress.stage(f"bounding {graph.name}"):
        expected = None if laws is None else predict(graph, laws[0])
        works = expected.works if expected else kernel_works(graph, "written" if as_written else "runtime")
        at = places(chip, weight_bytes=stored_bytes_of(graph), peak_bytes=_peak(graph), resident=resident)
        rows = bounds(works, chip, at, precision=precision)
    samples = samples_of(graph)
    whole = totals(rows, samples)
    told, remarks = told_of(laws, expected, samples) if laws and expected else ((), ())
    return Latency(
        model=model_info(graph, found.source),
        batch=samples,
        device=device_info(chip, at, rows),
        as_written=as_written,
        totals=whole,
        layers=Kernels(rows if expected is None else _with(rows, expected)),
        estimates=told if expected or chip.origin else estimates(chip.name, whole.macs, _contracted_in(rows)),
        notes=(
            *_whose(chip),
            *_measured_in(chip, published_types(chip.name), rows),
            *at.notes,
            *remarks,
            *found.notes,
        ),
    )


def _check_prediction(device: str | None, *, training: bool, as_written: bool) -> None:
    """Refuse what no calibration predicts.

    Raises:
        UsageError: If another machine is asked about, training, or operators that the engine does not run as such.
    """
    if device not in (None, DETECT):
        raise UsageError(
            f"latency: expected a device or an engine, got {device!r} and an engine: a calibration predicts this "
            "machine alone",
            fix="leave --device out, or leave --engine and --calibration out",
        )
    if training:
        raise UsageError("latency: expected inference, which is what a calibration predicts, got --training")
    if as_written:
        raise UsageError(
            "latency: expected no --as-written, as the engine decides what runs as one kernel",
            fix="--engine torch, which runs every operator on its own",
        )


def _with(rows: Sequence[KernelLatency], expected: Prediction) -> tuple[KernelLatency, ...]:
    """The kernels with what a calibration expects of each."""
    return tuple(
        replace(row, predicted_s=one.seconds, predicted_low_s=one.low_s, predicted_high_s=one.high_s)
        for row, one in zip(rows, expected.kernels, strict=True)
    )


def _whose(device: Device) -> Iterator[str]:
    """That a device is described by a file of the user's."""
    if device.origin:
        yield f"device {device.name} is that of {device.origin}"


def _measured_in(device: Device, types: frozenset[str], rows: Sequence[KernelLatency]) -> Iterator[str]:
    """Why no engine is predicted, where none or those of other element types were published."""
    if device.kind == "mcu" and not types and not device.origin:
        from netweight.analysis.latency.microcontrollers import published_boards

        yield (
            f"no engine is predicted, as nobody's latencies on {device.name} are known; those on "
            f"{', '.join(published_boards())} are"
        )
    if types and not device.origin and (own := _contracted_in(rows)) and own != types:
        yield (
            f"no engine is predicted, as latencies that were published for {device.name} are of "
            f"{', '.join(sorted(types))} networks and this computes in {', '.join(sorted(own))}: bits=8, --bits 8"
        )


def _contracted_in(rows: Sequence[KernelLatency]) -> frozenset[str]:
    """Element types in which multiply-accumulates are done."""
    return frozenset(row.dtype for row in rows if row.macs)


def _peak(graph: Graph) -> int:
    from netweight.analysis.conventions import convention
    from netweight.analysis.memory import activation_memories

    return activation_memories(graph, {"inplace": convention("inplace")})["inplace"].peak_bytes
