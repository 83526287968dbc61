"""Normalisation, dropout and losses: by ONNX Runtime, and what they are in the table."""

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from netweight.analysis.cost import weigh_graph  # noqa: E402
from netweight.errors import FormatError, ShapeError  # noqa: E402
from netweight.sources.onnx import read_graph  # noqa: E402
from sources.onnx.one_node import check_agrees, one_node, operators, ours  # noqa: E402

RNG = np.random.default_rng(0)
F32 = np.float32


def f(*shape: int) -> Any:
    return RNG.standard_normal(shape).astype(F32)


def statistics(channels: int = 3) -> tuple[Any, ...]:
    return f(channels), f(channels), f(channels), np.abs(f(channels))


@pytest.mark.parametrize("opset", [7, 9, 14, 15])
def test_batch_norm(opset: int) -> None:
    """Scale and bias are learned, mean and variance are not."""
    read = check_agrees("BatchNormalization", f(2, 3, 4, 4), *statistics(), opset=opset, epsilon=1e-3)
    assert operators(read) == ["batch_norm"]
    totals = weigh_graph(read.graph).totals
    assert (totals.params, totals.buffers) == (2 * 3, 2 * 3)


@pytest.mark.parametrize("opset", [14, 15])
def test_batch_norm_in_training(opset: int) -> None:
    """The new variance is made of the biased one, unlike PyTorch's: two products and a sum per channel more."""
    x = f(2, 3, 4, 4)
    read = check_agrees(
        "BatchNormalization", x, *statistics(), opset=opset, training_mode=1, outputs=3, momentum=0.7
    )  # fmt: skip
    assert operators(read) == ["batch_norm_training", "mul_scalar", "mul_scalar", "add"]
    alone = one_node("BatchNormalization", x, *statistics(), opset=opset, training_mode=1)
    assert operators(read_graph(alone)) == ["batch_norm_training"]


def test_batch_norm_in_training_before_it_said_so() -> None:
    """Whoever reads new statistics trains; saved ones are of no operator of ours, and their shapes are ONNX's."""
    x = f(2, 3, 4, 4)
    assert operators(read_graph(one_node("BatchNormalization", x, *statistics(), opset=9, outputs=3)))[0] == (
        "batch_norm_training"
    )
    saved = read_graph(one_node("BatchNormalization", x, *statistics(), opset=9, outputs=5))
    assert operators(saved) == ["onnx.BatchNormalization"]


@pytest.mark.parametrize("axis", [-1, 1, 2])
@pytest.mark.parametrize("biased", [True, False])
def test_layer_norm(axis: int, biased: bool) -> None:
    sizes = (2, 3, 4)[axis:]
    bias = (f(*sizes),) if biased else ()
    read = check_agrees("LayerNormalization", f(2, 3, 4), f(*sizes), *bias, axis=axis, opset=17)
    assert operators(read) == ["layer_norm"]


@pytest.mark.parametrize("outputs", [2, 3])
def test_layer_norm_with_its_statistics(outputs: int) -> None:
    """In parts, which do the work of the whole."""
    x, scale, bias = f(2, 3, 4), f(4), f(4)
    read = check_agrees("LayerNormalization", x, scale, bias, outputs=outputs, opset=17)
    alone = read_graph(one_node("LayerNormalization", x, scale, bias, opset=17))
    whole, parts = (weigh_graph(graph).totals.ops_total for graph in (alone.graph, read.graph))
    assert parts == whole - 2 * (2 * 3)  # n numbers are added up by n - 1 additions, twice in each of 2 * 3 rows


def test_one_scale_for_all() -> None:
    """It stays one parameter."""
    read = check_agrees("LayerNormalization", f(2, 3, 4), f(1), opset=17)
    assert operators(read) == ["expand", "layer_norm"]
    assert weigh_graph(read.graph).totals.params == 1


def test_rms_norm() -> None:
    assert operators(check_agrees("RMSNormalization", f(2, 3, 4), f(4), opset=23)) == ["rms_norm"]


def test_group_norm() -> None:
    """Until opset 20 with one scale per group."""
    x = f(2, 6, 4, 4)
    assert operators(check_agrees("GroupNormalization", x, f(6), f(6), num_groups=3, opset=21)) == ["group_norm"]
    read = check_agrees("GroupNormalization", x, f(3), f(3), num_groups=3, opset=18)
    assert operators(read) == ["repeat_interleave", "repeat_interleave", "group_norm"]
    assert weigh_graph(read.graph).totals.params == 3 + 3


def test_instance_norm() -> None:
    assert operators(check_agrees("InstanceNormalization", f(2, 3, 4, 4), f(3), f(3))) == ["instance_norm"]
    single = one_node("InstanceNormalization", f(2, 3, 1, 1), f(3), f(3))
    assert operators(read_graph(single)) == ["group_norm"]


