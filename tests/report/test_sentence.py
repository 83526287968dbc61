"""The last line stands alone when it is quoted, and says what was asked for."""

from dataclasses import replace

import pytest

from netweight import Graph, TensorSpec, build, weigh
from netweight.analysis.conventions import DEFAULT_CONVENTIONS
from netweight.ir import Node, Quantization, Value
from netweight.report.summary import USUAL_CONVENTIONS, incomplete, summary_line, totals_text
from netweight.results.from_json import profile_from_dict
from netweight.results.profile import InputInfo, Profile


@pytest.fixture(scope="module")
def alexnet() -> Profile:
    return weigh("alexnet")


def of_type(dtype: str) -> Graph:
    """A layer of 16 weights in which all tensors have that type."""
    graph = build.graph(lambda x: build.linear(x, 4, bias=False), (1, 4), name="net")
    values = {name: replace(value, spec=replace(value.spec, dtype=dtype)) for name, value in graph.values.items()}
    return replace(graph, values=values)


def test_a_network_of_one_type(alexnet: Profile) -> None:
    assert summary_line(alexnet) == (
        "alexnet at 1x3x224x224 fp32: 61.0 M params, 244 MB, 724 MMACs, 1.46 GFLOP (1.45 of them 2 x MACs), "
        "peak activations 441 k (lecture) = 1.76 MB; 100 % of ops counted"
    )
    assert "61.0 M params, 233 MiB, 724 MMACs, 1.46 GFLOP" in summary_line(alexnet, units="iec")
    assert (
        "60965224 params, 243860896 B, 724406816 MACs, 1455404104 FLOP (1448813632 of them 2 x MACs), "
        "peak activations 440928 (lecture) = 1763712 B"
    ) in summary_line(alexnet, units="raw")


def test_the_batch_is_in_the_shape() -> None:
    assert summary_line(weigh("lenet5", batch=8)).startswith("lenet5 at 8x1x32x32 fp32: ")


def test_a_network_of_integers_has_as_many_operations_as_its_floating_twin(alexnet: Profile) -> None:
    eight = weigh("alexnet", bits="8")
    assert eight.totals.ops_total == alexnet.totals.flops
    assert "at 1x3x224x224 int8: 61.0 M params, 61.0 MB, 724 MMACs, 1.46 GOP (1.45 of them 2 x MACs)," in (
        summary_line(eight)
    )
    lines = dict(totals_text(eight))
    assert lines["FLOPs"] == "0"
    assert lines["OPs"] == "1,455,404,104 (1,448,813,632 of them 2 x MACs)"


def test_mixed_widths_are_told_apart() -> None:
    """The products of the convolutions are of 8 bits; the linear layers multiply 4-bit weights with floats."""
    profile = weigh("alexnet", bits="conv*=8,fc*=w4")
    assert (
        "61.0 M params (58.6 M int4, 2.33 M int8), 31.6 MB, 724 MMACs (666 M int8, 58.6 M fp32), "
        "123 MFLOP (117 of them 2 x MACs), 1.46 GOP in all (1.45 of them 2 x MACs)"
    ) in summary_line(profile)
    assert dict(totals_text(profile))["MACs"] == "724,406,816 (665,784,864 int8, 58,621,952 fp32)"
    assert 37_748_736 + 16_777_216 + 4_096_000 == 58_621_952


def test_floats_of_other_widths() -> None:
    assert "lenet5 at 1x1x32x32 fp16: 61.7 k params, 123 kB" in summary_line(weigh("lenet5", bits="16"))
    assert "lenet5 at 1x1x32x32 fp64: 61.7 k params, 494 kB" in summary_line(weigh("lenet5", bits="64"))
    assert summary_line(weigh(of_type("bfloat16"))).startswith("net at 1x4 bf16: 16 params, 32 B, ")


def test_weights_of_another_type_than_the_input() -> None:
    graph = build.graph(lambda x: build.embedding(x, 10, 4), TensorSpec((1, 7), "int64"), name="words")
    assert summary_line(weigh(graph)).startswith("words at 1x7 int64: 40 params in fp32, 160 B, ")


def test_weights_with_scales_are_no_integers_alone() -> None:
    """4 bits an element and 16 bits for every 16 are 5 bits each, but there is no int5."""
    scaled = Quantization(group_size=16, scale_bits=16)
    values = (
        Value(name="x", spec=TensorSpec((1, 64)), kind="input"),
        Value(name="w", spec=TensorSpec((64, 64), "int4"), kind="parameter", quantization=scaled),
        Value(name="y", spec=TensorSpec((1, 64))),
    )
    node = Node(op="linear", inputs=("x", "w", None), outputs=("y",), layer="fc")
    graph = Graph(name="net", values={v.name: v for v in values}, nodes=(node,), inputs=("x",), outputs=("y",))
    assert "4.10 k params in int4 at 5 bits each, 2.56 kB, 4.10 kMACs, 8.19 kFLOP (8.19 of them" in (
        summary_line(weigh(graph))
    )


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        ("4", "fp32"), ("w4", "61.0 M params in int4, 30.5 MB"), ("5", "int5: 61.0 M params, 38.1 MB"),
        ("w4g32", "61.0 M params in int4 at 4.5 bits each, 34.3 MB"),
    ],
)  # fmt: skip
def test_integers_of_any_width(bits: str, text: str) -> None:
    shown = summary_line(weigh("alexnet", bits=bits))
    assert text in shown if bits != "4" else "at 1x3x224x224 int4: 61.0 M params, 30.5 MB" in shown


