"""Whether a model fits into so much memory, and what would make it fit."""

from __future__ import annotations

import html
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from netweight import progress
from netweight.analysis.conventions import convention as rule_of
from netweight.analysis.cost import model_info, stored_bytes_of
from netweight.analysis.training import KEEPING
from netweight.app.arguments import BITS, MODEL, takes, text, unless_none
from netweight.app.asked import Asked, Inputs
from netweight.app.described import network
from netweight.app.devices import find
from netweight.app.fit_training import Step, training_need, training_remedies
from netweight.app.identify import Model, TfliteFile, resolve
from netweight.app.loaded import Loaded
from netweight.app.remedies import Tried, memory_of, needed, remedies
from netweight.autograd.gradients import trainable
from netweight.errors import Either, UsageError
from netweight.ir import Graph, TensorSpec, bits_of
from netweight.own_rules import OwnRules
from netweight.results import fit as results
from netweight.results.device import Device
from netweight.results.fit import Need, Remedy
from netweight.rewrite.bits import parse_bits, with_bits
from netweight.units import Units, parse_bytes


class Fit(results.Fit):
    """What ``netweight.fit`` returns: ``fits`` is the answer, ``print`` shows it with its reasons."""

    __slots__ = ()

    @classmethod
    def of(cls, found: results.Fit) -> Fit:
        """The same answer."""
        return cls(**{f.name: getattr(found, f.name) for f in fields(found)})

    def to_text(self, *, units: Units = "si", width: int | None = None) -> str:
        """The answer as text.

        Args:
            units: How sizes are written beside their bytes.
            width: Characters of a line; None for the natural width.
        """
        from netweight.report.fitting import to_text

        return to_text(self, units=units, width=width)

    def __str__(self) -> str:
        return self.to_text().removesuffix("\n")

    def __repr__(self) -> str:
        sizes = ", ".join(f"{need.needed_bytes} of {need.limit_bytes} bytes of {need.kind}" for need in self.needs)
        return f"<{self.model.name!r} {'fits' if self.fits else 'does not fit'}: {sizes}>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


