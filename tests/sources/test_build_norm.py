"""What the builder makes of normalisations and activations, at inference and while training."""

from typing import Any

import pytest

from netweight import build
from netweight.ir import Graph, TensorSpec


def _graph(describe: Any, *, training: bool = False, shape: tuple[int, ...] = (2, 8, 4, 4)) -> Graph:
    return build.graph(describe, shape, training=training)


def test_batch_norm_owns_two_parameters_and_three_buffers() -> None:
    graph = _graph(lambda x: build.batch_norm(x, name="bn1"))
    kinds = {name: (value.kind, value.spec.shape) for name, value in graph.values.items() if name.startswith("bn1.")}
    assert kinds == {
        "bn1.weight": ("parameter", (8,)),
        "bn1.bias": ("parameter", (8,)),
        "bn1.running_mean": ("buffer", (8,)),
        "bn1.running_var": ("buffer", (8,)),
        "bn1.num_batches_tracked": ("buffer", ()),
    }
    assert graph.spec("bn1.num_batches_tracked") == TensorSpec((), "int64")
    inits = {name: graph.values[f"bn1.{name}"].init for name in ("weight", "bias", "running_mean", "running_var")}
    assert [init.kind for init in inits.values() if init] == ["ones", "zeros", "zeros", "ones"]
    assert graph.updates == {}
    assert graph.nodes[0].op == "batch_norm"


def test_batch_norm_in_training_says_what_its_running_statistics_become() -> None:
    graph = _graph(lambda x: build.relu(build.batch_norm(x, name="bn1", affine=False)), training=True)
    node = graph.nodes[0]
    assert node.op == "batch_norm_training"
    assert node.inputs == ("x", None, None, "bn1.running_mean", "bn1.running_var")
    assert graph.updates == {"bn1.running_mean": node.outputs[1], "bn1.running_var": node.outputs[2]}
    assert graph.nodes[1].inputs == (node.outputs[0],)


@pytest.mark.parametrize(
    ("describe", "kept_in_training"),
    [
        (lambda x: build.relu(x, inplace=True), True),
        (lambda x: build.relu6(x, inplace=True), True),
        (lambda x: build.hardsigmoid(x, inplace=True), True),
        (lambda x: build.silu(x, inplace=True), False),
        (lambda x: build.prelu(x, inplace=True), False),
        (lambda x: build.batch_norm(x, inplace=True), False),
    ],
)
def test_in_place_while_training_only_where_the_gradient_does_not_need_x(describe: Any, kept_in_training: Any) -> None:
    for training, in_place in ((False, True), (True, kept_in_training)):
        graph = _graph(describe, training=training)
        written = graph.values[graph.outputs[0]]
        assert (written.storage == "x") is in_place


@pytest.mark.parametrize(
    ("describe", "op", "parameters"),
    [
        (build.layer_norm, "layer_norm", {"ln.weight": (4,), "ln.bias": (4,)}),
        (lambda x: build.layer_norm(x, dims=2, bias=False), "layer_norm", {"ln.weight": (4, 4)}),
        (build.rms_norm, "rms_norm", {"rms_norm.weight": (4,)}),
        (lambda x: build.group_norm(x, 2), "group_norm", {"gn.weight": (8,), "gn.bias": (8,)}),
        (lambda x: build.group_norm(x, 2, affine=False), "group_norm", {}),
        (build.instance_norm, "instance_norm", {}),
        (
            lambda x: build.instance_norm(x, affine=True),
            "instance_norm",
            {"instance_norm.weight": (8,), "instance_norm.bias": (8,)},
        ),
        (lambda x: build.prelu(x, 8), "prelu", {"prelu.weight": (8,)}),
    ],
)
def test_parameters(describe: Any, op: str, parameters: dict[str, tuple[int, ...]]) -> None:
    graph = _graph(describe)
    assert graph.nodes[0].op == op
    assert {n: v.spec.shape for n, v in graph.values.items() if v.kind == "parameter"} == parameters


@pytest.mark.parametrize(
    "name",
    ["relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "hardswish", "hardsigmoid", "sigmoid", "tanh",
     "softplus", "mish", "softmax", "log_softmax"],
)  # fmt: skip
def test_functions_without_parameters_are_called_like_their_operator(name: str) -> None:
    graph = _graph(getattr(build, name))
    assert [(node.op, node.layer) for node in graph.nodes] == [(name, name)]


def test_losses_take_a_target() -> None:
    graph = build.graph(build.cross_entropy, TensorSpec((2, 10)), TensorSpec((2,), "int64"))
    assert graph.spec(graph.outputs[0]).shape == ()
    graph = build.graph(build.mse_loss, (2, 10), (2, 10), reduction="none")
    assert graph.spec(graph.outputs[0]).shape == (2, 10)
