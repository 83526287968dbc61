"""Why a layer costs what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from netweight.report.explain.field import Field, field_of
from netweight.report.explain.figures import Figure, figure_rows, figures_of
from netweight.report.explain.gradients import gradient_rows
from netweight.report.explain.settings import settings_text
from netweight.report.explain.shares import share_lines
from netweight.report.explain.shown import Explanation, named
from netweight.report.explain.sizes import Size, sizes_of
from netweight.report.summary import own_rule_line
from netweight.report.table import shape_text
from netweight.results.profile import FORMULA_FIELDS, LayerRow, ModuleRow, Profile, UnknownOp
from netweight.results.training import TRAINING_FORMULA_FIELDS, TrainingRow
from netweight.units import Units, exact, scaled


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LayerExplanation(Explanation):
    """Why a layer costs what it costs.

    Attributes:
        model: Name of the network.
        row: The layer.
        sizes: How the sizes of its output follow from the settings.
        figures: Its figures that are not zero.
        field: Its receptive field, beside the picture.
        rules: What the operator does and how that is counted, in words.
        modules: Sums of the modules around it, the network first.
        training: What a step of training costs there, if it was weighed.
        others: The other operators of the same layer.
    """

    model: str
    row: LayerRow
    sizes: tuple[Size, ...]
    figures: tuple[Figure, ...]
    field: Field | None
    rules: tuple[str, ...]
    modules: tuple[ModuleRow, ...]
    training: TrainingRow | None = None
    others: tuple[LayerExplanation, ...] = ()

    def lines(self, units: Units, width: int | None) -> list[str]:
        """Settings, figures with their formulas, rules, and shares of what is around."""
        row = self.row
        calls = f", called {row.calls} times, which sizes and settings are of the first" if row.calls > 1 else ""
        shapes = f"{shape_text(row.input_shapes) or 'nothing'} -> {shape_text(row.output_shapes) or 'nothing'}"
        lines = [f"{self.model}: {row.layer} ({row.op}{calls})", *named([*_made_of(row, shapes)]), ""]
        lines.extend(named([*self._figure_rows(units)]))
        if self.rules:
            lines.extend(["", "  how it is counted", *(f"    {rule}" for rule in self.rules)])
        lines.extend(share_lines(row, self.modules))
        for other in self.others:
            lines.extend(["", *other.lines(units, width)])
        return lines

    def _figure_rows(self, units: Units) -> Iterator[tuple[str, str]]:
        for size in self.sizes:
            yield size.name, size.text
        if not self.row.params:
            yield "params", "none"
        if self.row.macs is None:
            yield "MACs", f"unknown: there is no rule for {self.row.op}, or its shapes are only known in a run"
            yield from own_rule_line([UnknownOp(op=self.row.op, layer=self.row.layer, count=self.row.calls)])
        if self.row.macs == 0:
            yield "MACs", "none"
        for figure in self.figures:
            yield from figure_rows(figure, units)
            if figure.name == "params":
                yield from _of_params(self.row, units)
        yield from _sums(self.row, units)
        if self.field is not None:
            yield "receptive field", self.field.text
        if self.training is not None:
            yield from gradient_rows(self.row, self.training, units)


def explain_layer(profile: Profile, rows: Sequence[LayerRow], rules_of: Callable[[str], tuple[str, ...]],
                  around: tuple[ModuleRow, ...]) -> LayerExplanation:  # fmt: skip
    """Explanation of a layer.

    Args:
        profile: The weighed network.
        rows: The operators of the layer.
        rules_of: What the rules of an operator say, by its name.
        around: The modules around it, the network first.
    """
    row, *rest = rows
    trained = _training_row(profile, row)
    work = () if trained is None else figures_of(trained, TRAINING_FORMULA_FIELDS)
    return LayerExplanation(
        model=profile.model.name,
        row=row,
        sizes=sizes_of(row),
        figures=(*figures_of(row, FORMULA_FIELDS), *work),
        field=field_of(profile, row),
        rules=rules_of(row.op),
        modules=around,
        training=trained,
        others=tuple(explain_layer(profile, [other], rules_of, around) for other in rest),
    )


def _training_row(profile: Profile, row: LayerRow) -> TrainingRow | None:
    rows = () if profile.training is None else profile.training.layers
    return next((found for found in rows if (found.layer, found.op) == (row.layer, row.op)), None)


def _made_of(row: LayerRow, shapes: str) -> Iterator[tuple[str, str]]:
    yield "shapes", f"{shapes}, {row.dtype}"
    if settings := settings_text(row.settings):
        yield "settings", settings
    weights = [f"{name} {shape_text((shape,)) or 'a number'}" for name, shape in row.weight_shapes.items()]
    if weights:
        yield "weights", ", ".join(weights)


def _of_params(row: LayerRow, units: Units) -> Iterator[tuple[str, str]]:
    """Figures that follow from the parameters."""
    if row.params != row.params_no_bias:
        bias = row.params - row.params_no_bias
        yield "", f"{exact(row.params_no_bias, units=units)} without bias, {exact(bias, units=units)} of bias"
    if row.params and row.model_size_bytes:
        bits = 8 * row.model_size_bytes / row.params
        yield "size", f"{scaled(row.model_size_bytes, 'B', units=units)}: {bits:.3g} bits per parameter"


def _sums(row: LayerRow, units: Units) -> Iterator[tuple[str, str]]:
    """Figures that are sums of others."""
    if not row.ops_total:
        return
    name, value = ("FLOPs", row.flops) if row.flops else ("OPs", row.ops_total)
    macs = row.macs or 0
    other = value - 2 * macs
    parts = [f"2 * {exact(macs, units=units)} MACs"] * bool(macs) + [
        f"{exact(other, units=units)} other operations"
    ] * bool(other)
    yield name, exact(value, units=units) + (f" = {' + '.join(parts)}" if macs else "")
    traffic = (row.bytes_read or 0) + (row.bytes_written or 0)
    if traffic and row.flops:
        moved = exact(traffic, units=units)
        yield "intensity", f"{exact(row.flops, units=units)} / {moved} = {row.flops / traffic:.3g} FLOP per byte moved"
