"""Operations in words: floating ones, those of integers, and what of them is 2 x MACs."""

from __future__ import annotations

from netweight.results.profile import Totals
from netweight.units import Units, exact, scaled, scaled_part


def work_text(totals: Totals, units: Units) -> str:
    """``1.46 GFLOP (1.45 of them 2 x MACs)``; OPs for a network of integers, both for one of mixed types."""
    of_macs = 2 * totals.macs
    floating = _with_share(totals.flops, totals.contraction_flops, "FLOP", units)
    if not (totals.flops or totals.ops_total) or (totals.flops and totals.contraction_flops == of_macs):
        return floating
    if not totals.flops:
        return _with_share(totals.ops_total, of_macs, "OP", units)
    return f"{floating}, {_with_share(totals.ops_total, of_macs, 'OP in all', units)}"


def work_lines(totals: Totals, units: Units) -> list[tuple[str, str]]:
    """FLOPs, and all operations where these are others."""
    lines = [("FLOPs", _exact_share(totals.flops, totals.contraction_flops, units))]
    if totals.ops_total != totals.flops:
        lines.append(("OPs", _exact_share(totals.ops_total, 2 * totals.macs, units)))
    return lines


def _with_share(count: int, of_macs: int, unit: str, units: Units) -> str:
    share = f" ({scaled_part(of_macs, count, units=units)} of them 2 x MACs)" if of_macs else ""
    return f"{scaled(count, unit, units=units)}{share}"


def _exact_share(count: int, of_macs: int, units: Units) -> str:
    share = f" ({exact(of_macs, units=units)} of them 2 x MACs)" if of_macs else ""
    return f"{exact(count, units=units)}{share}"
