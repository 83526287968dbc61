"""The same network at other bit widths.

A setting is ``8`` (weights and activations), ``w4``, ``w8a8`` or ``w4a16g32``: weights, activations, and how many
weights share a 16-bit scale. Several settings go to layers by pattern: ``conv*=8,fc*=w4``; the last that matches wins.
Widths of 16, 32 and 64 are floating point; all others are integers, which do OPs, not FLOPs.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from netweight.errors import UsageError
from netweight.ir import Graph, Quantization, TensorSpec, Value, bits_of, is_floating
from netweight.units import amount, whole

_FLOATING = (16, 32, 64)


@dataclass(frozen=True, slots=True, kw_only=True)
class BitWidths:
    """Widths for the layers that match a pattern.

    Attributes:
        pattern: Glob over layer paths.
        weight: Bits of a parameter, None to leave it.
        activation: Bits of an activation that the layer reads, None to leave it.
        group_size: Parameters that share a scale, None for no scales.
    """

    pattern: str = "*"
    weight: int | None = None
    activation: int | None = None
    group_size: int | None = None


def parse_bits(text: str) -> tuple[BitWidths, ...]:
    """Widths from text.

    >>> parse_bits("conv*=8")
    (BitWidths(pattern='conv*', weight=8, activation=8, group_size=None),)

    Raises:
        UsageError: If the text is not a setting, or a width is outside 1 to 64.
    """
    return tuple(_parse_one(part.strip()) for part in text.split(","))


def _parse_one(part: str) -> BitWidths:
    pattern, equals, setting = part.rpartition("=")
    match = re.fullmatch(r"(\d+)|(?=.)(?:w(\d+))?(?:a(\d+))?(?:g(\d+))?", setting)
    if match is None or (equals and not pattern):
        raise UsageError(
            f"bits: expected 8, w8a8, w4g32 or PATTERN=SETTING, got {part!r}", fix="--bits 'conv*=8,fc*=w4'"
        )
    both, weight, activation, group = match.groups()
    widths = [None if number is None else whole(number, "bits") for number in (both or weight, both or activation)]
    for width in widths:
        if width is not None and not 1 <= width <= 64:
            raise UsageError(f"bits: expected a width from 1 to 64, got {width} in {part!r}")
    size = None if group is None else whole(group, "bits")
    if size is not None and size < 1:
        raise UsageError(f"bits: expected a group of at least 1 weight, got {group} in {part!r}")
    return BitWidths(pattern=pattern or "*", weight=widths[0], activation=widths[1], group_size=size)


def with_bits(graph: Graph, settings: Iterable[BitWidths]) -> Graph:
    """The graph with parameters and activations of matching layers at the given widths.

    A value takes the narrowest width that the layers reading it ask for; an output nobody reads, that of its writer.
    Only floating values change: indices and masks stay what they are.

    Raises:
        UsageError: If a pattern matches no layer.
    """
    chosen = tuple(settings)
    unused = {setting.pattern for setting in chosen}
    widths: dict[str, tuple[int, int | None]] = {}
    for node in graph.nodes:
        setting = _setting_of(node.layer, chosen)
        if setting is None:
            continue
        unused.discard(setting.pattern)
        for name in node.inputs:
            if name is not None:
                _narrow(widths, graph.values[name], setting)
        for name in set(node.outputs) & set(graph.outputs):
            _narrow(widths, graph.values[name], setting)
    if unused:
        raise UsageError(f"bits: expected patterns that match a layer, got {', '.join(sorted(unused))}")
    values = {name: _at_width(value, widths.get(name)) for name, value in graph.values.items()}
    unread = []
    for value in graph.unread:
        setting = _setting_of(value.name.rpartition(".")[0], chosen)
        bits = None if setting is None or setting.weight is None else (setting.weight, setting.group_size)
        unread.append(_at_width(value, bits))
    return replace(graph, values=values, unread=tuple(unread))


def note_on_vectors(before: Graph, after: Graph) -> Iterator[str]:
    """A note on biases and normalisations that became integers too: most tools leave them in floating numbers."""
    narrowed = [
        value
        for value in before.values.values()
        if value.kind == "parameter"
        and len(value.spec.shape) == 1
        and is_floating(value.spec.dtype)
        and not is_floating(after.spec(value.name).dtype)
    ]
    if narrowed:
        yield (
            f"biases, scales and shifts have the widths that were asked for, as weights have: "
            f"{amount(sum(value.elements for value in narrowed), 'parameter')} in "
            f"{amount(len(narrowed), 'tensor')} of one dimension, which most tools leave in floating numbers"
        )


def _setting_of(layer: str, chosen: tuple[BitWidths, ...]) -> BitWidths | None:
    """The last setting whose pattern matches a layer."""
    return next((s for s in reversed(chosen) if fnmatch.fnmatchcase(layer, s.pattern)), None)


def _narrow(widths: dict[str, tuple[int, int | None]], value: Value, setting: BitWidths) -> None:
    learned = value.kind == "parameter"
    bits = setting.weight if learned else setting.activation
    if bits is None:
        return
    group = setting.group_size if learned else None
    if value.name not in widths or bits < widths[value.name][0]:
        widths[value.name] = bits, group


def _at_width(value: Value, width: tuple[int, int | None] | None) -> Value:
    if width is None or not is_floating(value.spec.dtype) or value.kind == "constant":
        return value
    bits, group = width
    dtype = value.spec.dtype
    if bits != bits_of(dtype):
        dtype = f"float{bits}" if bits in _FLOATING else f"int{bits}"
    quantization = value.quantization if group is None else Quantization(group_size=group)
    return replace(value, spec=TensorSpec(value.spec.shape, dtype), quantization=quantization, stored=None)
