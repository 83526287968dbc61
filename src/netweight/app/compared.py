"""Runs the same network and inputs on several engines, and compares what comes out."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netweight import progress
from netweight.app.arguments import flag, takes, unless_none
from netweight.app.engine_arguments import engines_of, precision_of, threads_of
from netweight.app.prepared import prepared
from netweight.app.stored_weights import Weights
from netweight.engines.engine import Prepared
from netweight.engines.package import said
from netweight.engines.table import engine as engine_of
from netweight.errors import EngineError, NetweightError
from netweight.ir import Graph
from netweight.lazy import Array, np
from netweight.ops.table import REGISTRY
from netweight.results.compared import Compared, Difference, OnEngine

if TYPE_CHECKING:
    from netweight.runtime import Run


@takes(engine=engines_of, guesses=flag, threads=threads_of, precision=unless_none(precision_of))
def compared(
    model: Any,
    inputs: Any = None,
    *,
    engine: Sequence[str],
    batch: int | None = None,
    seed: int = 0,
    dims: Mapping[str, int] | None = None,
    guesses: bool = False,
    threads: int = 1,
    precision: str | None = None,
    weights: Weights | None = None,
) -> Compared:
    """Outputs on each engine, against those of the first that ran.

    Args:
        model: Anything that ``netweight.run`` takes.
        inputs: Arrays or shapes, as ``netweight.run`` takes them.
        engine: Names of engines.
        batch: Samples at once.
        seed: Of random inputs and weights.
        dims: Sizes of the dimensions that an ONNX model leaves open under a name.
        guesses: Run what a capture had to guess.
        threads: Threads that a call may use.
        precision: Element type to compute in; None for what each engine does by itself.
        weights: Array per parameter, buffer and constant, or a checkpoint; None for those of the model.

    Raises:
        NetweightError: If the model or an argument does not fit. An engine that refuses the network is a row.
    """
    with tempfile.TemporaryDirectory(prefix="netweight-") as folder:
        network, _, notes = prepared(
            "run", model, inputs, Path(folder), batch=batch, seed=seed, weights=weights, dims=dims, guesses=guesses
        )
        drawn = drawn_outputs(network.graph)
        rows: list[OnEngine] = []
        first: dict[str, Array] = {}
        for name in engine:
            with progress.stage(f"running on {name}"):
                row, outputs = _run(name, network, threads, precision, first, drawn)
            rows.append(row)
            first = first or outputs
    return Compared(model=network.graph.name, rows=tuple(rows), outputs=first, notes=notes)


def on_engines(model: Any, inputs: Any, *, engine: Sequence[str], **asked: Any) -> Run:
    """The same as a run, whose outputs are those of the first engine that ran.

    Args:
        model: Anything that ``netweight.run`` takes.
        inputs: Arrays or shapes, as ``netweight.run`` takes them.
        engine: Names of engines.
        asked: Other arguments of ``compared``.

    Raises:
        NetweightError: If the model or an argument does not fit.
        EngineError: If no engine ran it; what each of them says is in it.
    """
    from netweight.runtime.forward import Run

    found = compared(model, inputs, engine=engine, **asked)
    if all(row.reason for row in found.rows):
        raise EngineError(
            f"engine: none of {', '.join(engine)} ran {found.model}",
            why="\n".join(f"{row.engine}: {row.reason}" for row in found.rows),
            fix="engine='reference', which runs what netweight runs",
        )
    return Run(outputs=dict(found.outputs), notes=found.notes, engines=found.rows)


def _run(
    name: str,
    network: Prepared,
    threads: int,
    precision: str | None,
    first: Mapping[str, Array],
    drawn: Mapping[str, str],
) -> tuple[OnEngine, dict[str, Array]]:
    """One engine's outputs; what it refuses is said in its row."""
    version = ""
    try:
        found = engine_of(name)
        version = found.version()
        session = found.load(network, threads=threads, precision=precision)
        try:
            outputs, used = session.run(network.feeds), session.precision
        finally:
            session.close()
    except Exception as caught:
        error = caught if isinstance(caught, NetweightError) else EngineError(f"engine: {said(caught)}")
        fix = f"; {error.fix}" if error.fix else ""
        return OnEngine(engine=name, version=version, precision="", reason=f"{error.args[0]}{fix}"), {}
    differences = tuple(_difference(key, array, outputs.get(key), drawn.get(key, "")) for key, array in first.items())
    other = precision if precision is not None and precision not in used.split(", ") else ""
    return OnEngine(engine=name, version=version, precision=used, refused=other, differences=differences), outputs


def _difference(name: str, expected: Array, found: Array | None, drawn: str) -> Difference:
    if found is None:
        return Difference(output=name, largest=None, relative=None, reason="it has no such output")
    if found.shape != expected.shape:
        return Difference(output=name, largest=None, relative=None, reason=f"shape {found.shape}, not {expected.shape}")
    if drawn:
        why = f"not comparable: {drawn} draws random numbers, and each engine has its own"
        return Difference(output=name, largest=None, relative=None, reason=why)
    if not expected.size:
        return Difference(output=name, largest=0.0, relative=0.0)
    kind = np.complex128 if np.iscomplexobj(expected) else np.float64
    with np.errstate(invalid="ignore"):  # infinities that are the same
        apart = np.abs(found.astype(kind) - expected.astype(kind))
    apart[np.isnan(found.astype(kind)) & np.isnan(expected.astype(kind))] = 0
    apart[found == expected] = 0
    at = int(np.argmax(np.where(np.isnan(apart), np.inf, apart)))
    largest = float(apart.reshape(-1)[at])
    sizes = np.abs(expected[np.isfinite(expected)])
    scale = float(sizes.max()) if sizes.size else 0.0
    where = tuple(int(i) for i in np.unravel_index(at, apart.shape))
    return Difference(output=name, largest=largest, relative=largest / scale if scale else None, where=where)


def drawn_outputs(graph: Graph) -> dict[str, str]:
    """Outputs that depend on random numbers, each with the layer that draws them."""
    drawn: dict[str, str] = {}
    for node in graph.nodes:
        rules = REGISTRY.find(node.op)
        if rules is not None and rules.random:
            drawn.update(dict.fromkeys(node.outputs, node.layer))
        else:
            source = next((drawn[name] for name in node.inputs if name in drawn), None)
            drawn.update(dict.fromkeys(node.outputs, source) if source is not None else {})
    return {name: drawn[name] for name in graph.outputs if name in drawn}
