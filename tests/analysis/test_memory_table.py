"""Peaks that papers print, to the byte, and where each comes from."""

from dataclasses import replace
from itertools import combinations

import pytest

import netweight
from netweight import TensorSpec, build
from netweight.analysis.conventions import CONVENTIONS
from netweight.app.memory import ALL
from netweight.ir import Node
from netweight.results.memory import ConventionMemory

SCHEDULES = tuple(name for name, rule in CONVENTIONS.items() if rule.moment == "schedule")
PLANNED = ("liveness", "io-held", "inplace", "mcunet-v1", "mcunet-v2", "tflm")


def under(name: str, model, **options) -> ConventionMemory:
    return netweight.memory(model, conventions=name, **options).conventions[name]


def live(found: ConventionMemory) -> list[int]:
    return [tensor.nbytes for tensor in found.live]


WIDE, DEPTHWISE, BEFORE = 96 * 112 * 112, 96 * 56 * 56, 16 * 112 * 112
"""MobileNetV2's second block: what the expansion and the depthwise convolution write, and the block's input."""


@pytest.mark.parametrize(
    ("convention", "alive", "layer"),
    [
        ("liveness", [WIDE, DEPTHWISE], "features.2.conv.1.0"),
        ("inplace", [BEFORE, WIDE], "features.2.conv.0.0"),
        ("mcunet-v2", [BEFORE, WIDE], "features.2.conv.0.0"),
        ("mcunet-v1", [BEFORE, WIDE, DEPTHWISE], "features.2.conv.1.0"),
        ("lecture", [WIDE, DEPTHWISE], "features.2.conv.1.0"),
        # PAD lays a ring of zeros around 112 x 112 for the stride of 2: "same" would have it behind alone.
        ("tflm", [WIDE, 96 * 114 * 114], "features.2.conv.1.0"),
    ],
)
def test_mobilenet_v2_in_int8(convention: str, alive: list[int], layer: str) -> None:
    found = under(convention, "mobilenet_v2", bits=8)
    assert (live(found), found.peak_bytes, found.peak_layer) == (alive, sum(alive), layer)


def test_mobilenet_v2_as_printed() -> None:
    """Lin et al. 2021 (MCUNetV2) print 1372 kB; Lin et al. 2020 (MCUNet) 1.7 MB, in fp32 6.8 MB."""
    found = netweight.memory("mobilenet_v2", bits=8).conventions
    assert found["inplace"].peak_bytes == found["mcunet-v2"].peak_bytes == 1_404_928 == 1372 * 1024
    assert found["liveness"].peak_bytes == 1_505_280
    assert found["mcunet-v1"].peak_bytes == 1_705_984
    assert under("mcunet-v1", "mobilenet_v2").peak_bytes == 6_823_936 == 4 * 1_705_984
    assert "features.1.conv.2 (200,704)" in found["mcunet-v1"].why


def test_resnet50() -> None:
    """Batch normalisation and ReLU in place: the second branch of the first block is the worst."""
    found = under("liveness", "resnet50")
    assert live(found) == [4 * 64 * 56 * 56, 4 * 256 * 56 * 56, 4 * 256 * 56 * 56]
    assert (found.peak_bytes, found.peak_layer) == (7_225_344, "layer1.0.downsample.0")


def test_mobilenet_v1() -> None:
    """Pisarchyk and Lee 2020, Table 2: 19.248 MiB without reuse, 4.594 MiB as the lower bound.

    Theirs is the network with 1001 classes and a softmax behind; the image is not an intermediate tensor.
    """
    found = under("liveness", "mobilenet_v1:num_classes=1001")
    image, softmax = 4 * 3 * 224 * 224, 4 * 1001
    assert found.total_bytes - image + softmax == 20_182_856
    assert round(20_182_856 / 2**20, 3) == 19.248
    assert found.plan is not None
    assert found.peak_bytes == found.plan.lower_bound_bytes == 4 * (32 + 64) * 112 * 112 == 4_816_896
    assert round(4_816_896 / 2**20, 3) == 4.594


