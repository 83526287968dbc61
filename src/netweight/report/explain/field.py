"""Receptive field of a layer beside the picture that it looks at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from netweight.results.profile import LayerRow, Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What one position of the output depends on.

    Attributes:
        theoretical: Positions per spatial dimension if the input went on for ever, padding included.
        input_size: Spatial sizes of the input.
    """

    theoretical: tuple[int, ...]
    input_size: tuple[int, ...]

    @property
    def inside(self) -> tuple[int, ...]:
        """Positions per spatial dimension that the input has of them."""
        return tuple(min(pair) for pair in zip(self.theoretical, self.input_size, strict=True))

    @property
    def text(self) -> str:
        """One sentence."""
        whole = _by(self.input_size)
        if self.inside == self.theoretical:
            return f"one output position depends on {_by(self.inside)} of the input's {whole} positions"
        sees = "all" if self.inside == self.input_size else f"{_by(self.inside)}"
        return (
            f"one output position depends on {sees} of the input's {whole} positions "
            f"({_by(self.theoretical)} in theory: the rest is padding)"
        )


def field_of(profile: Profile, row: LayerRow) -> Field | None:
    """The field of a layer; None where no spatial input reaches it."""
    found = row.receptive_field
    if not found:
        return None
    channels = _channels(profile)
    shapes = [info.shape for info in profile.model.inputs if len(info.shape) == len(found) + 2]
    sizes = [_picture(shape, channels) for shape in shapes]
    if not sizes:
        return None
    largest = tuple(max(along) for along in zip(*sizes, strict=True))
    return Field(theoretical=tuple(found), input_size=largest)


def _channels(profile: Profile) -> int:
    """Channels that the first window sees; 0 if there is none."""
    first = next((row for row in profile.layers if row.kind in ("conv", "pool") and row.input_shapes), None)
    return 0 if first is None or len(first.input_shapes[0]) < 2 else first.input_shapes[0][1]


def _picture(shape: tuple[int, ...], channels: int) -> tuple[int, ...]:
    """Spatial sizes of an input: behind its channels, or before them where those that windows see come last."""
    return shape[1:-1] if shape[1] != channels == shape[-1] else shape[2:]


def _by(sizes: Iterable[int]) -> str:
    return "x".join(map(str, sizes))
