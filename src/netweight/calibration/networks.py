"""The networks that a calibration measures: every class of operators over its range of sizes.

Kernels follow one another as in real networks, and some networks have more weights than a cache holds. None of them is
a network that anybody publishes: sizes are spread evenly over logarithms, by a sequence of little discrepancy instead
of a generator, so that they are the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from netweight import build
from netweight.build import Symbol
from netweight.ir import Graph, TensorSpec

_MOST_MACS = 250e6
Chain = tuple[TensorSpec, Callable[[Symbol], Symbol]]
"""What goes in, and what is done with it."""


def calibration_networks() -> tuple[Graph, ...]:
    """All of them, by families of layers; each has several chains of layers that read inputs of their own."""
    families = {
        "residual": _residual(), "narrow": _narrow(), "separable": _separable(), "stems": _stems(),
        "joined": _joined(), "plain": _plain(), "odd": _odd(), "dense": _dense(512, 4096),
        "dense-cached": _dense(128, 1024),
        "encoders-28": _encoders(28, 0), "encoders-70": _encoders(70, 4), "encoders-190": _encoders(190, 2),
        "recurrent": _recurrent(),
    }  # fmt: skip
    return tuple(_network(name, list(chains)) for name, chains in families.items())


def _network(name: str, chains: list[Chain]) -> Graph:
    def describe(*xs: Symbol) -> tuple[Symbol, ...]:
        made = []
        for at, (x, (_, chain)) in enumerate(zip(xs, chains, strict=True)):
            with build.scope(x, f"chain{at}", "Chain"):
                made.append(chain(x))
        return tuple(reversed(made))  # OpenVINO begins with what makes the last output

    return build.graph(describe, *(spec for spec, _ in chains), name=f"calibration-{name}")


def spread(at: int, base: int, low: float, high: float) -> float:
    """Number ``at`` of a sequence that fills the range evenly on a logarithmic scale.

    The digits of ``at`` in a base, reversed behind the point (van der Corput), say how far.

    >>> [round(spread(at, 2, 1, 16)) for at in range(4)]
    [1, 4, 2, 8]
    """
    fraction, scale = 0.0, 1.0
    while at:
        scale /= base
        at, digit = divmod(at, base)
        fraction += digit * scale
    return float(low * (high / low) ** fraction)


def _channels(at: int, base: int, low: int, high: int, step: int = 8) -> int:
    return max(step, round(spread(at, base, low, high) / step) * step)


def _image(channels: int, size: int) -> TensorSpec:
    return TensorSpec((1, channels, size, size))


def _size(at: int, base: int, macs_per_position: float, low: int = 7, high: int = 80) -> int:
    """Height and width, smaller where a layer would take too long."""
    return max(low, min(round(spread(at, base, low, high)), int((_MOST_MACS / macs_per_position) ** 0.5)))


def _conv(x: Symbol, channels: int, kernel: int, name: str, stride: int = 1, groups: int = 1) -> Symbol:
    y = build.conv2d(x, channels, kernel, stride, kernel // 2, 1, groups, bias=False, name=f"{name}.conv")
    return build.batch_norm(y, name=f"{name}.bn")


def _residual() -> Iterator[Chain]:
    def chain(x: Symbol, wider: int) -> Symbol:
        y = build.relu(_conv(x, x.shape[1], 3, "a"), name="a.relu")
        y = build.add(_conv(y, x.shape[1], 3, "b"), x, name="b.add")
        y = build.relu(y, name="b.relu")
        return build.relu(_conv(y, wider, 3, "c", stride=2), name="c.relu")

    for at in range(10):
        channels, wider = _channels(at, 2, 32, 512), _channels(at, 3, 32, 512)
        size = _size(at, 5, 9 * channels * channels)
        yield _image(channels, size), partial(chain, wider=wider)


def _narrow() -> Iterator[Chain]:
    """Kernels of one element; the one that takes steps is first, as OpenVINO moves steps towards the input."""

    def chain(x: Symbol, inner: int, outer: int) -> Symbol:
        y = build.relu(_conv(x, inner, 1, "e", stride=2), name="e.relu") if x.shape[2] > 13 else x
        y = build.relu(_conv(y, inner, 1, "a"), name="a.relu")
        z = build.relu(_conv(y, outer, 1, "b"), name="b.relu")
        y = build.relu(_conv(z, inner, 1, "c"), name="c.relu")
        y = build.relu(build.add(_conv(y, outer, 1, "d"), z, name="d.add"), name="d.relu")
        return build.global_avg_pool(y, name="pool")

    for at in range(14):
        channels, inner, outer = (
            _channels(at, 2, 16, 1600),
            _channels(at, 3, 16, 512),
            _channels(at, 5, 32, 1024),
        )
        size = _size(at, 7, 0.8 * outer * inner + 0.5 * channels * inner, high=112)
        yield _image(channels, size), partial(chain, inner=inner, outer=outer)


def _separable() -> Iterator[Chain]:
    def chain(x: Symbol, wide: int, kernel: int) -> Symbol:
        y = build.relu6(_conv(x, wide, 1, "a"), name="a.relu")
        y = build.relu6(_conv(y, wide, kernel, "b", groups=wide), name="b.relu")
        y = _conv(y, x.shape[1], 1, "c")
        y = build.relu6(_conv(build.add(y, x, name="c.add"), wide, 1, "d"), name="d.relu")
        y = build.relu6(_conv(y, wide, kernel, "e", stride=2, groups=wide), name="e.relu")
        return build.adaptive_avg_pool2d(y, 1, name="pool")

    for at in range(14):
        channels, wide = _channels(at, 2, 16, 320), _channels(at, 3, 32, 1024)
        size = _size(at, 5, 4 * channels * wide, high=120)
        yield _image(channels, size), partial(chain, wide=wide, kernel=5 if at % 4 == 3 else 3)


def _stems() -> Iterator[Chain]:
    def chain(x: Symbol, channels: int, kernel: int, stride: int) -> Symbol:
        y = build.relu(_conv(x, channels, kernel, "a", stride=stride), name="a.relu")
        y = build.max_pool2d(y, 3, 2, at_edge, name="pool") if (at_edge := kernel % 2) else y
        return build.relu(_conv(y, channels, 1, "b"), name="b.relu")

    kernels = ((3, 1), (3, 2), (7, 2), (11, 4), (5, 2), (3, 2), (7, 2), (9, 3))
    for at, (kernel, stride) in enumerate(kernels):
        channels = _channels(at, 2, 24, 112)
        size = round(spread(at, 3, 120, 280))
        yield _image(3, size), partial(chain, channels=channels, kernel=kernel, stride=stride)
    for at, patch in enumerate((14, 28)):
        yield _image(3, 16 * patch), partial(_patches, width=(480, 640)[at], patch=patch)


def _patches(x: Symbol, width: int, patch: int) -> Symbol:
    return build.conv2d(x, width, patch, patch, name="a")


def _joined() -> Iterator[Chain]:
    """Layers that read all before them, with normalisation that stands alone, and pools beside convolutions."""

    def chain(x: Symbol, grown: int) -> Symbol:
        y = x
        for at in range(2):
            with build.scope(x, f"grow{at}", "Grow"):
                z = build.relu(build.batch_norm(y, name="bn"), name="relu")
                z = build.relu(_conv(z, 4 * grown, 1, "a"), name="a.relu")
                y = build.concat([y, build.conv2d(z, grown, 3, padding=1, bias=False, name="b")], 1, name="cat")
        y = build.relu(build.batch_norm(y, name="bn"), name="relu")
        y = build.concat([build.max_pool2d(y, 3, 1, 1, name="max"), build.conv2d(y, grown, 1, name="c")], 1, name="cat")
        y = build.conv2d(y, x.shape[1], 1, name="d")
        z = build.avg_pool2d(y, 3, 1, 1, name="same")
        return build.avg_pool2d(build.add(y, z, name="both"), 2, name="half")

    for at in range(10):
        channels, grown = _channels(at, 2, 48, 768), _channels(at, 3, 16, 64)
        size = _size(at, 5, channels * 8 * grown + 36 * grown * grown * 2)
        yield _image(channels, size), partial(chain, grown=grown)


def _plain() -> Iterator[Chain]:
    """Convolutions with a bias on large images, pools, and what is as large as they are."""

    def chain(x: Symbol, channels: int) -> Symbol:
        y = build.conv2d(build.relu(x, name="before"), channels, 3, padding=1, name="a")
        y = build.max_pool2d(build.relu(y, name="a.relu"), 2, name="pool")
        y = build.relu(build.conv2d(y, channels, 3, padding=1, name="b"), name="b.relu")
        y = build.local_response_norm(y, 5, name="lrn") if channels < 200 else y
        return build.max_pool2d(y, 3, 2, name="pool3")

    for at in range(8):
        channels, before = _channels(at, 2, 40, 512), _channels(at, 3, 32, 256)
        size = min(200, max(12, int((_MOST_MACS * 1.6 / (9 * channels * before)) ** 0.5)))
        yield _image(before, size), partial(chain, channels=channels)


def _odd() -> Iterator[Chain]:
    """Kernels that are no square of three, groups, steps of two."""

    def chain(x: Symbol, channels: int, groups: int) -> Symbol:
        y = build.relu(build.conv2d(x, channels, (1, 7), padding=(0, 3), name="a"), name="a.relu")
        y = build.relu(build.conv2d(y, channels, (7, 1), padding=(3, 0), name="b"), name="b.relu")
        y = build.relu(build.conv2d(y, channels, 5, padding=2, groups=groups, name="c"), name="c.relu")
        y = build.relu(build.conv2d(y, channels, 3, 2, 1, 1, groups, name="d"), name="d.relu")
        return build.relu(build.conv2d(y, channels // 2, 5, padding=2, name="e"), name="e.relu")

    for at in range(8):
        channels, before = _channels(at, 2, 32, 384, 16), _channels(at, 3, 32, 256)
        size = _size(at, 5, 20 * channels * max(channels, before), low=8, high=40)
        yield _image(before, size), partial(chain, channels=channels, groups=(1, 2, 4)[at % 3])


def _dense(low: int, high: int) -> Iterator[Chain]:
    """Fully connected layers over one row, one after the other, as engines do not name all of them."""

    def chain(x: Symbol) -> Symbol:
        for at in range(12):
            x = build.linear(x, _channels(at, 2, low, high), name=f"fc{at}")
            x = build.relu(x, name=f"relu{at}") if at % 3 else x
            x = build.softmax(x, 1, name=f"prob{at}") if at % 6 == 5 else x
        return x

    yield TensorSpec((1, low)), chain


def _encoders(length: int, first: int) -> Iterator[Chain]:
    """Encoder layers of several widths, normalised before and after, one after the other."""

    def chain(ids: Symbol) -> Symbol:
        x = build.embedding(ids, 3000, 256, name="words")
        for at in range(first, first + 4):
            heads = round(spread(at, 2, 4, 14))
            with build.scope(x, f"layer{at}", "Layer"):
                x = build.linear(x, 64 * heads, name="wider")
                x = _encoder(x, heads, _channels(at, 5, 128 * heads, 320 * heads), norm_first=at % 2 == 0)
        y = build.squeeze(build.narrow(x, 1, 0, 1, name="first"), 1, name="flat")
        return build.tanh(build.linear(y, x.shape[-1], name="pool"), name="tanh")

    yield TensorSpec((1, length), "int64"), chain


def _encoder(x: Symbol, heads: int, wide: int, *, norm_first: bool) -> Symbol:
    y = build.layer_norm(x, name="ln1") if norm_first else x
    x = build.add(x, build.multi_head_attention(y, heads, name="attention"), name="add1")
    x = x if norm_first else build.layer_norm(x, name="ln1")
    y = build.layer_norm(x, name="ln2") if norm_first else x
    y = build.linear(y, wide, name="fc1")
    y = build.gelu(y, name="gelu") if norm_first else build.relu(y, name="relu")
    x = build.add(x, build.linear(y, x.shape[-1], name="fc2"), name="add2")
    return x if norm_first else build.layer_norm(x, name="ln2")


def _recurrent() -> Iterator[Chain]:
    def chain(x: Symbol, hidden: int) -> Symbol:
        y, _ = build.lstm(x, hidden, name="lstm")
        return build.sigmoid(build.mul(y, y, name="square"), name="gate")

    for at in range(4):
        features, hidden = _channels(at, 2, 32, 512), _channels(at, 3, 32, 512)
        yield TensorSpec((round(spread(at, 5, 8, 64)), 1, features)), partial(chain, hidden=hidden)