@takes(
    **MODEL,
    bits=BITS,
    limit=unless_none(lambda name, value: value if isinstance(value, int) else text(name, value)),
    device=unless_none(text),
    convention=unless_none(text),
    optimizer=unless_none(text),
)
def fit(
    model: Model,
    inputs: Inputs = None,
    *,
    limit: int | str | None = None,
    device: str | None = None,
    convention: str | None = None,
    optimizer: str | None = None,
    batch: int | None = None,
    bits: int | str | None = None,
    training: bool = False,
    dims: Mapping[str, int] | None = None,
    rules: OwnRules | None = None,
    as_written: bool = False,
) -> Fit:
    """Whether a model fits into a limit of memory or into a device, by how much, and what would make it fit.

    >>> import netweight
    >>> answer = netweight.fit("mobilenet_v2", bits=8, limit="1MiB")
    >>> answer.fits, answer.needs[0].needed_bytes, answer.needs[0].limit_bytes
    (False, 1505280, 1048576)
    >>> [remedy.name for remedy in answer.remedies if remedy.fits]
    ['patches 2x1@features.2.conv.1.2', 'input 1x3x160x160']

    Args:
        model: Anything that ``netweight.weigh`` takes, but a stored report.
        inputs: Shape of the input, batch included, or spec, array or tensor; several as a tuple, or as a dict by name.
        limit: Bytes for activations: ``"256KiB"``, or a number.
        device: Name of a device, whose SRAM is the limit of activations, and whose flash that of weights.
        convention: How activations are counted: ``liveness``, and ``tflm`` for a TFLite file, where nobody says.
        optimizer: Name of an optimiser: whether a step of training with it fits, how many samples at once do, and
            which modules to checkpoint so that more do.
        batch: Samples at once, where ``inputs`` does not say; 1 where nobody says.
        bits: Bit widths: ``8``, ``"w8a8"``; as described by default.
        training: Batch normalisation uses batch statistics and dropout drops.
        dims: Sizes of the dimensions that an ONNX model leaves open under a name.
        rules: What operators of your own cost, for this call.
        as_written: Every operator is a step of its own, and what a quantised model converts stays as it is written.

    Raises:
        NetweightError: If the model, its input or another argument is not one that fits; the error says what does.
    """
    limits = _limits(limit, device)
    asked = Asked(
        inputs=inputs, batch=batch, training=training, dims=dims, bits=bits is not None, as_written=as_written
    )
    found = network("fit", model, asked, bits=bits, rules=rules)
    name = convention or ("tflm" if found.source == "tflite" else "liveness")
    rule_of(name)

    def again(specs: Sequence[TensorSpec]) -> Graph:
        named: dict[str, Any] = dict(zip(found.graph.inputs, specs, strict=True))
        if bits is not None:  # the widths come after: a description has the types that it had
            named = {key: spec.shape if bits_of(spec.dtype) <= _NARROW else spec for key, spec in named.items()}
        other = replace(asked, inputs=named if isinstance(inputs, Mapping) else tuple(named.values()), batch=None)
        return network("fit", model, other, bits=bits, rules=rules).graph

    if optimizer is not None or training:
        keeps = _kept_under(convention, found.keeps)
        step = Step(
            graph=found.graph,
            optimizer=optimizer or "sgd",
            keeps=keeps,
            limit=limits["memory"],
            again=again if found.source in _DESCRIBED else None,
            flags=lambda samples: f"--batch {samples}" if inputs is None else _inputs_of(found.graph, samples),
        )
        return _of_training(found, step, device)
    with progress.stage(f"measuring {found.graph.name}"):
        needs = tuple(_needs(found.graph, name, limits, _file_bytes(model), as_written=as_written))
        tried = Tried(
            graph=found.graph,
            name=name,
            limit=limits["memory"],
            again=again if found.source in _DESCRIBED else None,
            as_written=as_written,
            brings_plan=found.source == "tflite",
        )
        changes = () if needs[0].fits else tuple(remedies(tried))
        changes += tuple(_fewer_bits(found.graph, needs))
        notes = (*_on_plans(found.graph, name, needs[0], as_written=as_written), *found.notes)
    return Fit(
        model=model_info(found.graph, found.source),
        device=device or "",
        convention=name,
        needs=needs,
        remedies=changes,
        notes=notes,
    )


def _on_plans(graph: Graph, name: str, need: Need, *, as_written: bool) -> list[str]:
    """What a planner that takes the largest tensor first would need, where that is too much."""
    plan = memory_of(graph, name, as_written=as_written).plan
    if name == "tflm":
        return ["leave room: the interpreter's own tables, which it keeps behind the activations, are not counted"]
    if plan is None or not need.fits or plan.greedy_bytes <= need.limit_bytes:
        return []
    more = plan.greedy_bytes - need.limit_bytes
    said = f"one that places the largest tensor first needs {plan.greedy_bytes:,} bytes, {more:,} too many"
    return [f"it fits with the plan that netweight finds; {said}"]


def _of_training(found: Loaded, step: Step, device: str | None) -> Fit:
    if not trainable(step.graph):
        raise UsageError(
            f"fit: expected a network that can be trained, got {step.graph.name!r}, whose parameters are all integers",
            fix=Either("without bits", "without --bits"),
        )
    with progress.stage(f"trying batches of {found.graph.name}"):
        need = training_need(step)
        changes = tuple(training_remedies(step, need))
    besides = (
        "workspaces of kernels, and what a driver and an allocator take for themselves, are not counted: leave room"
    )
    return Fit(
        model=model_info(found.graph, found.source),
        device=device or "",
        convention=f"training with {step.optimizer}, {step.keeps}",
        needs=(need,),
        remedies=changes,
        notes=(besides, *found.notes),
    )