def test_narrow_floats_are_called_by_their_name() -> None:
    assert "at 1x4 float8_e4m3fn: 16 params, 16 B" in summary_line(weigh(of_type("float8_e4m3fn")))


def test_integer_products_in_a_network_of_floats() -> None:
    """2 x 8 x 8 = 128 operations of integers and one multiplication for each of 8 sums; no FLOP is of a MAC."""
    values = (
        Value(name="x", spec=TensorSpec((1, 8), "int8"), kind="input"),
        Value(name="w", spec=TensorSpec((8, 8), "int8"), kind="parameter"),
        Value(name="scale", spec=TensorSpec(()), kind="parameter"),
        Value(name="sums", spec=TensorSpec((1, 8), "int32")),
        Value(name="y", spec=TensorSpec((1, 8))),
    )
    nodes = (
        Node(op="integer_matmul", inputs=("x", "w", None, None), outputs=("sums",), layer="product"),
        Node(op="mul", inputs=("sums", "scale"), outputs=("y",), layer="scaled"),
    )
    graph = Graph(name="net", values={v.name: v for v in values}, nodes=nodes, inputs=("x",), outputs=("y",))
    assert "64 MACs, 8 FLOP, 136 OP in all (128 of them 2 x MACs), " in summary_line(weigh(graph))


def test_a_network_without_products_or_weights() -> None:
    assert "net at 1x4 fp32: 0 params, 0 B, 0 MACs, 4 FLOP, peak" in summary_line(
        weigh(build.graph(build.relu, (1, 4), name="net"))
    )


def test_several_inputs_go_by_their_names(alexnet: Profile) -> None:
    def shown(*inputs: InputInfo) -> str:
        return summary_line(replace(alexnet, model=replace(alexnet.model, inputs=inputs))).partition(":")[0]

    image = InputInfo(name="image", shape=(1, 3, 8, 8), dtype="float32")
    words = InputInfo(name="words", shape=(1, 128), dtype="int64")
    scale = InputInfo(name="scale", shape=(), dtype="float32")
    assert shown(image, words) == "alexnet at image 1x3x8x8 fp32 and words 1x128 int64"
    assert shown(image, scale) == "alexnet at image 1x3x8x8 and scale scalar fp32"
    assert shown(image, words, image, image, scale) == "alexnet at image 1x3x8x8 fp32, words 1x128 int64 and 3 others"
    assert shown(replace(image, name="n" * 50), scale).startswith(f"alexnet at {'n' * 31}… 1x3x8x8 and")
    assert shown() == "alexnet"


def test_every_convention_that_was_asked_for_is_said(alexnet: Profile) -> None:
    assert USUAL_CONVENTIONS == DEFAULT_CONVENTIONS
    asked = summary_line(weigh("alexnet", conventions=["inplace", "liveness"]))
    assert "peak activations 441 k (inplace) = 1.76 MB, 581 k (liveness) = 2.32 MB; " in asked
    assert "peak" not in summary_line(replace(alexnet, activations={}))


def test_training_says_optimizer_work_and_peak() -> None:
    shown = summary_line(weigh("alexnet", training=True, optimizer="adam"))
    assert "; a training step with adam trains 61.0 M params: 2.07 GMACs (1.34 of them backward), 4.95 GFLOP, " in shown
    assert "peak 1.28 GB (ideal); 100 %" in shown
    part = summary_line(weigh("alexnet", training=True, freeze=["conv*"], checkpoint=["conv1"]))
    assert "with sgd trains 58.6 M params: " in part
    assert " run again), " in part


def test_integers_are_not_trained_and_that_is_said() -> None:
    profile = weigh("lenet5", training=True, bits="8")
    assert "a training step with sgd trains nothing: " in summary_line(profile)
    assert any("61,706 parameters in 10 tensors are integers, which have no gradient" in n for n in profile.notes)


def test_a_network_that_an_input_makes_another_one_is_not_quoted_as_the_published_one() -> None:
    profile = weigh("alexnet", (1, 3, 448, 448))
    says = "alexnet at 1x3x448x448 fp32 (not the published network: 61.0 M params at 3x224x224): 200 M params, "
    assert summary_line(profile).startswith(says)
    assert summary_line(profile_from_dict(profile.to_dict())) == summary_line(profile)
    assert summary_line(weigh("alexnet:resolution=448")).startswith(says)
    assert "published" not in summary_line(weigh("resnet18", (1, 3, 448, 448)))


def test_guesses_are_said_in_full(alexnet: Profile) -> None:
    doubtful = replace(
        alexnet.coverage, complete=False, guesses=("nms: all boxes are taken to be kept; scores sorted", "other")
    )
    model = replace(alexnet.model, inputs_guessed=True, call="method encode")
    shown = summary_line(replace(alexnet, coverage=doubtful, model=model))
    assert shown.startswith("alexnet (method encode) at 1x3x224x224 fp32 (a guess): ")
    assert shown.endswith("; 100 % of ops counted, by a guess: nms: all boxes are taken to be kept (and 1 more)")
    lines = dict(totals_text(replace(alexnet, coverage=doubtful)))
    assert lines["complete"] == "no: 2 guesses, in the notes"
    assert incomplete(replace(alexnet, coverage=doubtful)) == (
        "a guess: nms: all boxes are taken to be kept; scores sorted", "a guess: other",
    )  # fmt: skip
