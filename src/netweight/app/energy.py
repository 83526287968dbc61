"""What a model costs in joules: modelled by a table of prices, or measured by a counter."""

from __future__ import annotations

import html
import re
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from netweight import progress
from netweight.analysis.cost import model_info, samples_of
from netweight.app.arguments import BITS, MODEL, flag, takes, text, texts, unless_none, whole_number
from netweight.app.asked import Asked, Inputs
from netweight.app.described import network
from netweight.app.engine_arguments import seconds_of
from netweight.app.identify import Model
from netweight.errors import NetweightError, UsageError
from netweight.metering.found import meter
from netweight.metering.measure import taken
from netweight.metering.meter import Missing
from netweight.own_rules import OwnRules
from netweight.results import energy as results
from netweight.results.energy import Kernels, Metered, Rate
from netweight.units import parse_bytes

_RATE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([^\s/:][^/:]*?)?\s*(?:/\s*kWh)?\s*:\s*(\S.*)")


class Energy(results.Energy):
    """What ``netweight.energy`` returns: ``print`` shows it, ``totals`` has the bracket of the whole."""

    __slots__ = ()

    @classmethod
    def of(cls, found: results.Energy) -> Energy:
        """The same figures."""
        return cls(**{f.name: getattr(found, f.name) for f in fields(found)})

    def to_text(self, *, width: int | None = None, all_rows: bool = False) -> str:
        """The report as text.

        Args:
            width: Characters of a line; None for the natural width.
            all_rows: Also kernels that take nothing.
        """
        from netweight.report.energy.text import to_text

        return to_text(self, width=width, all_rows=all_rows)

    def to_csv(self) -> str:
        """One line per kernel."""
        from netweight.report.energy.delimited import to_csv

        return to_csv(self)

    def to_markdown(self, *, all_rows: bool = False) -> str:
        """The report as Markdown.

        Args:
            all_rows: Also kernels that take nothing.
        """
        from netweight.report.energy.text import to_markdown

        return to_markdown(self, all_rows=all_rows)

    def __str__(self) -> str:
        return self.to_text().removesuffix("\n")

    def __repr__(self) -> str:
        return f"<energy of {self.model.name!r}: {self.totals.low_j} to {self.totals.high_j} J, modelled>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def _size(name: str, value: int | str) -> int:
    """Bytes.

    Raises:
        UsageError: If it is no size.
    """
    size = whole_number(name, value) if not isinstance(value, str) else parse_bytes(value)
    if size < 0:
        raise UsageError(f"{name}: expected bytes, got {size}")
    return size


@takes(
    **MODEL, bits=BITS, table=text, on_chip=unless_none(_size),
    rates=texts, measure=flag, engine=text, meter_of=text, seconds=seconds_of,
)  # fmt: skip
def energy(
    model: Model,
    inputs: Inputs = None,
    *,
    table: str = "horowitz45",
    on_chip: int | str | None = None,
    rates: Sequence[str] = (),
    measure: bool = False,
    engine: str = "onnxruntime",
    meter_of: str = "cpu",
    seconds: float = 5.0,
    batch: int | None = None,
    bits: int | str | None = None,
    training: bool = False,
    dims: Mapping[str, int] | None = None,
    rules: OwnRules | None = None,
    as_written: bool = False,
) -> Energy:
    """Joules of one run of a model: operations and bytes by a table of prices, as a bracket; measured if asked for.

    >>> import netweight
    >>> found = netweight.energy("alexnet").totals
    >>> round(1e3 * found.macs_j, 2), round(1e3 * found.weights_j, 1)
    (3.33, 39.0)

    Args:
        model: Anything that ``netweight.weigh`` takes, but a stored report.
        inputs: Shape of the input, batch included, or spec, array or tensor; several as a tuple, or as a dict by name.
        table: Name of a table of prices, or its file.
        on_chip: Bytes that fit on the chip: activations of a kernel that take more go through DRAM at the lower end
            as well. By default as many as are needed.
        rates: What a kilowatt-hour stands for, each with its source: ``"385 g CO2: grid of 2024, SOURCE"``.
        measure: Whether a run is measured, where the machine has a counter.
        engine: Engine that is measured.
        meter_of: ``"cpu"`` for the counter of the processors, ``"gpu"`` for that of the GPUs.
        seconds: How long the idle machine and the runs are measured.
        batch: Samples at once, where ``inputs`` does not say; 1 where nobody says.
        bits: Bit widths: ``8``, ``"w8a8"``; as described by default.
        training: Batch normalisation uses batch statistics and dropout drops; the forward pass alone is counted.
        dims: Sizes of the dimensions that an ONNX model leaves open under a name.
        rules: What operators of your own cost, for this call.
        as_written: Every operator is a kernel of its own, nothing is folded or fused.

    Raises:
        NetweightError: If the model, its input or another argument is not one that fits; the error says what does.
    """
    from netweight.analysis.energy.model import borrowed, kernel_energies, table_info, totals
    from netweight.analysis.energy.table import prices as prices_of
    from netweight.analysis.latency.work import kernel_works

    prices = prices_of(table)
    if meter_of not in ("cpu", "gpu"):
        raise UsageError(f"meter: expected cpu or gpu, got {meter_of!r}")
    stated = tuple(_rate(one) for one in rates)
    asked = Asked(
        inputs=inputs, batch=batch, training=training, dims=dims, bits=bits is not None, as_written=as_written
    )
    found = network("energy", model, asked, bits=bits, rules=rules)
    graph = found.graph
    with progress.stage(f"pricing {graph.name}"):
        works = kernel_works(graph, "written" if as_written else "runtime")
        rows = kernel_energies(graph, works, prices, on_chip=on_chip)  # type: ignore[arg-type]
        whole = totals(works, rows, prices)
    return Energy(
        model=model_info(graph, found.source),
        batch=samples_of(graph),
        table=table_info(works, prices),
        totals=whole,
        layers=Kernels(rows),
        metered=_metered(model, asked, engine, meter_of, seconds) if measure else Metered(status="not asked for"),
        rates=stated,
        notes=(*_on_prices(whole.unpriced, borrowed(works, prices)), *found.notes),
    )