def shortcut(x: build.Symbol) -> build.Symbol:
    """A chain a -> b -> c and a shortcut from a to the sum."""
    a = build.conv2d(x, 4, kernel_size=1, bias=False, name="a")
    b = build.relu(build.conv2d(a, 8, kernel_size=1, bias=False, name="b"), name="relu")
    c = build.conv2d(b, 4, kernel_size=1, bias=False, name="c")
    return build.add(c, a, name="sum")


def test_a_network_by_hand() -> None:
    """Bytes of int8: x 2, a 4, b 8, c 4, sum 4; relu runs in the kernel of b."""
    found = netweight.memory(build.graph(shortcut, (1, 2, 1, 1)), bits=8).conventions
    steps = {name: [step.alive_bytes for step in found[name].steps] for name in found}
    #                     x a,  a b,  a b c,  a c sum
    assert steps["liveness"] == [6, 12, 16, 12]
    assert steps["io-held"] == [6, 14, 18, 14]  # x stays
    assert steps["inplace"] == [6, 12, 16, 8]
    assert steps["mcunet-v2"] == [6, 12, 12, 4]  # c is written onto a
    assert steps["mcunet-v1"] == [6, 12, 16, 12]  # no bottleneck: nothing depthwise
    assert steps["tflm"] == [32, 32, 48, 48]  # each on 16 bytes
    #                          relu beside b
    assert steps["torch-eager"] == [6, 14, 22, 18, 14]
    assert steps["lecture"] == [6, 12, 8, 12, 12]
    assert [(one.layer, one.op) for one in found["liveness"].steps] == [
        ("a", "conv"), ("b", "conv"), ("c", "conv"), ("sum", "add"),
    ]  # fmt: skip
    intervals = {one.name: (one.first_step, one.last_step) for one in found["liveness"].tensors}
    assert intervals == {"x": (1, 1), "a": (1, 4), "relu": (2, 3), "c": (3, 4), "sum": (4, 4)}


def test_as_written_every_operator_is_a_step() -> None:
    graph = build.graph(shortcut, (1, 2, 1, 1))
    found = under("liveness", graph, bits=8, as_written=True)
    assert [step.alive_bytes for step in found.steps] == [6, 12, 20, 16, 12]
    assert found.kernels == "written"
    weighed = netweight.weigh(graph, bits=8, conventions=SCHEDULES).activations
    asked = netweight.memory(graph, bits=8, conventions=SCHEDULES, as_written=True).conventions
    assert {name: found.peak_bytes for name, found in asked.items()} == {
        name: found.peak_bytes for name, found in weighed.items()
    }


def test_packed_bits_by_hand() -> None:
    """3 numbers of 4 bits take 2 bytes, 5 of 3 bits take 2, 7 of 3 bits take 3."""

    def chain(x: build.Symbol) -> build.Symbol:
        y = build.linear(x, 5, bias=False, name="first")
        return build.linear(y, 7, bias=False, name="second")

    graph = build.graph(chain, (1, 3))
    found = under("liveness", graph, bits="first=a4,second=a3")
    assert {one.name: (one.dtype, one.nbytes) for one in found.tensors} == {
        "x": ("int4", 2), "first": ("int3", 2), "second": ("int3", 3),
    }  # fmt: skip
    assert [step.alive_bytes for step in found.steps] == [4, 5]


@pytest.mark.parametrize("network", ["mobilenet_v2", "resnet18", "densenet121", "googlenet", "lenet5", "alexnet"])
def test_peak_timeline_and_plan_are_of_the_same_pieces(network: str) -> None:
    found = netweight.memory(network, bits=8, conventions=tuple(CONVENTIONS)).conventions
    for name, memory in found.items():
        alive = [step.alive_bytes for step in memory.steps]
        assert memory.peak_bytes == max(alive) == alive[memory.peak_step - 1], name
        assert memory.peak_step == alive.index(max(alive)) + 1, name
        assert memory.peak_bytes == sum(live(memory)) + memory.beside_bytes - memory.shared_bytes, name
        assert memory.total_bytes == sum(one.nbytes for one in memory.tensors), name
        assert (memory.plan is not None) == (name in PLANNED), name


