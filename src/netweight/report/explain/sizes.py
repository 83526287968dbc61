"""Output sizes of a layer, derived with its own numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from netweight.results.profile import LayerRow

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """One size of the output.

    Attributes:
        name: What it measures: ``"height"``; ``"height and width"`` where both follow from the same numbers.
        formula: How it follows from the input and the settings; empty where it was asked for.
        value: The size.
        note: What the formula does not say.
    """

    name: str
    formula: str
    value: int
    note: str = ""

    @property
    def text(self) -> str:
        """``floor((224 + 2*2 - 11) / 4) + 1 = 55``."""
        derived = f"{self.formula} = {self.value}" if self.formula else str(self.value)
        return f"{derived}; {self.note}" if self.note else derived


def sizes_of(row: LayerRow) -> tuple[Size, ...]:
    """Sizes of the first output that follow from settings; none where the operator keeps the sizes of its input."""
    rule = _RULES.get(row.op)
    x = row.weight_shapes.get("x") or (row.input_shapes[0] if row.input_shapes else ())
    if rule is None or not x or not row.output_shapes:
        return ()
    return tuple(_joined(list(rule(row, x, row.output_shapes[0]))))


def _joined(sizes: Sequence[Size]) -> Iterator[Size]:
    """Neighbours that follow from the same numbers as one."""
    at = 0
    while at < len(sizes):
        first, names = sizes[at], [sizes[at].name]
        while at + 1 < len(sizes) and _same(sizes[at + 1], first):
            at += 1
            names.append(sizes[at].name)
        at += 1
        text = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
        yield Size(name=text, formula=first.formula, value=first.value, note=first.note)


def _same(one: Size, other: Size) -> bool:
    return (one.formula, one.value, one.note) == (other.formula, other.value, other.note)


def _names(count: int) -> Sequence[str]:
    """What the last dimensions are called."""
    known = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
    return known.get(count) or [f"size {at + 1}" for at in range(count)]


def _spatial(row: LayerRow, x: Shape, y: Shape, setting: str) -> Iterator[tuple[int, str, int, int]]:
    """Number, name, input size and output size of each windowed dimension."""
    count = len(row.settings[setting])
    for at, name in enumerate(_names(count)):
        yield at, name, x[len(x) - count + at], y[len(y) - count + at] if len(y) >= count else 0


def _windows(row: LayerRow, x: Shape, y: Shape) -> Iterator[Size]:
    """floor((size + padding - span) / stride) + 1."""
    given = row.settings
    for at, name, size, value in _spatial(row, x, y, "kernel_size"):
        padding = given["padding"][at] if "padding" in given else (0, 0)
        yield _window(
            name, size, value, kernel=given["kernel_size"][at], stride=given["stride"][at], padding=padding,
            dilation=given["dilation"][at] if "dilation" in given else 1, ceil=bool(given.get("ceil_mode")),
        )  # fmt: skip


def _window(
    name: str, size: int, value: int, *, kernel: int, stride: int, padding: Shape, dilation: int, ceil: bool
) -> Size:
    span = kernel if dilation == 1 else dilation * (kernel - 1) + 1
    reach = str(kernel) if dilation == 1 else f"({dilation}*({kernel} - 1) + 1)"
    round_as = "ceil" if ceil else "floor"
    formula = f"{round_as}(({size}{_added(padding)} - {reach}) / {stride}) + 1"
    room = size + sum(padding) - span
    count = -(-room // stride) + 1 if ceil else room // stride + 1
    if count == value + 1:
        return Size(name=name, formula=f"{formula} - 1", value=value, note="a last window would start in the padding")
    return Size(name=name, formula=formula, value=value)


def _added(padding: Shape) -> str:
    """`` + 2*1`` for one on both sides, `` + 0 + 1`` where they differ, nothing for none."""
    before, after = padding
    if before == after:
        return f" + 2*{before}" if before else ""
    return f" + {before} + {after}"


def _unfolded(row: LayerRow, x: Shape, y: Shape) -> Iterator[Size]:
    """A channel per element of the window, and a position per window."""
    kernel = row.settings["kernel_size"]
    yield Size(name="channels", formula=" * ".join(map(str, (x[1], *kernel))), value=y[1])
    yield from _windows(row, x, y)


def _transposed(row: LayerRow, x: Shape, y: Shape) -> Iterator[Size]:
    """(size - 1) * stride + span - padding + output_padding."""
    given = row.settings
    for at, name, size, value in _spatial(row, x, y, "kernel_size"):
        kernel, dilation = given["kernel_size"][at], given["dilation"][at]
        reach = str(kernel) if dilation == 1 else f"({dilation}*({kernel} - 1) + 1)"
        cut = _added(given["padding"][at]).replace("+", "-")
        more = f" + {extra}" if (extra := given["output_padding"][at]) else ""
        yield Size(name=name, formula=f"({size} - 1) * {given['stride'][at]} + {reach}{cut}{more}", value=value)


def _adaptive(row: LayerRow, x: Shape, y: Shape) -> Iterator[Size]:
    """The size asked for, and the windows that follow from it."""
    for _, name, size, value in _spatial(row, x, y, "output_size"):
        if size % value:
            widths = sorted({-(-(at + 1) * size // value) - at * size // value for at in range(value)})
            note = f"asked for; windows of {' or '.join(map(str, widths))} of {size} elements"
        else:
            note = f"asked for; windows of {size} / {value} = {size // value} elements"
        yield Size(name=name, formula="", value=value, note=note)


def _asked(setting: str) -> Callable[[LayerRow, Shape, Shape], Iterator[Size]]:
    def rule(row: LayerRow, x: Shape, y: Shape) -> Iterator[Size]:
        for _, name, size, value in _spatial(row, x, y, setting):
            yield Size(name=name, formula="", value=value, note=f"asked for; it was {size}")

    return rule


def _resized(row: LayerRow, x: Shape, y: Shape) -> Iterator[Size]:
    scale = row.settings.get("scale")
    for at, name, size, value in _spatial(row, x, y, "size"):
        factor = scale[at] if scale else None
        if factor is not None and math.floor(size * factor) == value:
            yield Size(name=name, formula=f"floor({size} * {factor:g})", value=value)
        elif value % size == 0:
            yield Size(name=name, formula=f"{size} * {value // size}", value=value)
        else:
            yield Size(name=name, formula="", value=value, note=f"asked for; it was {size}")


def _padded(row: LayerRow, x: Shape, y: Shape) -> Iterator[Size]:
    for at, (before, after) in enumerate(row.settings["padding"]):
        if before or after:
            formula = f"{x[at]} + {before} + {after}".replace("+ -", "- ")
            yield Size(name=_dim_name(at, len(y)), formula=formula, value=y[at])


def _concatenated(row: LayerRow, _x: Shape, y: Shape) -> Iterator[Size]:
    dim = row.settings["dim"]
    shapes = (*row.input_shapes, *row.weight_shapes.values())
    parts = [shape[dim] for shape in shapes]
    if len(parts) > 1 and sum(parts) == y[dim]:
        yield Size(name=_dim_name(dim, len(y)), formula=" + ".join(map(str, parts)), value=y[dim])


def _sliced(row: LayerRow, _x: Shape, y: Shape) -> Iterator[Size]:
    given = row.settings
    dim, start, stop, step = (given[name] for name in ("dim", "start", "stop", "step"))
    formula = f"{stop} - {start}" if step == 1 else f"ceil(({stop} - {start}) / {step})"
    yield Size(name=_dim_name(dim, len(y)), formula=formula, value=y[dim])


def _dim_name(dim: int, rank: int) -> str:
    """What a dimension of an image is called; its number for others."""
    at = dim % rank
    if rank == 4:
        return ("samples", "channels", "height", "width")[at]
    return f"dimension {at}"


def _reshaped(_row: LayerRow, x: Shape, y: Shape) -> Iterator[Size]:
    """Dimensions that merge into one: a flattening."""
    head = 0
    while head < min(len(x), len(y)) and x[head] == y[head]:
        head += 1
    tail = 0
    while tail < min(len(x), len(y)) - head and x[-1 - tail] == y[-1 - tail]:
        tail += 1
    merged, made = x[head : len(x) - tail], y[head : len(y) - tail]
    if len(made) == 1 and len(merged) > 1:
        name = "features" if len(y) == 2 and head == 1 else f"dimension {head}"
        yield Size(name=name, formula=" * ".join(map(str, merged)), value=made[0])


def _multiplied(row: LayerRow, x: Shape, y: Shape) -> Iterator[Size]:
    """Channels are folded into pixels."""
    factor = row.settings["upscale_factor"]
    yield Size(name="channels", formula=f"{x[-3]} / {factor}^2", value=y[-3])
    for at, name in ((-2, "height"), (-1, "width")):
        yield Size(name=name, formula=f"{x[at]} * {factor}", value=y[at])


def _divided(row: LayerRow, x: Shape, y: Shape) -> Iterator[Size]:
    factor = row.settings["downscale_factor"]
    yield Size(name="channels", formula=f"{x[-3]} * {factor}^2", value=y[-3])
    for at, name in ((-2, "height"), (-1, "width")):
        yield Size(name=name, formula=f"{x[at]} / {factor}", value=y[at])


def _linear(row: LayerRow, _x: Shape, y: Shape) -> Iterator[Size]:
    if "weight" in row.weight_shapes:
        rows, inputs = row.weight_shapes["weight"]
        yield Size(name="features", formula="", value=y[-1], note=f"rows of the {rows}x{inputs} weight")


_WINDOWED = ("conv", "integer_conv", "deform_conv", "max_pool", "min_pool", "avg_pool", "lp_pool",
             "max_pool_with_indices")  # fmt: skip

_RULES: Mapping[str, Callable[[LayerRow, Shape, Shape], Iterator[Size]]] = {
    **dict.fromkeys(_WINDOWED, _windows),
    "conv_transpose": _transposed,
    "unfold": _unfolded,
    "fold": _asked("output_size"),
    "max_unpool": _asked("output_size"),
    **dict.fromkeys(("adaptive_avg_pool", "adaptive_max_pool"), _adaptive),
    "resize": _resized,
    "pad": _padded,
    "concat": _concatenated,
    "slice": _sliced,
    "reshape": _reshaped,
    "pixel_shuffle": _multiplied,
    "pixel_unshuffle": _divided,
    "linear": _linear,
}
