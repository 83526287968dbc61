"""The figures below the table, and the last line: the whole network in one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netweight.report.element_types import (
    bits_per_weight,
    macs_by_type,
    macs_text,
    short_type,
    weights_by_type,
    weights_type,
)
from netweight.report.inputs import called_text, input_types
from netweight.report.training import training_clause, training_text
from netweight.report.work import work_lines, work_text
from netweight.results.profile import Activations, Profile, UnknownOp
from netweight.units import Units, amount, decimal, exact, scaled, scaled_count

_WIDTHS = (32, 16, 8, 4)
USUAL_CONVENTIONS = ("lecture", "liveness")
"""Conventions of which the sentence says the first; of others, which were asked for, it says all."""


def summary_line(profile: Profile, *, units: Units = "si") -> str:
    """One sentence that stands alone: model and input, parameters, size, work, peak, training, coverage."""
    size = _size(profile.totals.model_size_bytes, units)
    figures = [
        _params(profile, units),
        size,
        macs_text(profile, decimal(units)),
        work_text(profile.totals, decimal(units)),
    ]
    clauses = [
        ", ".join([*figures, *_peaks(profile, units)]),
        *_counted_otherwise(profile),
        *training_clause(profile, units=units),
        _covered(profile),
    ]
    return f"{called_text(profile)}: {'; '.join(clauses)}"


def _counted_otherwise(profile: Profile) -> list[str]:
    """Choices of counting that are not the usual ones."""
    causal = (profile.counting or {}).get("causal")
    return [f"causal attention counted {causal}"] if causal else []


def totals_text(profile: Profile, *, units: Units = "si") -> list[tuple[str, str]]:
    """Name and text of each figure of the whole network."""
    totals = profile.totals
    lines = [
        ("params", _exact_params(profile, units)),
        *_kinds_of_params(profile, units),
        ("model size", _sizes(profile, units)),
        ("MACs", _exact_macs(profile, units)),
        *work_lines(totals, units),
    ]
    lines.extend((f"activations, {name}", _activations(found, units)) for name, found in profile.activations.items())
    if profile.activations and "lecture" not in profile.activations:
        column = sum(int(row.activation_count or 0) for row in profile.layers)
        lines.append(("activations, layers", f"total {exact(column, units=units)}: the column counts by lecture"))
    moved = f"{_size(totals.bytes_read, units)} read, {_size(totals.bytes_written, units)} written, nothing cached"
    lines.append(("traffic", moved))
    lines.extend(training_text(profile, units=units))
    coverage = profile.coverage
    calls = f"{amount(coverage.nodes, 'operator call')}: {coverage.counted} counted, {coverage.free} free by rule"
    lines.append(("coverage", f"{calls}, {sum(op.count for op in coverage.unknown)} unknown"))
    if not coverage.complete:
        lines.append(("complete", f"no: {'; '.join(incomplete(profile, in_full=False))}"))
    lines.extend(unknown_lines(coverage.unknown))
    lines.extend(own_rule_line(coverage.unknown))
    return lines


def unknown_lines(unknown: Sequence[UnknownOp]) -> list[tuple[str, str]]:
    """A line for each kind of unknown operator, with where its first calls are, and why it is unknown."""
    kinds: dict[tuple[str, str], list[UnknownOp]] = {}
    for op in unknown:
        kinds.setdefault((op.op, op.reason), []).append(op)
    return [(f"unknown op {op}", _calls(found, reason)) for (op, reason), found in kinds.items()]


def own_rule_line(unknown: Sequence[UnknownOp]) -> list[tuple[str, str]]:
    """What counts an unknown operator: a rule that the reader writes; no line where none would be asked.

    >>> own_rule_line([UnknownOp(op="mylib.scale", layer="fc", count=1)])
    [('to count it', 'a rule of your own: @netweight.rule("mylib::scale"), see netweight explain E110')]
    """
    names = dict.fromkeys(op.op for op in unknown if op.reason == "no rule" and "." in op.op)
    own = [name.replace("onnx.", "ai.onnx.", 1) if name.startswith("onnx.") else name for name in names]
    targets = ["::".join(name.rsplit(".", 1)) for name in own if not name.startswith("higher_order.")]
    if not targets:
        return []
    what, more = "it" if len(targets) == 1 else "them", "" if len(targets) == 1 else " ..."
    return [
        (f"to count {what}", f'a rule of your own: @netweight.rule("{targets[0]}"){more}, see netweight explain E110')
    ]


def _calls(found: Sequence[UnknownOp], reason: str) -> str:
    others = len(found) - 1
    more = "" if not others else f" and {others} other{'s' if others > 1 else ''}"
    return f"{sum(op.count for op in found)} x in {found[0].layer}{more}; {reason}"


def _unread(profile: Profile) -> int:
    """Parameters that nothing reads."""
    return sum(row.params for row in profile.layers if row.op == "unread")


def _has_experts(profile: Profile) -> bool:
    """Whether a token meets less than what the network reads."""
    return profile.totals.params - profile.totals.active_params != _unread(profile)


def _size(nbytes: int, units: Units) -> str:
    return scaled(nbytes, "B", units=units)


def _params(profile: Profile, units: Units) -> str:
    """``61.0 M params``, their type where it is not that of the input, and those that do no work."""
    totals = profile.totals
    text = f"{scaled_count(totals.params, units=units)} params"
    mixed, kind = weights_by_type(profile, units), weights_type(profile)
    if kind and input_types(profile) != {kind}:
        text += f" in {kind}"
    if _has_experts(profile):
        return f"{text} ({scaled_count(totals.active_params, units=units)} active{mixed and f'; {mixed}'})"
    unread = _unread(profile)
    said = [f"{scaled_count(unread, units=units)} of them never read"] if unread else []
    said += [mixed] if mixed else []
    return f"{text} ({'; '.join(said)})" if said else text


def _exact_params(profile: Profile, units: Units) -> str:
    totals = profile.totals
    said = [f"{exact(totals.params_no_bias, units=units)} without bias"]
    if totals.frozen_params and _has_floats(profile):
        trainable, frozen = (exact(count, units=units) for count in (totals.trainable_params, totals.frozen_params))
        said.append(f"{trainable} trainable, {frozen} frozen")
    unread = _unread(profile)
    said += [f"{exact(unread, units=units)} never read"] if unread else []
    return f"{exact(totals.params, units=units)} ({'; '.join(said)})"


def _has_floats(profile: Profile) -> bool:
    """Whether some weights are floating numbers, which alone can be trained."""
    return any("float" in kind for kind in profile.totals.weight_dtypes)


def _kinds_of_params(profile: Profile, units: Units) -> Iterator[tuple[str, str]]:
    """Lines on parameters that only some networks have."""
    totals = profile.totals
    if totals.logical_params != totals.params or len(totals.weight_dtypes) > 1:
        yield "weights", _weights(profile, units)
    if totals.buffers:
        yield "buffers", exact(totals.buffers, units=units)
    if _has_experts(profile):
        yield "active params", f"{exact(totals.active_params, units=units)}, which one token meets"


def _exact_macs(profile: Profile, units: Units) -> str:
    total, kinds = exact(profile.totals.macs, units=units), macs_by_type(profile)
    if len(kinds) < 2:
        return total
    return f"{total} ({', '.join(f'{exact(count, units=units)} {short_type(kind)}' for kind, count in kinds.items())})"


def _weights(profile: Profile, units: Units) -> str:
    """How many weights are stored as what."""
    totals = profile.totals
    parts = (f"{exact(count, units=units)} {dtype}" for dtype, count in totals.weight_dtypes.items())
    return f"{exact(totals.logical_params, units=units)}: {', '.join(parts)}"


def _sizes(profile: Profile, units: Units) -> str:
    """Bytes as they are stored, and at the widths that they do not have."""
    params = profile.totals.logical_params
    bits = bits_per_weight(profile)
    kind = weights_type(profile) or (f"at {bits:.3g} bits each" if params else "of weights")
    others = [f"{_size(-(-params * width // 8), units)} at {width}" for width in _WIDTHS if width != bits]
    stored = f"{_size(profile.totals.model_size_bytes, units)} {kind}"
    return f"{stored}; {', '.join(others)} bits" if params else stored


def _activations(found: Activations, units: Units) -> str:
    total = f"total {exact(found.total_count, units=units)} = {_size(found.total_bytes, units)}"
    peak = f"peak {exact(found.peak_count, units=units)} = {_size(found.peak_bytes, units)}"
    return f"{total}; {peak} at {found.peak_layer}"


def _peaks(profile: Profile, units: Units) -> list[str]:
    """The peak under each convention that was asked for."""
    found = list(profile.activations.items())
    shown = found[:1] if tuple(profile.activations) == USUAL_CONVENTIONS else found
    texts = [
        f"{scaled(one.peak_count, units=decimal(units))} ({name}) = {_size(one.peak_bytes, units)}"
        for name, one in shown
    ]
    return [f"peak activations {', '.join(texts)}"] if texts else []


def _covered(profile: Profile) -> str:
    coverage = profile.coverage
    unknown = sum(op.count for op in coverage.unknown)
    share = 100 * (coverage.nodes - unknown) / coverage.nodes if coverage.nodes else 100
    shown = "100" if not unknown else f"{min(share, 99.9):.1f}"
    if coverage.stopped_at:
        return f"partial, stopped at {coverage.stopped_at}; {shown} % of ops until then counted"
    return f"{shown} % of ops counted{_guessed(profile)}"


def _guessed(profile: Profile) -> str:
    """What was guessed, the first guess in full."""
    guesses = profile.coverage.guesses
    if not guesses:
        unsaid = not profile.coverage.complete and not profile.coverage.unknown
        return ", some by a guess" if unsaid else ""
    more = len(guesses) - 1
    return f", by a guess: {guesses[0].partition('; ')[0]}{f' (and {more} more)' if more else ''}"


def incomplete(profile: Profile, *, in_full: bool = True) -> tuple[str, ...]:
    """Reasons why the figures are not exact for the whole network; empty if they are.

    Args:
        profile: Of the network.
        in_full: Say each guess, where no notes stand beside.
    """
    coverage = profile.coverage
    if coverage.complete:
        return ()
    unknown = sorted({op.op for op in coverage.unknown if op.reason == "no rule"})
    unshaped = sorted({op.op for op in coverage.unknown if op.reason != "no rule"})
    reasons = [f"stopped at {coverage.stopped_at}"] if coverage.stopped_at else []
    reasons += [f"{amount(len(unknown), 'unknown operator')}: {', '.join(unknown)}"] if unknown else []
    reasons += [f"shapes that only a run has, of {', '.join(unshaped)}"] if unshaped else []
    if coverage.guesses and in_full:
        reasons += [f"a guess: {guess}" for guess in coverage.guesses]
    elif coverage.guesses:
        reasons.append(f"{amount(len(coverage.guesses), 'guess')}, in the notes")
    return tuple(reasons) or ("guesses, named in the notes",)
