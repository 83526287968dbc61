"""What a network costs whose first layers run patch by patch: the figures of one split and one grid."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from netweight.analysis.conventions import Convention
from netweight.analysis.patching.box import partition, sizes
from netweight.analysis.patching.peak import peak_after, peak_before, peak_of_patch
from netweight.analysis.patching.stage import Grid, Patch, Stage, patches
from netweight.analysis.patching.work import macs_of, macs_on_part
from netweight.errors import UsageError
from netweight.results.patches import PatchedTensor, Patches


def weigh_patches(stage: Stage, grid: Grid, *, rule: Convention, streamed: bool = True) -> Patches:
    """Peaks and MACs with a stage in patches, and without.

    Args:
        stage: The layers that run patch by patch.
        grid: Patches along each dimension of place.
        rule: What is alive when.
        streamed: Whether inputs are in memory only as far as a patch reads them.

    Raises:
        CutError: If an operator of the stage cannot work on patches, or the grid does not fit.
        UsageError: If there is one patch alone.
    """
    if math.prod(grid) == 1:
        raise UsageError("patches: expected at least two patches, got one", fix="2x2")
    graph = stage.graph
    found = list(patches(stage, grid))
    tensors = tuple(_tensors(stage, found, grid))
    outside = sum([macs_of(graph, node) for step, node in enumerate(graph.nodes) if step not in set(stage.steps)])
    peaks = [peak_of_patch(stage, patch, rule, streamed=streamed) for patch in found]
    return Patches(
        model=graph.name,
        layer=stage.layer,
        end=stage.end,
        grid=grid,
        streamed=streamed,
        tensors=tensors,
        results=stage.results,
        before=peak_before(graph, rule),
        during=max(peaks, key=lambda moment: moment.nbytes),
        after=peak_after(stage, rule, streamed=streamed),
        macs_before=sum([macs_of(graph, node) for node in graph.nodes]),
        macs_after=outside + sum([tensor.macs_after for tensor in tensors]),
        notes=tuple(_notes(tensors)),
    )


def _notes(tensors: Sequence[PatchedTensor]) -> Iterator[str]:
    """What is to be said of tensors that patches do not share out."""
    whole = [tensor for tensor in tensors if tensor.part == tensor.shape != tensor.share]
    if whole:
        yield f"a patch has all of {whole[-1].name}: only what comes after it is shared out"


def _tensors(stage: Stage, found: Sequence[Patch], grid: Grid) -> Iterator[PatchedTensor]:
    graph = stage.graph
    for name in graph.inputs:
        if any(name in patch.held for patch in found):
            yield _tensor(stage, name, name, found, grid, (0, 0))
    for step in stage.steps:
        node = graph.nodes[step]
        parts = [patch.parts[step] for patch in found if step in patch.parts]
        for index, name in enumerate(node.outputs if parts else ()):
            work = (macs_of(graph, node), sum([macs_on_part(graph, node, part) for part in parts]))
            yield _tensor(stage, name, node.layer, found, grid, (0, 0) if index else work)


def _tensor(
    stage: Stage, name: str, layer: str, found: Sequence[Patch], grid: Grid, work: tuple[int, int]
) -> PatchedTensor:
    shape = stage.graph.spec(name).shape
    parts = [sizes(patch.held[name]) for patch in found if name in patch.held]
    lead = len(shape) - len(grid)
    shares = [
        max([part.size for part in partition(size, min(count, size))])
        for size, count in zip(shape[lead:], grid, strict=True)
    ]
    return PatchedTensor(
        name=name, layer=layer, shape=shape, part=tuple(map(max, zip(*parts, strict=True))),
        share=(*shape[:lead], *shares), macs_before=work[0], macs_after=work[1],
    )  # fmt: skip
