"""What a module costs, and where."""

from __future__ import annotations

from dataclasses import dataclass, replace

from netweight.report.explain.shares import share_lines
from netweight.report.explain.shown import Explanation, noun
from netweight.report.table import Options, table_of
from netweight.report.terminal import table_lines
from netweight.results.profile import LayerRow, Layers, ModuleRow, Modules, Profile
from netweight.units import Units

_COLUMNS = ("op", "params", "macs", "flops", "activations", "size", "read", "written")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ModuleExplanation(Explanation):
    """What a module costs, and where.

    Attributes:
        model: Name of the network.
        row: The module.
        layers: The layers below it.
        children: The modules in it, those in them left out.
        modules: Sums of the modules around it, the network first.
        part: The module as a profile of its own.
    """

    model: str
    row: ModuleRow
    layers: tuple[LayerRow, ...]
    children: tuple[ModuleRow, ...]
    modules: tuple[ModuleRow, ...]
    part: Profile

    def lines(self, units: Units, width: int | None) -> list[str]:
        """The table of its layers, repeats folded, and its shares of what is around."""
        own = self.row
        lines = [f"{self.model}: {own.module} ({own.kind or 'module'}, {noun(own.layers, 'layer')})", ""]
        table = table_of(self.part, Options(columns=_COLUMNS, units=units))
        shown = list(table_lines(table, None if width is None else width - 2))[: len(table.tree) + 2]
        lines.extend(f"  {line.text}" for line in shown)
        if table.joined:
            lines.append(f"  +N: {noun(table.joined, 'layer')} without MACs, summed into lines beside them")
        return [*lines, *share_lines(own, self.modules)]


def explain_module(profile: Profile, name: str, around: tuple[ModuleRow, ...]) -> ModuleExplanation:
    """Explanation of a module.

    Args:
        profile: The weighed network.
        name: Path of the module.
        around: The modules around it, the network first.
    """
    start = f"{name}."
    layers = [row for row in profile.layers if row.layer.startswith(start)]
    inside = [row for row in profile.modules if row.module.startswith(start)]
    shortened = Layers(replace(row, layer=row.layer.removeprefix(start)) for row in layers)
    parts = Modules(replace(row, module=row.module.removeprefix(start)) for row in inside)
    return ModuleExplanation(
        model=profile.model.name,
        row=profile.modules[name],
        layers=tuple(layers),
        children=tuple(row for row in inside if row.module.rpartition(".")[0] == name),
        modules=around,
        part=replace(profile, layers=shortened, modules=parts, training=None, notes=()),
    )