def _on_prices(unpriced: Mapping[str, int], borrowed: Mapping[str, str]) -> Iterator[str]:
    if unpriced:
        said = ", ".join(f"{count:,} {kind}" for kind, count in unpriced.items())
        yield f"the table has no price for {said}: they are in no figure, which are lower bounds therefore"
    for kind, other in borrowed.items():
        yield f"the table has no price for {kind}: they are priced as {other}"


def _rate(said: str) -> Rate:
    """What a user states.

    Raises:
        UsageError: If it has no number or no source.
    """
    found = _RATE.fullmatch(said)
    if found is None or not found[2] or float(found[1]) <= 0:
        raise UsageError(
            f"rate: expected NUMBER UNIT per kWh with its source, got {said!r}",
            fix="--rate '385 g CO2: IEA 2024' or --rate '0.30 EUR: my bill'",
        )
    return Rate(per_kwh=float(found[1]), unit=found[2].strip(), source=found[3].strip())


def _metered(model: Model, asked: Asked, engine: str, which: str, seconds: float) -> Metered:
    """What a counter says of runs of this network, with these inputs, on an engine."""
    from netweight.app.prepared import prepared
    from netweight.measuring.worker import Wanted, Worker

    if asked.bits or asked.training:
        what = "other bit widths" if asked.bits else "batch statistics"
        reason = f"an engine runs the network as it is, not with {what}: leave that out, or give such a model"
        return Metered(status="unavailable", reason=reason, engine=engine)
    counter = meter(which)
    if isinstance(counter, Missing):
        return Metered(status="unavailable", reason=counter.reason, engine=engine)
    try:
        with tempfile.TemporaryDirectory(prefix="netweight-") as folder:
            found, _, _ = prepared(
                "energy", model, asked.inputs, Path(folder), batch=asked.batch, dims=asked.dims
            )  # fmt: skip
            worker = Worker(Wanted(engine=engine, threads=1, precision=None), found)
            try:
                worker.turn(min(1.0, seconds), 10**6)
                with progress.stage(f"measuring energy on {engine}"):
                    one = taken(
                        counter, lambda span: len(worker.turn(span, 10**9)), seconds=seconds, clock=time.perf_counter,
                        sleep=time.sleep,
                    )  # fmt: skip
            finally:
                worker.close()
    except NetweightError as error:
        return Metered(status="unavailable", reason=str(error.args[0]), meter=counter.name, engine=engine)
    if isinstance(one, Missing):
        return Metered(status="unavailable", reason=one.reason, meter=counter.name, engine=engine)
    return Metered(
        status="measured", meter=counter.name, engine=engine, calls=one.calls, energy_j=one.energy_j,
        idle_watts=one.idle_watts, busy_watts=one.busy_watts, seconds=one.seconds,
    )  # fmt: skip