@pytest.mark.parametrize("axes", [(0, 2, 3), (-1, 2)])
def test_mean_variance_norm(axes: tuple[int, ...]) -> None:
    check_agrees("MeanVarianceNormalization", f(2, 3, 4, 4), opset=13, axes=axes)


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_vectors_of_length_one(p: int, dtype: str) -> None:
    """And those of zeros, which stay as they are."""
    x = np.array([[3, -4, 0], [0, 0, 0]], dtype)
    model = one_node("LpNormalization", x, p=p, axis=-1)
    found = ours(model, [x])[0]
    np.testing.assert_allclose(found, x / np.array([[7 if p == 1 else 5], [1]]), rtol=1e-3)
    assert found.dtype == x.dtype


def test_local_response_norm() -> None:
    assert operators(check_agrees("LRN", f(2, 6, 4, 4), size=3)) == ["local_response_norm"]


@pytest.mark.parametrize("opset", [7, 10, 12, 13])
def test_dropout_at_inference_is_nothing(opset: int) -> None:
    model = one_node("Dropout", f(3, 4), opset=opset, outputs=2)
    read = read_graph(model)
    assert operators(read) == []
    assert read.outputs["y1"].dtype == ("float32" if opset < 10 else "bool")
    x = f(3, 4)
    dropped, mask = ours(model, [x])
    np.testing.assert_array_equal(dropped, x)
    assert mask.all()


def test_dropout_in_training() -> None:
    """A third of 3,000 elements is dropped, the others grow by a half."""
    x, ratio, training = np.ones((1000, 3), F32), np.array(1 / 3, F32), np.array(True)
    assert operators(read_graph(one_node("Dropout", x, ratio, training))) == ["dropout"]
    model = one_node("Dropout", x, ratio, training, outputs=2)
    assert operators(read_graph(model)) == ["random", "ge", "cast", "mul", "mul_scalar"]
    dropped, mask = ours(model, [x, ratio, training])
    np.testing.assert_allclose(dropped, mask * F32(1.5), rtol=1e-6)
    np.testing.assert_allclose(mask.mean(), 2 / 3, atol=0.03)
    assert operators(read_graph(one_node("Dropout", x, np.array(0, F32), training))) == []


def test_dropout_of_which_only_a_run_knows_whether_it_trains() -> None:
    read = read_graph(one_node("Dropout", f(3, 4), np.array(0.5, F32), np.array(True), fixed=(1,)))
    assert read.notes == ("Dropout: whether it drops anything is known in a run alone; read as at inference",)
    assert not read.exact
    assert operators(read) == []


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("ignored", [{}, {"ignore_index": 2}])
def test_losses(reduction: str, weighted: bool, ignored: dict[str, int]) -> None:
    x, target, weight = f(3, 5, 4), RNG.integers(0, 5, (3, 4)), f(5) if weighted else None
    settings = {"reduction": reduction, **ignored}
    assert operators(check_agrees("NegativeLogLikelihoodLoss", x, target, weight, **settings)) == ["nll_loss"]
    both = check_agrees("SoftmaxCrossEntropyLoss", x, target, weight, outputs=2, **settings)
    assert operators(both) == ["log_softmax", "nll_loss"]
    read = check_agrees("SoftmaxCrossEntropyLoss", x, target, weight, **settings)
    assert operators(read) == ["cross_entropy"]


@pytest.mark.parametrize("name", ["RandomUniform", "RandomNormal"])
def test_random_numbers(name: str) -> None:
    x = f(30, 40)
    made, like = one_node(name, shape=[30, 40]), one_node(f"{name}Like", x, dtype=11)
    assert operators(read_graph(made)) == operators(read_graph(like)) == ["random"]
    assert read_graph(made).outputs["y0"].spec.shape == (30, 40)
    found = ours(like, [x])[0]
    assert found.dtype == np.float64
    np.testing.assert_allclose(found.mean(), 0.5 if name == "RandomUniform" else 0, atol=0.1)


def test_coins() -> None:
    x = np.full((30, 40), 0.25, F32)
    found = ours(one_node("Bernoulli", x), [x])[0]
    assert found.dtype == F32
    np.testing.assert_allclose(found.mean(), 0.25, atol=0.05)


def test_errors() -> None:
    with pytest.raises(ShapeError, match=r"batch_norm: expected .* got .*\(4,\)"):
        read_graph(one_node("BatchNormalization", f(2, 3, 4), *statistics(4)))
    with pytest.raises(FormatError, match="GroupNormalization: expected the attribute 'num_groups', got none"):
        read_graph(one_node("GroupNormalization", f(2, 4, 3), f(4), f(4)))
    with pytest.raises(ShapeError, match="group_norm: expected channels divisible by num_groups, got 4, 3"):
        read_graph(one_node("GroupNormalization", f(2, 4, 3), f(4), f(4), num_groups=3))
    with pytest.raises(FormatError, match="LRN: expected the attribute 'size', got none"):
        read_graph(one_node("LRN", f(2, 4, 3)))
    with pytest.raises(ShapeError, match="nll_loss: expected class numbers of an integer type"):
        read_graph(one_node("NegativeLogLikelihoodLoss", f(2, 4), f(2)))
