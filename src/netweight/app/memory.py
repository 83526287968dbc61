"""How much activation memory a model takes, convention by convention, and why."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import fields

from netweight import progress
from netweight.analysis.conventions import CONVENTIONS, Convention, convention
from netweight.analysis.cost import model_info
from netweight.app.arguments import BITS, MODEL, flag, takes, texts
from netweight.app.asked import Asked, Inputs
from netweight.app.described import network
from netweight.app.identify import Model
from netweight.ir import Graph
from netweight.own_rules import OwnRules
from netweight.results import memory as results
from netweight.units import Units


class Memory(results.Memory):
    """What ``netweight.memory`` returns: ``print`` shows it, ``conventions`` has the figures by name."""

    __slots__ = ()

    @classmethod
    def of(cls, found: results.Memory) -> Memory:
        """The same figures."""
        return cls(**{f.name: getattr(found, f.name) for f in fields(found)})

    def to_text(self, *, units: Units = "si", width: int | None = None) -> str:
        """The report as text.

        Args:
            units: How peaks are written beside their bytes.
            width: Characters of a line; None for the natural width.
        """
        from netweight.report.memory.text import to_text

        return to_text(self, units=units, width=width)

    def to_csv(self) -> str:
        """One line per convention."""
        from netweight.report.memory.delimited import to_csv

        return to_csv(self)

    def __str__(self) -> str:
        return self.to_text().removesuffix("\n")

    def __repr__(self) -> str:
        peaks = ", ".join(f"{found.peak_bytes} ({name})" for name, found in self.conventions.items())
        return f"<memory of {self.model.name!r}: {peaks}>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


@takes(
    **MODEL,
    bits=BITS,
    conventions=lambda name, value: texts(name, value) or tuple(CONVENTIONS),
    reorder=flag,
)
def memory(
    model: Model,
    inputs: Inputs = None,
    *,
    batch: int | None = None,
    bits: int | str | None = None,
    training: bool = False,
    dims: Mapping[str, int] | None = None,
    rules: OwnRules | None = None,
    conventions: str | Sequence[str] = tuple(CONVENTIONS),
    as_written: bool = False,
    reorder: bool = False,
) -> Memory:
    """Activation memory of a model under several conventions: peak, what is alive then, why the figures differ, a plan.

    >>> import netweight
    >>> found = netweight.memory("mobilenet_v2", bits=8).conventions
    >>> found["liveness"].peak_bytes, found["mcunet-v1"].peak_bytes, found["mcunet-v2"].peak_bytes
    (1505280, 1705984, 1404928)
    >>> [tensor.nbytes for tensor in found["mcunet-v2"].live]
    [200704, 1204224]

    Args:
        model: Anything that ``netweight.weigh`` takes, but a stored report.
        inputs: Shape of the input, batch included, or spec, array or tensor; several as a tuple, or as a dict by name.
        batch: Samples at once, where ``inputs`` does not say; 1 where nobody says.
        bits: Bit widths: ``8``, ``"w8a8"``, ``"conv*=8,fc*=w4"``; as described by default.
        training: Batch normalisation uses batch statistics and dropout drops.
        dims: Sizes of the dimensions that an ONNX model leaves open under a name.
        rules: What operators of your own cost, for this call.
        conventions: Names of the conventions; all of them by default.
        as_written: Every operator is a step of its own. Otherwise steps are what an inference runtime runs as one:
            batch normalisation is folded into the weights before it, an activation function runs in the kernel before
            it. ``lecture`` and ``torch-eager`` always follow the network as it is written.
        reorder: The network with its operators in the order that holds the least under ``liveness``, or under the
            first of ``conventions`` if that is not among them. ``netweight.export`` writes it.

    Raises:
        NetweightError: If the model, its input or another argument is not one that fits; the error says what does.
    """
    wanted = {name: convention(name) for name in conventions}
    asked = Asked(
        inputs=inputs, batch=batch, training=training, dims=dims, bits=bits is not None, as_written=as_written
    )
    found = network("memory", model, asked, bits=bits, rules=rules)
    from netweight.analysis.memory_table import memory_table

    with progress.stage(f"measuring {found.graph.name}"):
        graph = _reordered(found.graph, wanted, as_written=as_written) if reorder else found.graph
        table = memory_table(graph, wanted, as_written=as_written)
    return Memory(model=model_info(graph, found.source), as_written=as_written, conventions=table, notes=found.notes)


def _reordered(graph: Graph, wanted: Mapping[str, Convention], *, as_written: bool) -> Graph:
    from netweight.analysis.memory_table import as_deployed
    from netweight.rewrite.order import in_best_order

    rule = wanted.get("liveness") or next(iter(wanted.values()))
    return in_best_order(graph, rule if as_written else as_deployed(rule))
