"""Which figures of a network are explained, and what each is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from netweight.errors import UsageError
from netweight.report.explain.parts import (
    Amount,
    Breakdown,
    breakdown,
    by_kind,
    by_layer,
    by_module,
    named_parts,
)
from netweight.report.explain.total import OverviewExplanation, TotalExplanation
from netweight.results.profile import LayerRow, Profile
from netweight.results.training import Training
from netweight.units import exact


def _of_rows(
    profile: Profile, subject: str, value: int, unit: str, amount: Amount, *says: str, more: tuple[Breakdown, ...] = ()
) -> TotalExplanation:
    """A figure that is the sum of its layers."""
    ways = (*more, *(way(profile.layers, amount, unit) for way in (by_kind, by_module, by_layer)))
    breakdowns = tuple(way for way in ways if way.parts)
    return TotalExplanation(
        model=profile.model.name, subject=subject, value=value, unit=unit, says=says, breakdowns=breakdowns,
        layer=breakdowns[-1].parts[0].name if breakdowns else "",
    )  # fmt: skip


def _figure(name: str) -> Amount:
    return lambda row: int(getattr(row, name) or 0)


def _macs(profile: Profile) -> TotalExplanation:
    says = "A MAC is one multiplication and the addition of its product to a sum; 2 FLOPs."
    return _of_rows(profile, "macs", profile.totals.macs, "MACs", _figure("macs"), says)


def _params(profile: Profile) -> TotalExplanation:
    totals = profile.totals
    bias = totals.params - totals.params_no_bias
    kinds = breakdown("weights and biases", "params", [("weights", "", totals.params_no_bias), ("biases", "", bias)])
    says = "Learned numbers, a tensor that several layers share once."
    return _of_rows(profile, "params", totals.params, "params", _figure("params"), says, more=(kinds,))


_OPERATIONS = {
    "adds": "additions", "muls": "multiplications", "divs": "divisions", "compares": "comparisons",
    "exps": "exponentials", "logs": "logarithms", "sqrts": "square roots", "pows": "powers",
    "tanhs": "hyperbolic tangents", "erfs": "error functions", "trigs": "sines and the like",
    "logics": "logic operations",
}  # fmt: skip


def _operations(rows: Iterator[LayerRow], unit: str) -> Breakdown:
    """2 x MACs, and the other operations by kind."""
    found = list(rows)
    sums = {kind: sum(int(getattr(row, kind) or 0) for row in found) for kind in _OPERATIONS}
    if unit == "FLOPs":
        sums.pop("logics")
    pairs = [("2 x MACs", "", 2 * sum(int(row.macs or 0) for row in found)), *named_parts(sums, _OPERATIONS)]
    return breakdown("by operation", unit, pairs)


def _flops(profile: Profile) -> TotalExplanation:
    kinds = _operations((row for row in profile.layers if row.flops), "FLOPs")
    says = "Two per MAC, and one for every other operation on floating-point numbers."
    return _of_rows(profile, "flops", profile.totals.flops, "FLOPs", _figure("flops"), says, more=(kinds,))


def _ops(profile: Profile) -> TotalExplanation:
    kinds = _operations(iter(profile.layers), "OPs")
    says = "Two per MAC, and one for every other operation, whatever the type of the numbers."
    return _of_rows(profile, "ops", profile.totals.ops_total, "OPs", _figure("ops_total"), says, more=(kinds,))


def _activations(profile: Profile) -> TotalExplanation:
    value = sum(int(row.activation_count or 0) for row in profile.layers)
    says = (
        "Elements of the input and of what each layer writes; activation functions, normalisation and dropout write "
        "over their input, and views write nothing (convention lecture)."
    )
    return _of_rows(profile, "activations", value, "elements", _figure("activation_count"), says)


def _size(profile: Profile) -> TotalExplanation:
    totals = profile.totals
    kept: dict[str, int] = {}
    for row in profile.layers:
        if row.model_size_bytes:
            kept[row.weight_dtype] = kept.get(row.weight_dtype, 0) + row.model_size_bytes
    counts = totals.weight_dtypes
    types = breakdown(
        "by element type", "bytes",
        ((name, f"{counts[name]:,} params" if name in counts else "", size) for name, size in kept.items()),
    )  # fmt: skip
    bits = 8 * totals.model_size_bytes / totals.logical_params if totals.logical_params else 0
    says = f"Parameters at their width, with scales and zero points: {bits:.3g} bits per parameter."
    return _of_rows(
        profile, "size", totals.model_size_bytes, "bytes", _figure("model_size_bytes"), says, more=(types,)
    )  # fmt: skip


def _traffic(profile: Profile) -> TotalExplanation:
    totals = profile.totals
    weights = sum(_weights_read(row) for row in profile.layers)
    others = "activations" if weights else "tensors"
    parts = [
        ("weights", "read", weights),
        (others, "read", totals.bytes_read - weights),
        ("activations", "written", totals.bytes_written),
    ]
    moved = totals.bytes_read + totals.bytes_written
    says = "Bytes that layers read and write if nothing stays in a cache; views move nothing."
    intensity = f"{exact(totals.flops)} FLOPs / {exact(moved)} bytes = {totals.flops / moved:.3g} FLOP per byte moved."
    return _of_rows(
        profile, "traffic", moved, "bytes", lambda row: int(row.bytes_read or 0) + int(row.bytes_written or 0),
        says, *([intensity] if moved and totals.flops else []), more=(breakdown("by what is moved", "bytes", parts),),
    )  # fmt: skip


def _weights_read(row: LayerRow) -> int:
    """Bytes of stored tensors among what a layer reads; 0 in a stored report, which keeps numbers without names."""
    terms = getattr(row.bytes_read, "terms", ())
    return sum(value for term in terms for name, value in term if name in row.weight_shapes)


def _peak(profile: Profile) -> TotalExplanation:
    """The worst moment of every convention that was asked for: who is alive, with how many bytes."""
    breakdowns = []
    for name, found in profile.activations.items():
        beside = found.peak_bytes - sum(found.peak_tensor_bytes)
        sizes = zip(found.peak_tensors, found.peak_tensor_counts, found.peak_tensor_bytes, strict=False)
        parts = [(tensor, f"{count:,} elements", size) for tensor, count, size in sizes]
        step = f"step {found.peak_step} of {profile.coverage.nodes}" if found.peak_step else ""
        title = f"{name}: while {found.peak_layer} runs{f', {step}' if step else ''}, these are in memory"
        if found.peak_tensors and not parts:  # a report that was stored before their sizes were
            parts, beside = [("", ", ".join(found.peak_tensors), found.peak_bytes)], 0
        rest = [("masks and positions", "made inside", beside)] if beside > 0 else []
        rest += [("rows that input and output share", "counted once", beside)] if beside < 0 else []
        breakdowns.append(breakdown(title, "bytes", [*parts, *rest], total=found.peak_bytes))
    first_name, first = next(iter(profile.activations.items()))
    meanings = [f"{name}: {_CONVENTIONS[name]}" for name in profile.activations if name in _CONVENTIONS]
    return TotalExplanation(
        model=profile.model.name, subject="peak", value=first.peak_bytes,
        unit=f"bytes of activations while {first.peak_layer} runs, the worst moment ({first_name})",
        says=tuple(meanings), breakdowns=tuple(breakdowns), layer=first.peak_layer, terms=(first_name,),
    )  # fmt: skip


_CONVENTIONS = {
    "lecture": "the layer whose input and output together are the largest.",
    "liveness": "a tensor lives from the step that writes it to the last one that reads it.",
    "inplace": "as liveness, where elementwise operators write over an input that dies there.",
    "io-held": "as liveness, where the network's inputs and outputs are never freed.",
    "torch-eager": "as liveness, where a tensor lives as long as the program refers to it.",
    "mcunet-v1": "as liveness of a runtime's kernels, where a block keeps its input to its end.",
    "mcunet-v2": "as inplace of a runtime's kernels, where a projection is added onto its shortcut.",
    "tflm": "nothing works in place, each tensor starts on 16 bytes, and padding that is not SAME is a copy.",
    "segment-overlap": "as inplace of a runtime's kernels, where an output takes rows of its input.",
}

_KEPT = {
    "parameters": "parameters", "parameter_gradients": "gradients of the parameters",
    "optimizer_state": "optimizer state", "saved": "kept for backward", "recomputed": "run again",
    "activations": "other activations", "gradients": "gradients of activations", "inputs": "inputs",
    "buffers": "buffers", "scratch": "scratch of the update",
}  # fmt: skip


def _training(profile: Profile) -> TotalExplanation:
    found = profile.training
    if found is None:
        raise UsageError("explain: expected a network weighed in training, got one that is not", fix="--training")
    rows = ((row.layer, row.op, row.saved_activation_bytes) for row in found.layers)
    where = f"in the {found.peak_phase}" + (f" of {found.peak_layer}" if found.peak_layer else "")
    return TotalExplanation(
        model=profile.model.name, subject="training", value=found.peak_bytes,
        unit=f"bytes at the peak of a training step, {where}, with {found.optimizer}",
        says=(f"{exact(found.step_macs)} MACs in a step; {exact(found.trained_params)} params are trained.",),
        breakdowns=(
            breakdown("in memory at the peak", "bytes", named_parts(found.peak_parts, _KEPT), total=found.peak_bytes),
            breakdown("MACs of a step", "MACs", _work(found), total=found.step_macs),
            breakdown("layers that keep the most for backward", "bytes", rows, shown=5),
        ),
        terms=("training", "kept for backward"),
    )  # fmt: skip


def _work(found: Training) -> Iterator[tuple[str, str, int]]:
    yield "forward", "", found.forward_macs
    yield "backward", "", found.backward_macs
    yield "run again", "", found.recomputed_macs


_SUBJECTS: Mapping[str, Callable[[Profile], TotalExplanation]] = {
    "params": _params, "size": _size, "macs": _macs, "flops": _flops, "ops": _ops, "activations": _activations,
    "peak": _peak, "traffic": _traffic, "training": _training,
}  # fmt: skip

_ALIASES = {
    "parameters": "params", "param": "params", "weights": "params", "mac": "macs", "flop": "flops", "op": "ops",
    "totals": "total", "all": "total", "model size": "size", "bytes": "size", "memory": "peak",
    "peak memory": "peak", "peak activations": "peak", "activation": "activations",
    "bytes read": "traffic", "bytes written": "traffic", "read": "traffic", "written": "traffic",
    "intensity": "traffic", "bandwidth": "traffic", "backward": "training", "training step": "training",
    "step": "training", "train": "training",
}  # fmt: skip

SUBJECTS = ("total", *_SUBJECTS)
"""What of a network can be explained, beside its layers and modules."""


def subject_of(text: str) -> str | None:
    """Which total a text names, None if none.

    >>> subject_of("MACs"), subject_of("model size"), subject_of("conv1")
    ('macs', 'size', None)
    """
    wanted = text.strip().lower().replace("_", " ").replace("-", " ")
    wanted = _ALIASES.get(wanted, wanted)
    return wanted if wanted in SUBJECTS else None


def explain_total(profile: Profile, subject: str, given: str = "") -> TotalExplanation | OverviewExplanation:
    """Explanation of a figure of the whole network.

    Args:
        profile: The weighed network.
        subject: One of ``SUBJECTS``.
        given: What the network was called by who asked, for what to ask next.

    Raises:
        UsageError: If a step of training is to be explained, and was not weighed.
    """
    if subject != "total":
        return replace(_SUBJECTS[subject](profile), given=given)
    names = [name for name in _SUBJECTS if name != "training" or profile.training is not None]
    names = [name for name in names if not (name == "ops" and profile.totals.ops_total == profile.totals.flops)]
    totals = tuple(_SUBJECTS[name](profile) for name in names)
    return OverviewExplanation(model=profile.model.name, totals=totals, given=given)