def _kept_under(convention: str | None, keeps: str) -> str:
    """Which tensors backward keeps.

    Raises:
        UsageError: If the convention is one of inference.
    """
    if convention is None:
        return keeps
    if convention not in KEEPING:
        known = " or ".join(KEEPING)
        raise UsageError(f"convention: expected {known} for a step of training, got {convention!r}", fix="leave it out")
    return convention


def _inputs_of(graph: Graph, samples: int) -> str:
    """Flags for the inputs with so many samples."""
    flags = []
    for name in graph.inputs:
        spec = graph.spec(name)
        named = f"{name}:" if len(graph.inputs) > 1 else ""
        kind = f":{spec.dtype}" if spec.dtype != "float32" else ""
        flags.append(f"--input {shlex.quote(named + 'x'.join(map(str, (samples, *spec.shape[1:]))) + kind)}")
    return " ".join(flags)


_NARROW = 8
"""Bits of numbers that widths were asked for, not of ids."""

_DESCRIBED = ("builtin", "pytorch")
"""Sources whose models can be described with another input."""


def _limits(limit: int | str | None, device: str | None) -> dict[str, int]:
    """Bytes that there are, by kind.

    Raises:
        UsageError: If nothing says how many.
    """
    if (device is None) == (limit is None):
        got = "neither" if device is None else f"both {device} and {limit}"
        raise UsageError(f"fit: expected a limit or a device, got {got}", fix="--limit 256KiB, or --device stm32f746")
    limits = {}
    if device is not None:
        limits = _limits_of(find(device))
    if limit is not None:
        limits["memory"] = limit if isinstance(limit, int) else parse_bytes(limit)
    if limits["memory"] < 1:
        raise UsageError(f"limit: expected at least 1 byte, got {limits['memory']}", fix="--limit 256KiB")
    return limits


def _limits_of(device: Device) -> dict[str, int]:
    """Bytes by kind on a device whose weights lie apart from what it writes.

    Raises:
        UsageError: If its weights and activations share one memory.
    """
    memory = device.memory
    if not {"sram", "flash"} <= set(memory):
        raise UsageError(
            f"device: expected one with SRAM and flash, got {device.name}, whose weights and activations share memory",
            fix="--limit SIZE",
        )
    return {"memory": memory["sram"].nbytes, "flash": memory["flash"].nbytes}


def _file_bytes(model: Model) -> int | None:
    """Bytes of a TFLite file, which lies in flash as it is; None of another model."""
    what = resolve(model)
    return what.path.stat().st_size if isinstance(what, TfliteFile) else None


def _needs(graph: Graph, name: str, limits: Mapping[str, int], stored: int | None, *, as_written: bool) -> list[Need]:
    memory = memory_of(graph, name, as_written=as_written)
    sizes = {
        "memory": (needed(memory), memory.peak_layer),
        "flash": (stored_bytes_of(graph) if stored is None else stored, ""),
    }
    return [
        Need(
            kind=kind,
            needed_bytes=sizes[kind][0],
            limit_bytes=limits[kind],
            where=sizes[kind][1],
            fits=sizes[kind][0] <= limits[kind],
        )
        for kind in ("memory", "flash")
        if kind in limits
    ]


def _fewer_bits(graph: Graph, needs: Sequence[Need]) -> list[Remedy]:
    """Narrower weights, where the flash does not hold those that there are."""
    found = []
    for need in needs:
        if need.kind != "flash" or need.fits:
            continue
        widest = max(bits_of(value.spec.dtype) for value in graph.values.values() if value.kind == "parameter")
        for setting in ("8", "4"):
            if int(setting) < widest:
                size = stored_bytes_of(with_bits(graph, parse_bits(f"w{setting}")))
                found.append(
                    Remedy(
                        name=f"weights of {setting} bits",
                        kind="flash",
                        needed_bytes=size,
                        fits=size <= need.limit_bytes,
                        price="accuracy: quantised",
                        how=f"--bits w{setting}",
                    )
                )
    return found
