"""What layers move between main memory and the arithmetic, counted by hand: nothing is cached."""

from collections.abc import Callable

import pytest

from netweight import build, weigh

Layer = Callable[[build.Symbol], build.Symbol]

# The layer, what it reads and what it writes, in elements; x is (2, 3, 4, 4).
X = 2 * 3 * 4 * 4
CASES: dict[str, tuple[Layer, int, int]] = {
    "linear": (lambda x: build.linear(x, 5, name="y"), X + 5 * 4 + 5, X // 4 * 5),
    "linear without bias": (lambda x: build.linear(x, 5, bias=False, name="y"), X + 5 * 4, X // 4 * 5),
    "conv": (lambda x: build.conv2d(x, 6, kernel_size=3, name="y"), X + 6 * 3 * 9 + 6, 2 * 6 * 2 * 2),
    "relu": (lambda x: build.relu(x, name="y"), X, X),
    "relu in place": (lambda x: build.relu(x, inplace=True, name="y"), X, X),
    "add": (lambda x: build.add(x, build.relu(x), name="y"), 2 * X, X),
    "a tensor read twice": (lambda x: build.add(x, x, name="y"), X, X),
    "batch norm": (lambda x: build.batch_norm(x, name="y"), X + 4 * 3, X),
    "max pool": (lambda x: build.max_pool2d(x, 2, name="y"), X, X // 4),
    "a view": (lambda x: build.flatten(x, name="y"), 0, 0),
    "a copy": (lambda x: build.concat([x, x], name="y"), X, 2 * X),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("bits", "width"), [(None, 4), ("16", 2), ("64", 8)])
def test_bytes_read_and_written(case: str, bits: str | None, width: int) -> None:
    layer, read, written = CASES[case]
    profile = weigh(build.graph(layer, (2, 3, 4, 4)), bits=bits)
    row = next(row for row in profile.layers if row.layer == "y")
    assert (row.bytes_read, row.bytes_written) == (width * read, width * written)
    assert profile.totals.bytes_read == sum(row.bytes_read for row in profile.layers)
    assert profile.totals.bytes_written == sum(row.bytes_written for row in profile.layers)


def test_scales_are_read_with_the_weights() -> None:
    """64 x 64 weights of 4 bits, a scale of 16 bits for each 32: 2,048 + 256 bytes; x stays float32."""
    graph = build.graph(lambda x: build.linear(x, 64, bias=False, name="y"), (1, 64))
    row = weigh(graph, bits="w4g32").layers[-1]
    assert row.bytes_read == 64 * 64 // 2 + 64 * 64 // 32 * 2 + 4 * 64
    assert row.model_size_bytes == 64 * 64 // 2 + 64 * 64 // 32 * 2
