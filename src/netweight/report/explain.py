"""Explanations as text."""

from __future__ import annotations

from netweight.report.escape import plain
from netweight.report.glossary import Term
from netweight.report.table import shape_text
from netweight.results.explanation import Explanation, LayerExplanation, ModuleExplanation
from netweight.results.profile import LayerRow, ModuleRow
from netweight.units import Units, exact, scaled

_TITLES = {
    "params": "params", "macs": "MACs", "activation_count": "activations", "bytes_read": "bytes read",
    "bytes_written": "bytes written", "backward_macs": "backward MACs", "recomputed_macs": "run again",
}  # fmt: skip


def explanation_text(found: Explanation, *, units: Units = "si") -> str:
    """The layer's figures with their formulas, what the rules say, and how they add up the tree."""
    lines = _layer_lines(found, units) if isinstance(found, LayerExplanation) else _module_lines(found, units)
    return "\n".join(plain(line) for line in lines) + "\n"


def term_text(term: Term) -> str:
    """Definition of a term."""
    lines = [f"{term.name}: {term.meaning}"]
    if term.formula:
        lines.append(f"  formula  {term.formula}")
    if term.example:
        lines.append(f"  example  {term.example}")
    if term.beware:
        lines.append(f"  beware   {term.beware}")
    if term.see:
        lines.append(f"  see also {', '.join(term.see)}")
    return "\n".join(lines) + "\n"


def _layer_lines(found: LayerExplanation, units: Units) -> list[str]:
    row = found.row
    calls = f", called {row.calls} times" if row.calls > 1 else ""
    lines = [
        f"{found.model}: {row.layer} ({row.op}{calls})",
        f"  {shape_text(row.input_shapes) or 'nothing'} -> {shape_text(row.output_shapes)}, {row.dtype}",
        "",
    ]
    for figure in found.figures:
        title = _TITLES.get(figure.name, figure.name)
        lines.append(f"  {title:<13} {exact(figure.value, units=units)}")
        if figure.formula != str(figure.value):
            lines.append(f"  {'':<13} = {figure.formula}")
            if figure.named != figure.formula:
                lines.append(f"  {'':<13} = {figure.named}")
    lines.extend(_derived(row, units))
    zero = [name for name in ("params", "macs") if not getattr(row, name)]
    if zero:
        lines.append(f"  no {' and no '.join(_TITLES[name] for name in zero)}")
    if found.rules:
        lines.extend(["", "  how it is counted", *(f"    {rule}" for rule in found.rules)])
    lines.extend(["", "  in the tree", *_tree_lines(row.macs or 0, row.params, found.modules, units)])
    return lines


def _derived(row: LayerRow, units: Units) -> list[str]:
    """Figures that follow from others."""
    lines = []
    if row.params != row.params_no_bias:
        bias = row.params - row.params_no_bias
        without = f"{exact(row.params_no_bias, units=units)} without bias, {exact(bias, units=units)} of bias"
        lines.append(f"  {'of params':<13} {without}")
    if row.params:
        bits = 8 * row.model_size_bytes / row.params
        lines.append(f"  {'size':<13} {scaled(row.model_size_bytes, 'B', units=units)}: {bits:.3g} bits per parameter")
    if row.flops is not None and row.ops_total:
        other = row.ops_total - 2 * (row.macs or 0)
        sum_text = f"2 * {exact(row.macs or 0, units=units)} MACs + {exact(other, units=units)} other operations"
        name, value = ("FLOPs", row.flops) if row.flops else ("OPs", row.ops_total)
        lines.append(f"  {name:<13} {exact(value, units=units)} = {sum_text}")
        traffic = (row.bytes_read or 0) + (row.bytes_written or 0)
        if traffic and row.flops:
            lines.append(f"  {'intensity':<13} {row.flops / traffic:.3g} FLOP per byte moved")
    if row.receptive_field:
        field = "x".join(map(str, row.receptive_field))
        lines.append(f"  {'field':<13} one output position depends on {field} input positions")
    return lines


def _module_lines(found: ModuleExplanation, units: Units) -> list[str]:
    own = found.row
    lines = [f"{found.model}: {own.module} ({own.kind or 'module'}, {own.layers} layers)", ""]
    lines.extend(
        f"  {row.layer:<40} {exact(row.macs, units=units):>16} MACs {exact(row.params, units=units):>14} params"
        for row in found.layers
    )
    lines.append(f"  {'sum':<40} {exact(own.macs, units=units):>16} MACs {exact(own.params, units=units):>14} params")
    lines.extend(["", "  in the tree", *_tree_lines(own.macs, own.params, found.modules, units)])
    return lines


def _tree_lines(macs: int, params: int, modules: tuple[ModuleRow, ...], units: Units) -> list[str]:
    lines = []
    for row in reversed(modules):
        name = row.module or "the network"
        shares = f"{_share(macs, row.macs)} of {exact(row.macs, units=units)} MACs"
        lines.append(f"    {name}: {shares}, {_share(params, row.params)} of {exact(row.params, units=units)} params")
    return lines


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.3g} %" if whole else "0 %"
