"""How long a model takes on engines that are installed here, measured."""

from __future__ import annotations

import html
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from netweight.analysis.cost import model_info
from netweight.analysis.devices.detect import machine
from netweight.app.arguments import MODEL, flag, takes, unless_none, whole_number
from netweight.app.engine_arguments import batches_of, engines_of, precision_of, seconds_of, threads_of
from netweight.app.entrants import Entrant, measure
from netweight.app.prepared import prepared
from netweight.app.stored_weights import Weights, weights_given
from netweight.measuring.worker import Wanted
from netweight.results import bench as results
from netweight.results.bench import EngineTimes


class Bench(results.Bench):
    """What ``netweight.bench`` returns: ``print`` shows it, ``rows`` has the times."""

    __slots__ = ()

    @classmethod
    def of(cls, found: results.Bench) -> Bench:
        """The same figures."""
        return cls(**{f.name: getattr(found, f.name) for f in fields(found)})

    def to_text(self, *, width: int | None = None, layers: bool = False) -> str:
        """The report as text.

        Args:
            width: Characters of a line; None for the natural width.
            layers: Also every kernel.
        """
        from netweight.report.bench.text import to_text

        return to_text(self, width=width, layers=layers)

    def to_csv(self) -> str:
        """One line per engine and batch."""
        from netweight.report.bench.delimited import to_csv

        return to_csv(self)

    def __str__(self) -> str:
        return self.to_text().removesuffix("\n")

    def __repr__(self) -> str:
        return f"<bench of {self.model.name!r}: {', '.join(f'{r.engine} {r.p50_s} s' for r in self.rows)}>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


@takes(
    engine=engines_of, batch=unless_none(batches_of), threads=threads_of, precision=unless_none(precision_of),
    seconds=seconds_of, seed=whole_number, dims=MODEL["dims"], layers=flag, weights=unless_none(weights_given),
)  # fmt: skip
def bench(
    model: Any,
    inputs: Any = None,
    *,
    engine: str | Sequence[str] = "onnxruntime",
    batch: int | Sequence[int] | None = None,
    threads: int = 1,
    precision: str | None = None,
    seconds: float = 3.0,
    seed: int = 0,
    weights: Weights | None = None,
    dims: Mapping[str, int] | None = None,
    layers: bool = True,
) -> Bench:
    """How long a model takes on engines, each in a process of its own, in turns.

    Every engine warms up until its calls stop to get faster. What it computes in, and which kernels ran how long, the
    engine itself says. A measurement that other programs disturbed is marked.

    Args:
        model: Anything that ``netweight.run`` takes. A PyTorch module runs as it is on the engine ``torch``, in this
            process.
        inputs: Arrays or shapes, as ``netweight.run`` takes them.
        engine: Names of engines: ``"onnxruntime"``, ``"openvino"``, ``"litert"``, ``"torch"``, ``"torch-compile"``,
            ``"reference"``.
        batch: Samples at once, or several such numbers; 1 where nobody says.
        threads: Threads that a call may use.
        precision: Element type to compute in: ``"fp32"``, ``"bf16"``, ``"fp16"``, ``"int8"``; by default what the
            engine does by itself.
        seconds: How long each engine is measured at each batch.
        seed: Of random inputs and weights.
        weights: Array per parameter, buffer and constant, or a checkpoint of ``netweight.train``.
        dims: Sizes of the dimensions that an ONNX model leaves open under a name.
        layers: Whether the engines' own profiles are asked for as well.

    Raises:
        NetweightError: If the model, its input or another argument is not one that fits; the error says what does.
            An engine that is missing or refuses the network is a row that says so.
    """
    batches: Sequence[int | None] = tuple(batch) if batch is not None else (None,)  # type: ignore[arg-type]
    rows: list[EngineTimes] = []
    notes: dict[str, None] = {}
    info = None
    entrants: list[Entrant] = []
    try:
        for samples in batches:
            with tempfile.TemporaryDirectory(prefix="netweight-") as folder:
                found, loaded, said = prepared(
                    "bench", model, inputs, Path(folder), batch=samples, seed=seed, weights=weights, dims=dims
                )  # fmt: skip
                notes.update(dict.fromkeys(said))
                info = info or model_info(found.graph, loaded.source)
                entrants = [Entrant(Wanted(engine=n, threads=threads, precision=precision), found) for n in engine]
                measure(entrants, seconds, layers=layers)
                rows += [entrant.row() for entrant in entrants]
                entrants = []
    except KeyboardInterrupt:
        if info is None or not (rows or any(entrant.measured.times for entrant in entrants)):
            raise
        rows += [entrant.row() for entrant in entrants]
        notes["interrupted: what was measured until then"] = None
    here = machine()
    assert info is not None
    return Bench(
        model=info, cpu=here.cpu, cores=here.cores, day=datetime.now(tz=UTC).date().isoformat(), rows=tuple(rows),
        notes=tuple(notes),
    )  # fmt: skip
