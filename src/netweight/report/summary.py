"""The figures below the table, and the last line: the whole network in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from netweight.report.training import training_text
from netweight.results.profile import Activations, Profile, UnknownOp
from netweight.units import Units, exact, scaled

_WIDTHS = (32, 16, 8, 4)
_FLOATING = (16, 32, 64)
_ROUND = (1, 2, 4, 8)
_NARROW_FLOATS = ("float8", "float4")


def summary_line(profile: Profile, *, units: Units = "si") -> str:
    """One sentence: parameters, size, work, peak of the first convention, coverage."""
    totals = profile.totals
    params = f"{scaled(totals.params, units=_si(units))} params"
    if _has_experts(profile):
        params += f" ({scaled(totals.active_params, units=_si(units))} active)"
    work = f"{scaled(totals.macs, 'MACs', units=_si(units))} ({_work(profile, units)})"
    return (
        f"{profile.model.name}: {params}, {_size(totals.model_size_bytes, units)} {_dtypes(profile)}, {work}"
        f"{_peak(profile, units)}; {_covered(profile)}"
    )


def totals_text(profile: Profile, *, units: Units = "si") -> list[tuple[str, str]]:
    """Name and text of each figure of the whole network."""
    totals = profile.totals
    lines = [
        ("params", f"{exact(totals.params, units=units)} ({exact(totals.params_no_bias, units=units)} without bias)"),
        ("model size", _sizes(profile, units)),
        ("MACs", exact(totals.macs, units=units)),
        (
            "FLOPs",
            f"{exact(totals.flops, units=units)} ({exact(totals.contraction_flops, units=units)} of them 2 x MACs)",
        ),
    ]
    if _has_experts(profile):
        lines.insert(1, ("active params", f"{exact(totals.active_params, units=units)}, which one token meets"))
    if totals.buffers:
        lines.insert(1, ("buffers", exact(totals.buffers, units=units)))
    if totals.logical_params != totals.params or len(totals.weight_dtypes) > 1:
        lines.insert(1, ("weights", _weights(profile, units)))
    if totals.ops_total != totals.flops:
        lines.append(("OPs", exact(totals.ops_total, units=units)))
    lines.extend((f"activations, {name}", _activations(found, units)) for name, found in profile.activations.items())
    moved = f"{_size(totals.bytes_read, units)} read, {_size(totals.bytes_written, units)} written, nothing cached"
    lines.append(("traffic", moved))
    lines.extend(training_text(profile, units=units))
    coverage = profile.coverage
    calls = f"{coverage.nodes} operator calls: {coverage.counted} counted, {coverage.free} free by rule"
    lines.append(("coverage", f"{calls}, {sum(op.count for op in coverage.unknown)} unknown"))
    if not coverage.complete:
        lines.append(("complete", f"no: {'; '.join(incomplete(profile))}"))
    lines.extend(unknown_lines(coverage.unknown))
    return lines


def unknown_lines(unknown: Sequence[UnknownOp]) -> list[tuple[str, str]]:
    """A line for each kind of unknown operator, with where its first calls are, and why it is unknown."""
    kinds: dict[tuple[str, str], list[UnknownOp]] = {}
    for op in unknown:
        kinds.setdefault((op.op, op.reason), []).append(op)
    return [(f"unknown op {op}", _calls(found, reason)) for (op, reason), found in kinds.items()]


def _calls(found: Sequence[UnknownOp], reason: str) -> str:
    others = len(found) - 1
    more = "" if not others else f" and {others} other{'s' if others > 1 else ''}"
    return f"{sum(op.count for op in found)} x in {found[0].layer}{more}; {reason}"


def _has_experts(profile: Profile) -> bool:
    return profile.totals.active_params != profile.totals.params


def _si(units: Units) -> Units:
    """MACs and FLOPs are never counted in powers of 1024."""
    return "si" if units == "iec" else units


def _size(nbytes: int, units: Units) -> str:
    return scaled(nbytes, "B", units=units)


def _work(profile: Profile, units: Units) -> str:
    """FLOPs of the MACs; where some or all MACs are of integers, the operations whatever the type as well."""
    totals = profile.totals
    flops = scaled(totals.contraction_flops, "FLOP", units=_si(units))
    if totals.flops and totals.contraction_flops == 2 * totals.macs:
        return flops
    return f"{flops}, {scaled(totals.ops_total, 'OP', units=_si(units))}"


def _dtypes(profile: Profile) -> str:
    """Width of a weight in short: fp32, bf16, int8; an average where widths differ or scales are stored."""
    weights = profile.totals.logical_params
    if not weights:
        return "of weights"
    bits = 8 * profile.totals.model_size_bytes / weights
    if bits in _FLOATING:
        return "bf16" if list(profile.totals.weight_dtypes) == ["bfloat16"] else f"fp{bits:g}"
    integer = f"int{bits:g}"
    types = {row.dtype for row in profile.layers if row.params}
    # Layers may widen their weights and compute in another type; with scales the width would not be round.
    widened = bits in _ROUND and not any(dtype.startswith(_NARROW_FLOATS) for dtype in types)
    return integer if widened or types & {integer, f"u{integer}"} else f"at {bits:.3g} bits each"


def _weights(profile: Profile, units: Units) -> str:
    """How many weights are stored as what."""
    totals = profile.totals
    parts = (f"{exact(count, units=units)} {dtype}" for dtype, count in totals.weight_dtypes.items())
    return f"{exact(totals.logical_params, units=units)}: {', '.join(parts)}"


def _sizes(profile: Profile, units: Units) -> str:
    params = profile.totals.logical_params
    stored = f"{_size(profile.totals.model_size_bytes, units)} {_dtypes(profile)}"
    others = (f"{_size(-(-params * width // 8), units)} at {width}" for width in _WIDTHS)
    return f"{stored}; all parameters: {', '.join(others)}"


def _activations(found: Activations, units: Units) -> str:
    total = f"total {exact(found.total_count, units=units)} = {_size(found.total_bytes, units)}"
    peak = f"peak {exact(found.peak_count, units=units)} = {_size(found.peak_bytes, units)}"
    return f"{total}; {peak} at {found.peak_layer}"


def _peak(profile: Profile, units: Units) -> str:
    if not profile.activations:
        return ""
    name, found = next(iter(profile.activations.items()))
    count = scaled(found.peak_count, units=_si(units))
    return f", peak activations {count} ({name}) = {_size(found.peak_bytes, units)}"


def _covered(profile: Profile) -> str:
    coverage = profile.coverage
    unknown = sum(op.count for op in coverage.unknown)
    share = 100 * (coverage.nodes - unknown) / coverage.nodes if coverage.nodes else 100
    shown = "100" if not unknown else f"{min(share, 99.9):.1f}"
    if coverage.stopped_at:
        return f"partial, stopped at {coverage.stopped_at}; {shown} % of ops until then counted"
    guessed = "" if coverage.complete or unknown else ", some by a guess"
    return f"{shown} % of ops counted{guessed}"


def incomplete(profile: Profile) -> tuple[str, ...]:
    """Reasons why the figures are not exact for the whole network; empty if they are."""
    coverage = profile.coverage
    if coverage.complete:
        return ()
    unknown = sorted({op.op for op in coverage.unknown if op.reason == "no rule"})
    unshaped = sorted({op.op for op in coverage.unknown if op.reason != "no rule"})
    reasons = [f"stopped at {coverage.stopped_at}"] if coverage.stopped_at else []
    reasons += [f"{len(unknown)} unknown operators: {', '.join(unknown)}"] if unknown else []
    reasons += [f"shapes that only a run has, of {', '.join(unshaped)}"] if unshaped else []
    return tuple(reasons) or ("guesses, named in the notes",)
