"""How much activation memory a model takes, convention by convention, and why."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace

from netweight import progress
from netweight.analysis.conventions import CONVENTIONS, Convention
from netweight.analysis.cost import model_info
from netweight.app.arguments import BITS, MODEL, flag, takes, text, texts, unless_none
from netweight.app.asked import Asked, Inputs
from netweight.app.described import network
from netweight.app.identify import Given, Model, OnnxFile, Stored, TfliteFile, resolve
from netweight.app.patches import DEFAULT_CONVENTION, parse_limit, parse_patches, patch_report
from netweight.errors import UsageError, unknown_name
from netweight.ir import Graph
from netweight.own_rules import OwnRules
from netweight.results import memory as results
from netweight.results.memory import ConventionMemory
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
        """One line per convention; of patches one per tensor."""
        from netweight.report.memory.delimited import to_csv

        return to_csv(self)

    def to_svg(self, convention: str | None = None) -> str:
        """A picture of one convention: live tensors stacked over the steps, and where the plan puts them.

        Args:
            convention: Its name; liveness by default, or the first that was asked for.

        Raises:
            UnknownNameError: If it was not asked for.
            UsageError: If it has no steps, or patches were asked for.
        """
        if self.patches is not None:
            raise UsageError("svg: expected a timeline, got patches, of which there is no picture", fix="--format json")
        from netweight.report.memory.svg import to_svg
        from netweight.report.memory.text import main_of

        name = main_of(self)[0] if convention is None else text("convention", convention)
        if name not in self.conventions:
            raise unknown_name("convention of this report", name, self.conventions)
        if not self.conventions[name].steps:
            raise UsageError(f"svg: expected a convention with steps, got {name}", fix="--convention liveness")
        return to_svg(self, name)

    def __str__(self) -> str:
        return self.to_text().removesuffix("\n")

    def __repr__(self) -> str:
        peaks = ", ".join(f"{found.peak_bytes} ({name})" for name, found in self.conventions.items())
        return f"<memory of {self.model.name!r}: {peaks}>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


_NAMED = 5
TRAINING = "training"
ALL = (*CONVENTIONS, TRAINING)
"""Names of all conventions; what a step of training holds is one beside those of inference."""


def _convention(name: str) -> Convention | None:
    """Rules of a convention; None for training, which has its own.

    Raises:
        UnknownNameError: If no convention has that name.
    """
    if name != TRAINING and name not in CONVENTIONS:
        raise unknown_name("activation convention", name, ALL, fix=f"known: {', '.join(ALL)}")
    return CONVENTIONS.get(name)


def _training_row(model: Model, asked: Asked, rules: OwnRules | None) -> ConventionMemory:
    """Memory of a step of training; a network that is fixed already is trained as it is."""
    from netweight.analysis.memory_training import training_row

    can = not isinstance(resolve(model), Given | Stored | OnnxFile | TfliteFile)
    found = network("memory", model, replace(asked, training=can), rules=rules)
    return training_row(found.graph, keeps=found.keeps)


@takes(
    **MODEL,
    bits=BITS,
    conventions=lambda name, value: texts(name, value) or ALL,
    reorder=flag,
    patches=unless_none(text),
    limit=unless_none(lambda name, value: value if isinstance(value, int) else text(name, value)),
    hold_input=flag,
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
    conventions: str | Sequence[str] = ALL,
    as_written: bool = False,
    reorder: bool = False,
    patches: str | None = None,
    limit: int | str | None = None,
    hold_input: bool = False,
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
            it. ``lecture``, ``torch-eager`` and ``training`` always follow the network as it is written.
        reorder: The network with its operators in the order that holds the least under ``liveness``, or under the
            first of ``conventions`` if that is not among them. ``netweight.export`` writes it.
        patches: The first layers patch by patch: ``"4x4@LAYER"`` for a grid and the last of these layers, ``"4x4"`` for
            the best layer, ``"auto"`` for the best of both, under the first of ``conventions``, or ``mcunet-v2``. The
            result is in ``patches``; ``netweight.export`` writes the network in patches.
        limit: Peak that patches are to reach with the fewest MACs: ``"256KiB"``, or bytes; by default the lowest.
        hold_input: Whether the inputs lie in memory whole while patches run; else a patch has its own part alone, as
            from a camera or from flash.

    Raises:
        NetweightError: If the model, its input or another argument is not one that fits; the error says what does.
    """
    most = _patch_limit(patches, limit, hold_input=hold_input)
    if patches is not None and conventions == ALL:
        conventions = (DEFAULT_CONVENTION,)
    wanted = {name: _convention(name) for name in conventions}
    asked = Asked(
        inputs=inputs, batch=batch, training=training, dims=dims, bits=bits is not None, as_written=as_written
    )
    found = network("memory", model, asked, bits=bits, rules=rules)
    from netweight.analysis.memory_table import memory_table

    with progress.stage(f"measuring {found.graph.name}"):
        rules_of = {name: rule for name, rule in wanted.items() if rule is not None}
        graph = _reordered(found.graph, rules_of, as_written=as_written) if reorder else found.graph
        table = memory_table(graph, rules_of, as_written=as_written)
    if TRAINING in wanted:
        row = _training_row(model, replace(asked, bits=False), rules)
        table = {name: row if name == TRAINING else table[name] for name in wanted}
    report = None
    if patches is not None:
        with progress.stage("looking for patches"):
            report = patch_report(
                graph, patches, conventions=tuple(wanted), limit=most, streamed=not hold_input, as_written=as_written
            )
    notes = (*_left_out(graph), *_on_kernels(table), *found.notes)
    info = model_info(graph, found.source)
    return Memory(model=info, as_written=as_written, conventions=table, notes=notes, patches=report)


def _patch_limit(patches: str | None, limit: int | str | None, *, hold_input: bool) -> int | None:
    """Bytes that patches are to reach; the text of the patches is looked at before a model is.

    Raises:
        UsageError: If the text or the limit is none, or there is something to say about patches and none are asked for.
    """
    if patches is not None:
        parse_patches(patches)
    elif limit is not None or hold_input:
        what = "limit" if limit is not None else "hold_input"
        raise UsageError(f"{what}: expected patches that it is about, got none", fix="--patches auto; netweight fit")
    return parse_limit(limit)


def _reordered(graph: Graph, rules: Mapping[str, Convention], *, as_written: bool) -> Graph:
    from netweight.analysis.memory_table import as_deployed
    from netweight.rewrite.order import in_best_order

    rule = rules.get("liveness") or next(iter(rules.values()), CONVENTIONS["liveness"])
    return in_best_order(graph, rule if as_written else as_deployed(rule))


def _left_out(graph: Graph) -> Iterator[str]:
    """That results whose sizes nobody knows are in no figure."""
    layers = list(dict.fromkeys(node.layer for node in graph.nodes if not node.outputs))
    if layers:
        named = ", ".join(layers[:_NAMED]) + (" ..." if len(layers) > _NAMED else "")
        yield f"results of unknown size are in no figure, which are lower bounds therefore: {named}"


def _on_kernels(table: Mapping[str, ConventionMemory]) -> Iterator[str]:
    """What one step is, where it is not one operator."""
    from netweight.analysis.deployed import KERNELS

    for kernels, rules in KERNELS.items():
        names = [name for name, found in table.items() if found.kernels == kernels]
        if names:
            yield f"steps of {', '.join(names)} are kernels of a runtime: {rules.about}"
    if any(found.kernels == "runtime" for found in table.values()):
        yield "--as-written (as_written=True) makes every operator a step, but under a runtime's own conventions"
