"""What it costs, and saves, to run the first layers of a network patch by patch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Where the most bytes are alive.

    Attributes:
        nbytes: How many.
        layer: The layer that runs then; empty if none does.
        tensors: Names and bytes of what is alive.
    """

    nbytes: int
    layer: str
    tensors: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchedTensor:
    """A tensor that patches have parts of.

    Attributes:
        name: The value.
        layer: The layer that writes it; of an input its name.
        shape: All of it.
        part: The largest part of it that a patch has, halo included.
        share: The largest part without a halo: what each patch would have if none were computed twice.
        macs_before: MACs of the call that writes it, on the whole.
        macs_after: The same, all patches together.
    """

    name: str
    layer: str
    shape: tuple[int, ...]
    part: tuple[int, ...]
    share: tuple[int, ...]
    macs_before: int
    macs_after: int

    @property
    def overlap(self) -> tuple[int, ...]:
        """Positions of the part beyond its share, along each dimension."""
        return tuple([part - share for part, share in zip(self.part, self.share, strict=True)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Patches:
    """A network whose layers up to one run patch by patch.

    Attributes:
        model: Name of the network.
        layer: Last layer that runs so.
        end: Number of its nodes that do.
        grid: Patches along each dimension of place.
        streamed: Whether inputs are in memory only as far as a patch reads them; else they are there whole.
        tensors: What patches have of the inputs and of what each call writes, in order.
        results: Names of what the patches fill.
        before: Peak of the network as it is.
        during: Peak while patches run.
        after: Peak of what runs after them.
        macs_before: MACs of the network as it is.
        macs_after: MACs with patches.
        notes: What a reader should know.
    """

    model: str
    layer: str
    end: int
    grid: tuple[int, ...]
    streamed: bool
    tensors: tuple[PatchedTensor, ...]
    results: tuple[str, ...]
    before: Moment
    during: Moment
    after: Moment
    macs_before: int
    macs_after: int
    notes: tuple[str, ...] = ()

    @property
    def peak(self) -> Moment:
        """The higher of the peaks during and after the patches."""
        return max(self.during, self.after, key=lambda moment: moment.nbytes)

    @property
    def peak_bytes(self) -> int:
        """Bytes of the peak."""
        return self.peak.nbytes

    @property
    def recomputed_macs(self) -> int:
        """MACs beyond those of the network as it is: overlaps of patches, computed again."""
        return self.macs_after - self.macs_before

    @property
    def raises_peak(self) -> bool:
        """Whether the peak is higher than without patches."""
        return self.peak_bytes > self.before.nbytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchOption:
    """A split and a grid with its figures.

    Attributes:
        layer: Last layer that runs patch by patch.
        end: Number of nodes that do.
        grid: Patches along each dimension of place.
        during_bytes: Peak while patches run.
        after_bytes: Peak after them.
        macs: MACs of the network with patches.
    """

    layer: str
    end: int
    grid: tuple[int, ...]
    during_bytes: int
    after_bytes: int
    macs: int

    @property
    def peak_bytes(self) -> int:
        """The higher of both peaks."""
        return max(self.during_bytes, self.after_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchReport:
    """What was asked about patches, and what came out.

    Attributes:
        asked: Grid and layer as they were asked for: ``"4x4@features.4"``, ``"auto"``.
        spelled: What was chosen, as it can be asked for; empty if nothing was.
        convention: What counts as alive.
        streamed: Whether inputs are in memory only as far as a patch reads them; else they are there whole.
        limit_bytes: Peak that was to be reached; None if the lowest was asked for.
        reached: Whether it is; True where none was asked for.
        chosen: The network in patches; None if no split lowers the peak.
        options: Splits and grids with ever more MACs and ever lower peaks; none where a layer was asked for.
        refusals: By layer why patches cannot end there or later.
        macs: MACs of the network as it is.
        peak_bytes: Its peak.
        peak_layer: The layer that has it.
    """

    asked: str
    spelled: str
    convention: str
    streamed: bool
    limit_bytes: int | None = None
    reached: bool = True
    chosen: Patches | None = None
    options: tuple[PatchOption, ...] = ()
    refusals: Mapping[str, str] = field(default_factory=dict)
    macs: int = 0
    peak_bytes: int = 0
    peak_layer: str = ""
