"""Why a layer costs what it costs: every figure with the numbers it was made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from netweight.count import formula, named_formula
from netweight.errors import unknown_name
from netweight.results.profile import FORMULA_FIELDS, LayerRow, ModuleRow, Profile
from netweight.results.training import TRAINING_FORMULA_FIELDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of a layer.

    Attributes:
        name: Field of the profile.
        value: The number.
        formula: The arithmetic; evaluating it gives ``value``.
        named: The same with the name of each factor.
    """

    name: str
    value: int
    formula: str
    named: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerExplanation:
    """Why a layer costs what it costs.

    Attributes:
        model: Name of the network.
        row: The layer.
        figures: Its figures that are not zero.
        rules: What the operator's rules say, in words.
        modules: Sums of the modules around it, the network first.
    """

    model: str
    row: LayerRow
    figures: tuple[Figure, ...]
    rules: tuple[str, ...]
    modules: tuple[ModuleRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleExplanation:
    """What a module costs, and where.

    Attributes:
        model: Name of the network.
        row: The module.
        layers: The layers below it.
        children: The modules in it, those in them left out.
        modules: Sums of the modules around it, the network first.
    """

    model: str
    row: ModuleRow
    layers: tuple[LayerRow, ...]
    children: tuple[ModuleRow, ...]
    modules: tuple[ModuleRow, ...]


Explanation: TypeAlias = LayerExplanation | ModuleExplanation


def explain_layer(profile: Profile, name: str, rules_of: Callable[[str], tuple[str, ...]]) -> Explanation:
    """Explanation of a layer or module.

    Args:
        profile: The weighed network.
        name: Path of a layer or module.
        rules_of: What the rules of an operator say, by its name.

    Raises:
        UnknownNameError: If the network has no such layer.
    """
    modules = {row.module: row for row in profile.modules}
    around = tuple(modules[path] for path in _ancestors(name) if path in modules)
    for row in profile.layers:
        if row.layer == name:
            return LayerExplanation(
                model=profile.model.name,
                row=row,
                figures=(*_figures(row, FORMULA_FIELDS), *_training_figures(profile, row)),
                rules=rules_of(row.op),
                modules=around,
            )
    if name not in modules:
        known = [*(row.layer for row in profile.layers), *filter(None, modules)]
        raise unknown_name(
            f"layer of {profile.model.name}", name, known, fix=f"its first layers: {', '.join(known[:5])}"
        )
    return ModuleExplanation(
        model=profile.model.name,
        row=modules[name],
        layers=tuple(row for row in profile.layers if row.layer.startswith(f"{name}.")),
        children=tuple(row for path, row in modules.items() if path and path.rpartition(".")[0] == name),
        modules=around,
    )


def _ancestors(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:depth]) for depth in range(len(parts))]


def _training_figures(profile: Profile, row: LayerRow) -> list[Figure]:
    """Figures of a training step, if it was weighed."""
    rows = () if profile.training is None else profile.training.layers
    same = next((found for found in rows if (found.layer, found.op) == (row.layer, row.op)), None)
    return [] if same is None else _figures(same, TRAINING_FORMULA_FIELDS)


def _figures(row: object, names: tuple[str, ...]) -> list[Figure]:
    named = ((name, getattr(row, name)) for name in names)
    return [
        Figure(name=name, value=int(value), formula=formula(value), named=named_formula(value))
        for name, value in named
        if value
    ]