@pytest.mark.parametrize("network", ["mobilenet_v2", "resnet18", "googlenet", "lenet5"])
@pytest.mark.parametrize("convention", PLANNED)
def test_no_two_tensors_of_a_plan_are_at_one_place_at_one_time(network: str, convention: str) -> None:
    found = under(convention, network, bits=8)
    plan = found.plan
    assert plan is not None
    for one, other in combinations(found.tensors, 2):
        assert one.offset_bytes is not None
        assert other.offset_bytes is not None
        together = one.first_step <= other.last_step and other.first_step <= one.last_step
        apart = (
            one.offset_bytes + one.nbytes <= other.offset_bytes or other.offset_bytes + other.nbytes <= one.offset_bytes
        )
        assert apart or not together, (one, other)
    ends = [one.offset_bytes + one.nbytes for one in found.tensors if one.offset_bytes is not None]
    assert plan.arena_bytes == max(ends) >= plan.lower_bound_bytes >= found.peak_bytes
    if convention == "tflm":
        assert all(one.offset_bytes % 16 == 0 and one.nbytes % 16 == 0 for one in found.tensors)


def test_training_is_in_the_table() -> None:
    found = under("training", "lenet5", bits=8)
    step = netweight.weigh("lenet5", training=True).training
    assert step is not None
    assert found.peak_bytes == step.peak_bytes == sum(live(found))
    assert found.steps == ()
    assert "float32" in found.why
    assert tuple(netweight.memory("lenet5").conventions) == ALL


def test_a_graph_is_trained_as_it_is() -> None:
    graph = build.graph(shortcut, (1, 2, 1, 1))
    step = netweight.weigh(graph, optimizer="sgd").training
    assert step is not None
    assert under("training", graph).peak_bytes == step.peak_bytes


def test_a_network_of_nothing() -> None:
    found = netweight.memory(build.graph(lambda x: x, (1, 4)), conventions=SCHEDULES).conventions
    assert {memory.peak_step for memory in found.values()} == {0}
    assert {memory.steps for memory in found.values()} == {()}


def test_reasons_have_the_numbers_of_this_network() -> None:
    found = netweight.memory("mobilenet_v2", bits=8).conventions
    assert found["lecture"].why.startswith("as much as liveness: ")
    assert found["inplace"].why.startswith("100,352 bytes less than liveness: ")
    assert found["inplace"].why.endswith("the peak is at features.2.conv.0.0, not at features.2.conv.1.0")
    assert found["io-held"].why.endswith("here x (150,528) is there too")
    assert found["segment-overlap"].why.endswith("; 295,680 bytes are shared")
    assert under("inplace", "mobilenet_v2", bits=8).why == found["inplace"].why  # also where liveness is not asked for


def test_a_type_that_only_bits_allow_is_not_trained_in() -> None:
    """An input of int8 fits the network in int8; a step of training is of the network as it is described."""
    spec = TensorSpec((1, 1, 32, 32), "int8")
    assert under("liveness", "lenet5", inputs=spec, bits=8).peak_bytes > 0
    with pytest.raises(netweight.NetweightError, match="float32"):
        under("training", "lenet5", inputs=spec, bits=8)


def test_results_of_unknown_size_are_named() -> None:
    """x 4 and y 4 numbers are known; what the operator after them writes is not, and is not said to be nothing."""
    whole = build.graph(lambda x: build.relu(x, name="y"), (1, 4))
    odd = Node(op="mystery", inputs=("y",), outputs=(), layer="odd")
    found = netweight.memory(replace(whole, nodes=(*whole.nodes, odd)), conventions="liveness")
    assert found.conventions["liveness"].peak_bytes == 32
    assert found.notes[0] == "results of unknown size are in no figure, which are lower bounds therefore: odd"
    assert not any("unknown size" in note for note in netweight.memory(whole, conventions="liveness").notes)
