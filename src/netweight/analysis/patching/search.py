"""The best layer to stop at, and the best grid, for a limit of memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import le

from netweight.analysis.conventions import Convention
from netweight.analysis.patching.part import CutError
from netweight.analysis.patching.peak import inputs_beside, maps_of, peak_after, peak_before, peak_of_patch
from netweight.analysis.patching.pointwise import broadcast, same_part
from netweight.analysis.patching.rules import rule_of
from netweight.analysis.patching.stage import BEFORE_SPACE, Grid, Reach, Stage, patch_at
from netweight.analysis.patching.work import Strips, macs_in_grid, macs_of, strips, uncut
from netweight.ir import Graph
from netweight.results.patches import Moment, PatchOption

MOST_PATCHES = 8
"""Along one dimension, in a search."""
MOST_WORK = 2
"""A search goes no further than this many times the MACs of the network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A place where patches may end.

    Attributes:
        stage: The layers before it.
        refusal: Why those cannot run patch by patch; empty if they can.
    """

    stage: Stage
    refusal: str = ""


def split_points(graph: Graph) -> Iterator[Split]:
    """Every place where patches may end, in order, and those that an operator forbids.

    Where nothing but work on each element follows, such as batch normalisation and an activation function, it belongs
    to the patches: there is one place after it, none before.
    """
    reach = Reach(graph)
    inside = {step for first, last in graph.fused for step in range(first, last)}
    for end in range(1, len(graph.nodes)):
        stage = Stage(reach=reach, end=end)
        if end - 1 in inside or stage.graph.nodes[end - 1].outputs[0] not in stage.computed or _is_followed_up(stage):
            continue
        try:
            grid = tuple([min(2, size) for size in smallest_map(stage)])
            patch_at(stage, grid, tuple([count - 1 for count in grid]))
        except CutError as error:
            yield Split(stage=stage, refusal=error.message)
            continue
        yield Split(stage=stage)


def smallest_map(stage: Stage) -> tuple[int, ...]:
    """Along each dimension of place the positions of the result that has the fewest.

    Raises:
        CutError: If the results are no maps.
    """
    rank = stage.rank
    shapes = [stage.graph.spec(name).shape[BEFORE_SPACE:] for name in stage.results]
    return tuple([min([shape[dim] for shape in shapes]) for dim in range(rank)])


def _is_followed_up(stage: Stage) -> bool:
    """Whether the next node does work on each element of one result, and nothing else reads that."""
    node = stage.graph.nodes[stage.end]
    reads = [read for read in node.inputs if read in stage.computed]
    if rule_of(node.op) not in (broadcast, same_part) or len(reads) != 1 or reads[0] not in stage.results:
        return False
    same_size = stage.graph.spec(node.outputs[0]).shape == stage.graph.spec(reads[0]).shape
    return same_size and stage.reach.last_read[reads[0]] == stage.end


@dataclass(kw_only=True)
class Search:
    """Options in the order of their MACs.

    Attributes:
        graph: The network.
        rule: What is alive when.
        streamed: Whether inputs are in memory only as far as a patch reads them.
        grid: The only grid that is tried; None for those of ``families``.
        refusals: What forbids patches to end at a layer, as far as the search went.
    """

    graph: Graph
    rule: Convention
    streamed: bool = True
    grid: Grid | None = None
    refusals: dict[str, str] = field(default_factory=dict)

    @cached_property
    def before(self) -> Moment:
        """Peak of the network as it is."""
        return peak_before(self.graph, self.rule)

    def best(self, limit: int | None = None) -> list[PatchOption]:
        """Options with ever more MACs and ever lower peaks, all below that of the network as it is.

        Each is the cheapest that gets as low.

        Args:
            limit: Peak that is low enough; the search stops at the first option that has it.
        """
        found: list[PatchOption] = []
        lowest = self.before.nbytes
        for macs, stage, grid, after, along in sorted(self._candidates(lowest, limit), key=lambda each: each[0]):
            if max(after, self._beside(stage)) >= lowest:
                continue
            option = PatchOption(
                layer=stage.layer, end=stage.end, grid=grid, during_bytes=self._during(stage, grid, along),
                after_bytes=after, macs=macs,
            )  # fmt: skip
            if option.peak_bytes < lowest:
                found.append(option)
                lowest = option.peak_bytes
                if limit is not None and option.peak_bytes <= limit:
                    break
        return found

    def _beside(self, stage: Stage) -> int:
        """Bytes that are there while any patch runs."""
        return sum(maps_of(stage).values()) + sum(inputs_beside(stage, streamed=self.streamed).values())

    def _during(self, stage: Stage, grid: Grid, along: tuple[Strips, ...]) -> int:
        places = itertools.product(*[cut.widest for cut in along])
        found = (patch_at(stage, grid, place) for place in places)
        return max(peak_of_patch(stage, patch, self.rule, streamed=self.streamed).nbytes for patch in found)

    def _candidates(
        self, highest: int, limit: int | None
    ) -> Iterator[tuple[int, Stage, Grid, int, tuple[Strips, ...]]]:
        """MACs of the network, stage, grid, peak after it and strips along each dimension."""
        work = {step: macs for step, node in enumerate(self.graph.nodes) if (macs := macs_of(self.graph, node))}
        outdone = _Outdone(most=MOST_PATCHES if self.grid is None else max(self.grid))
        for split in split_points(self.graph):
            stage = split.stage
            if split.refusal:
                self.refusals.setdefault(stage.layer, split.refusal)
                continue
            after = peak_after(stage, self.rule, streamed=self.streamed).nbytes
            if (
                after >= highest
                or (limit is not None and after > limit)
                or outdone.by_an_earlier(stage, after, self._beside(stage))
            ):
                continue
            found, tried = self._affordable(stage, work)
            if tried and not found:
                return  # what comes later takes more
            yield from [(macs, stage, grid, after, along) for macs, grid, along in found]

    def _affordable(
        self, stage: Stage, work: Mapping[int, int]
    ) -> tuple[list[tuple[int, Grid, tuple[Strips, ...]]], bool]:
        """MACs of the network, grid and strips along each dimension, and whether any grid can be cut at all."""
        one = uncut(stage)
        everything = sum(work.values())
        outside = everything - sum([work.get(step, 0) for step in stage.steps])
        cuts = _Cuts(stage=stage, steps=tuple(one.macs))
        found, tried = [], False
        for family in self._families(stage):
            for grid in family:
                along = cuts.along(grid)
                if along is None:
                    continue
                tried = True
                macs = outside + macs_in_grid(one, along)
                if macs > MOST_WORK * everything:
                    break  # more patches take more
                found.append((macs, grid, along))
        return found, tried

    def _families(self, stage: Stage) -> Iterator[Sequence[Grid]]:
        places = smallest_map(stage)
        if self.grid is None:
            yield from families(places)
        elif len(self.grid) == len(places) and all(map(le, self.grid, places)):
            yield [self.grid]


@dataclass(kw_only=True)
class _Outdone:
    """Which places to end are no use, as an earlier one leaves no more memory after it and fills no larger maps.

    The patches of a later place have of every tensor at least what those of an earlier one have, and do its work too.
    """

    most: int
    known: list[tuple[int, int, tuple[int, ...]]] = field(default_factory=list)

    def by_an_earlier(self, stage: Stage, after: int, beside: int) -> bool:
        """Whether an earlier place is better than this one; if none is, this one is remembered."""
        places = tuple([min(size, self.most) for size in smallest_map(stage)])
        for other_after, other_beside, other_places in self.known:
            as_fine = len(places) == len(other_places) and all(map(le, places, other_places))
            if other_after <= after and other_beside <= beside and as_fine:
                return True
        self.known.append((after, beside, places))
        return False


def families(places: tuple[int, ...]) -> Iterator[Sequence[Grid]]:
    """Grids that a search tries, ever more patches: as many along each dimension, and strips along one.

    >>> list(families((3, 2)))
    [[(2, 2)], [(2, 1), (3, 1)], [(1, 2)]]
    """
    counts = range(2, MOST_PATCHES + 1)
    rank = len(places)
    if rank > 1:
        yield [(count,) * rank for count in counts if count <= min(places)]
    for dim, size in enumerate(places):
        yield [tuple([count if at == dim else 1 for at in range(rank)]) for count in counts if count <= size]


@dataclass(kw_only=True)
class _Cuts:
    """Strips of one stage, each found once."""

    stage: Stage
    steps: tuple[int, ...]
    known: dict[tuple[int, int], Strips | None] = field(default_factory=dict)

    def along(self, grid: Grid) -> tuple[Strips, ...] | None:
        """Strips along each dimension of a grid; None if an operator refuses some."""
        found = [self._strips(dim, count) for dim, count in enumerate(grid)]
        there = [cut for cut in found if cut is not None]
        return tuple(there) if len(there) == len(found) else None

    def _strips(self, dim: int, count: int) -> Strips | None:
        if (dim, count) not in self.known:
            try:
                self.known[dim, count] = strips(self.stage, dim, count, self.steps)
            except CutError:
                self.known[dim, count] = None
        return self.known[dim, count]


def best_patches(graph: Graph, limit: int, *, rule: Convention, streamed: bool = True) -> PatchOption | None:
    """The split and grid with the fewest MACs whose peak is within a limit; None if a search finds none.

    Args:
        graph: The network.
        limit: Bytes.
        rule: What is alive when, as ``rule_for`` gives it.
        streamed: Whether inputs are in memory only as far as a patch reads them; else they are there whole.
    """
    options = Search(graph=graph, rule=rule, streamed=streamed).best(limit)
    return options[-1] if options and options[-1].peak_bytes <= limit else None
