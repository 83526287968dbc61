"""Patch-based inference as a user asks for it: a grid, a layer, a limit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from netweight.analysis.patching.peak import rule_for
from netweight.analysis.patching.search import Search
from netweight.analysis.patching.stage import Grid, Reach, Stage, shown
from netweight.analysis.patching.weighing import weigh_patches
from netweight.analysis.patching.work import macs_of
from netweight.errors import UsageError, unknown_name
from netweight.ir import Graph
from netweight.results.patches import Patches, PatchOption, PatchReport
from netweight.units import parse_bytes, whole

DEFAULT_CONVENTION = "mcunet-v2"
_FIX = "--patches 4x4@LAYER, 4x4, or auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A grid and where it ends.

    Attributes:
        text: As it was written.
        grid: Patches along each dimension of place; None for the best.
        layer: The last layer that runs patch by patch; empty for the best.
    """

    text: str
    grid: Grid | None
    layer: str


def parse_patches(text: str) -> Asked:
    """A grid and a layer from text.

    >>> parse_patches("4x4@features.4")
    Asked(text='4x4@features.4', grid=(4, 4), layer='features.4')

    Raises:
        UsageError: If it is neither a grid nor ``auto``.
    """
    sizes, at, layer = text.partition("@")
    if text == "auto":
        return Asked(text=text, grid=None, layer="")
    if not re.fullmatch(r"\d+(x\d+)*", sizes) or (at and not layer):
        raise UsageError(f"patches: expected a grid such as 4x4, perhaps with @LAYER, or auto, got {text!r}", fix=_FIX)
    grid = tuple([whole(size, "patches") for size in sizes.split("x")])
    if min(grid) < 1 or max(grid) == 1:
        raise UsageError(f"patches: expected at least two patches, got {text!r}", fix=_FIX)
    return Asked(text=text, grid=grid, layer=layer)


def parse_limit(limit: int | str | None) -> int | None:
    """Bytes of a limit.

    Raises:
        UsageError: If it is no size, or below 1.
    """
    found = parse_bytes(limit) if isinstance(limit, str) else limit
    if found is not None and found < 1:
        raise UsageError(f"limit: expected at least 1 byte, got {found}", fix="--limit 256KiB")
    return found


def stage_after(graph: Graph, layer: str) -> Stage:
    """The layers up to the last call of one, or up to the end of a module; ``"#33"`` for so many operators.

    Raises:
        UnknownNameError: If the network has no such layer.
        UsageError: If it does not have so many operators.
    """
    inside = [step for step, node in enumerate(graph.nodes) if node.layer == layer]
    inside = inside or [step for step, node in enumerate(graph.nodes) if node.layer.startswith(f"{layer}.")]
    if not inside and re.fullmatch(r"#\d+", layer):
        return _stage_of(graph, whole(layer[1:], "patches"))
    if not inside:
        layers = dict.fromkeys([node.layer for node in graph.nodes])
        modules = dict.fromkeys(["".join(path) for path in graph.modules])
        raise unknown_name("layer of the network", layer, (*layers, *modules), fix="netweight MODEL lists them")
    return _stage_of(graph, inside[-1] + 1)


def _stage_of(graph: Graph, end: int) -> Stage:
    if not 1 <= end <= len(graph.nodes):
        raise UsageError(f"patches: expected to end after 1 to {len(graph.nodes)} operators, got {end}")
    return Stage(reach=Reach(graph), end=end)


def spelled(graph: Graph, option: Patches | PatchOption) -> str:
    """Grid and layer as they can be asked for; an earlier call of a layer by its place."""
    last = stage_after(graph, option.layer).end
    return f"{shown(option.grid)}@{option.layer if last == option.end else f'#{option.end}'}"


def stage_and_grid(graph: Graph, text: str) -> tuple[Stage, Grid]:
    """What ``4x4@LAYER`` names in a network.

    Raises:
        UsageError: If the text names no grid or no layer.
    """
    asked = parse_patches(text)
    if asked.grid is None or not asked.layer:
        raise UsageError(f"patches: expected a grid and the layer where patches end, got {text!r}", fix="4x4@LAYER")
    return stage_after(graph, asked.layer), asked.grid


def patch_report(
    graph: Graph, text: str, *, conventions: Sequence[str], limit: int | None, streamed: bool, as_written: bool
) -> PatchReport:
    """The network with its first layers in patches: those that are asked for, or the best.

    Args:
        graph: The network.
        text: ``"4x4@LAYER"``, ``"4x4"`` for the best layer, ``"auto"`` for the best grid too.
        conventions: The first of them counts; ``mcunet-v2`` if there is none.
        limit: Peak that is low enough; by default the lowest is looked for.
        streamed: Whether inputs are in memory only as far as a patch reads them.
        as_written: Whether every operator is a step of its own.

    Raises:
        UsageError: If the text is none of these, the layers cannot run so, or the convention does not fit.
    """
    asked = parse_patches(text)
    name = next(iter(conventions), DEFAULT_CONVENTION)
    rule = rule_for(name, as_written=as_written)
    search = Search(graph=graph, rule=rule, streamed=streamed, grid=asked.grid)
    options: list[PatchOption] = []
    if asked.layer and asked.grid:
        stage, grid = stage_after(graph, asked.layer), asked.grid
    else:
        options = search.best(limit)
        if limit is not None and not (options and options[-1].peak_bytes <= limit):
            options = search.best()  # out of reach: the lowest peak there is
        if options:
            stage, grid = Stage(reach=Reach(graph), end=options[-1].end), options[-1].grid
    chosen = weigh_patches(stage, grid, rule=rule, streamed=streamed) if options or asked.layer else None
    before = search.before
    peak = before.nbytes if chosen is None else chosen.peak_bytes
    return PatchReport(
        asked=text,
        spelled="" if chosen is None else spelled(graph, chosen),
        convention=name,
        streamed=streamed,
        limit_bytes=limit,
        reached=limit is None or peak <= limit,
        chosen=chosen,
        options=tuple(options),
        refusals=search.refusals,
        macs=sum([macs_of(graph, node) for node in graph.nodes]),
        peak_bytes=before.nbytes,
        peak_layer=before.layer,
    )
