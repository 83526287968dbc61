import pytest

from netweight import TensorSpec, build, weigh
from netweight.errors import UsageError
from netweight.rewrite.bits import BitWidths, parse_bits, with_bits


def test_by_layer() -> None:
    """AlexNet's convolutions at 8 bits, its fully connected layers at 4: 2,332,704 + 1,152 + 58,632,120 / 2 + ..."""
    profile = weigh("alexnet", bits="conv*=8,fc*=4")
    convs = sum(row.params for row in profile.layers if row.layer.startswith("conv"))
    layers = sum(row.params for row in profile.layers if row.layer.startswith("fc"))
    assert convs + layers == 60_965_224
    assert profile.totals.model_size_bytes == convs + layers // 2
    rows = {row.layer: row for row in profile.layers}
    assert (rows["conv1"].dtype, rows["fc6"].dtype, rows["norm1"].dtype) == ("int8", "int4", "float32")
    assert rows["conv1"].flops == 0
    assert rows["norm1"].flops == rows["norm1"].ops_total > 0


def test_four_bits_in_groups_of_32_are_four_and_a_half() -> None:
    graph = build.graph(lambda x: build.linear(x, 64, bias=False), (1, 64))
    profile = weigh(graph, bits="w4g32")
    assert 8 * profile.totals.model_size_bytes == 4.5 * 64 * 64
    assert profile.totals.flops == 2 * 64 * 64  # weights only: the arithmetic stays floating


def test_sixteen_bits_are_floating() -> None:
    profile = weigh("alexnet", bits="16")
    assert profile.totals.model_size_bytes == 2 * 60_965_224
    assert profile.totals.flops == weigh("alexnet").totals.flops


def test_three_bits_are_packed() -> None:
    graph = build.graph(lambda x: build.linear(x, 3, bias=False), (1, 3))
    assert weigh(graph, bits="w3").totals.model_size_bytes == 4  # 27 bits


def test_settings() -> None:
    assert parse_bits("w8a16") == (BitWidths(weight=8, activation=16),)
    assert parse_bits("*=8, conv1=w4") == (BitWidths(weight=8, activation=8), BitWidths(pattern="conv1", weight=4))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0", "a width from 1 to 64, got 0"),
        ("65", "a width from 1 to 64, got 65"),
        ("w8a0", "a width from 1 to 64, got 0"),
        ("", "expected 8, w8a8"),
        ("x8", "expected 8, w8a8"),
        ("=8", "expected 8, w8a8"),
        ("conv*=", "expected 8, w8a8"),
        ("w4g0", "a group of at least 1 weight"),
        ("nothing*=8", "patterns that match a layer, got nothing"),
    ],
)
def test_settings_that_are_none(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=f"bits: .*{message.replace('*', '.*')}"):
        weigh("alexnet", bits=text)


@pytest.mark.parametrize("bits", ["a=8,b=4", "a=4,b=8", "b=8,a=4", "b=4,a=8"])
def test_the_narrowest_of_several_readers_wins(bits: str) -> None:
    """x (1, 8) and one weight (8, 8) are read by a and by b; the sum reads what each wrote, at no width of its own."""

    def describe(x: build.Symbol) -> build.Symbol:
        return build.add(build.linear(x, 8, bias=False, name="a"), build.linear(x, 8, bias=False, name="b"), name="sum")

    graph = with_bits(build.graph(describe, (1, 8)), parse_bits(bits))
    assert graph.spec("x").dtype == "int4"
    assert {graph.spec("a.weight").dtype, graph.spec("b.weight").dtype} == {"int4", "int8"}
    assert graph.spec("sum").dtype == "float32"
    read = {row.layer: row.bytes_read for row in weigh(graph).layers}
    wide, narrow = 64 + 8 // 2, 64 // 2 + 8 // 2
    assert (read["a"], read["b"]) == ((narrow, wide) if "a=4" in bits else (wide, narrow))
    assert weigh(graph).totals.model_size_bytes == 64 + 64 // 2


def test_the_last_setting_that_matches_wins() -> None:
    def describe(x: build.Symbol) -> build.Symbol:
        return build.linear(build.linear(x, 4, bias=False, name="conv1"), 4, bias=False, name="fc")

    graph = build.graph(describe, (1, 4))
    assert weigh(graph, bits="*=8,conv*=4").totals.model_size_bytes == 16 // 2 + 16
    with pytest.raises(UsageError, match="patterns that match a layer, got conv"):
        weigh(graph, bits="conv*=4,*=8")
    found = with_bits(graph, parse_bits("fc=8"))
    assert [found.spec(name).dtype for name in ("x", "conv1", "fc")] == ["float32", "int8", "int8"]


def test_a_group_that_is_not_full_has_a_scale_too() -> None:
    """3 x 11 weights of 4 bits are 17 bytes; 33 in groups of 32 have two scales of 16 bits."""
    graph = build.graph(lambda x: build.linear(x, 3, bias=False), (1, 11))
    assert weigh(graph, bits="w4g32").totals.model_size_bytes == 17 + 2 * 2


def test_positions_keep_their_type_and_activations_have_no_groups() -> None:
    graph = build.graph(lambda x: build.embedding(x, 10, 64), TensorSpec((2, 3), "int64"))
    values = with_bits(graph, parse_bits("w4a4g32")).values
    (given,), (found,) = graph.inputs, graph.outputs
    assert values[given] == graph.values[given]
    assert values[found].spec == TensorSpec((2, 3, 64), "int4")
    assert values[found].quantization is None
    (weight,) = (value for value in values.values() if value.kind == "parameter")
    assert weight.quantization is not None
    assert weight.stored_bytes == 10 * 64 // 2 + 10 * 64 // 32 * 2  # a scale of 16 bits for each 32
