"""Kernels with room of their own give what the operators' rules give, call after call, forward and backward."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import netweight
from cases import CASES
from cases.shared import hold
from netweight import build, machine_code
from netweight.autograd.gradients import trainable
from netweight.errors import ShapeError, UsageError
from netweight.ir import Graph, Node, TensorSpec, Value
from netweight.kernels.compiled import depthwise
from netweight.ops import REGISTRY
from netweight.ops.contract.conv import ConvAttrs
from netweight.ops.table import as_tuple, forward
from netweight.ops.window.pool import PoolAttrs
from netweight.runtime import backward, run
from netweight.runtime.bound import OPERATORS
from netweight.runtime.kernels import KERNELS
from netweight.runtime.program import Program


def _graph(name: str, attrs: Any, inputs: tuple[Any, ...]) -> Graph:
    """One call of an operator, all of whose tensors are inputs."""
    op = REGISTRY[name]
    specs = {f"in{at}": TensorSpec(x.shape, str(x.dtype)) for at, x in enumerate(inputs) if x is not None}
    names = tuple(None if x is None else f"in{at}" for at, x in enumerate(inputs))
    made = as_tuple(op.shape(attrs, *(None if one is None else specs[one] for one in names)))
    visible = made[: len(made) - len(op.extras)]
    outputs = {f"y{at}": spec for at, spec in enumerate(visible)}
    values = {
        **{n: Value(name=n, spec=spec, kind="input", storage=n) for n, spec in specs.items()},
        **{n: Value(name=n, spec=spec, kind="activation", storage=n) for n, spec in outputs.items()},
    }
    node = Node(op=name, attrs=attrs, inputs=names, outputs=tuple(outputs), layer="one")
    return Graph(name="one", values=values, nodes=(node,), inputs=tuple(specs), outputs=("y0",))


def _check(name: str, attrs: Any, inputs: tuple[Any, ...], *, rtol: float) -> str:
    """Two steps of other numbers against the rules; the name of the kernel."""
    op = REGISTRY[name]
    graph = _graph(name, attrs, inputs)
    floats = [n for n in graph.inputs if graph.spec(n).dtype.startswith("float")]
    program = Program(graph, floats)
    rng = np.random.default_rng(0)
    for again in range(2):
        given = tuple(None if x is None else x if again == 0 or x.dtype.kind != "f" else x[::-1].copy() for x in inputs)
        feeds = {f"in{at}": x for at, x in enumerate(given) if x is not None}
        results, saved = forward(op, attrs, given)
        grads = tuple(
            rng.normal(size=y.shape).astype(y.dtype) if at == 0 else np.zeros_like(y) for at, y in enumerate(results)
        )
        saved = {n: a for n, a in saved.items() if n in op.saves}
        found = op.backward(attrs, grads[0] if len(grads) == 1 else grads, *given, **saved)
        step = program.step(feeds, {}, {"y0": grads[0]})
        np.testing.assert_allclose(step.outputs["y0"], results[0], rtol=rtol, atol=rtol)
        for at, grad in enumerate(found):
            if grad is not None and f"in{at}" in step.grads:
                scale = max(1.0, float(np.abs(grad).max(initial=0)))
                np.testing.assert_allclose(step.grads[f"in{at}"], grad, rtol=rtol, atol=rtol * scale, err_msg=f"{at}")
        if name == "batch_norm_training":
            assert len(results) in (1, 3)
    return next(iter(program.kernels()))


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_kernels_are_their_rules(name: str, dtype: str) -> None:
    used = set()

    def law(attrs: Any, inputs: tuple[Any, ...]) -> None:
        typed = tuple(None if x is None else x.astype(dtype) if x.dtype.kind == "f" else x for x in inputs)
        used.add(_check(name, attrs, typed, rtol=1e-9 if dtype == "float64" else 2e-4))

    hold(law, CASES[name])
    assert used - {""}, used  # some case is done by a kernel


@pytest.mark.parametrize("numba", [True, False])
@pytest.mark.parametrize(("kernel", "stride", "batch"), list(itertools.product((3, 5), (1, 2), (1, 3))))
def test_depthwise(kernel: int, stride: int, batch: int, numba: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if numba and not machine_code.is_installed():
        pytest.skip("needs Numba")
    monkeypatch.setattr(machine_code, "is_installed", lambda: numba)
    rng = np.random.default_rng(kernel)
    for size, before, after in (((7, 9), 1, 1), ((8, 6), 2, 0), ((6, 11), 0, 1)):
        x = rng.normal(size=(batch, 4, *size)).astype(np.float32)
        weight, bias = rng.normal(size=(4, 1, kernel, kernel)).astype(np.float32), rng.normal(size=4).astype(np.float32)
        attrs = ConvAttrs(stride=(stride, stride), padding=((before, after),) * 2, dilation=(1, 1), groups=4)
        kernel_name = _check("conv", attrs, (x, weight, bias), rtol=1e-4)
        assert kernel_name == ("depthwise, Numba" if numba else "depthwise")


@pytest.mark.parametrize("numba", [True, False])
@pytest.mark.parametrize(
    ("channels", "name"), [((3, 4, 1), "columns of gradients"), ((2, 9, 1), "columns"), ((4, 6, 2), "columns")]
)
def test_ways_of_convolution(
    channels: tuple[int, int, int], name: str, numba: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of one element are copied by NumPy in any case."""
    if numba and not machine_code.is_installed():
        pytest.skip("needs Numba")
    monkeypatch.setattr(machine_code, "is_installed", lambda: numba)
    c_in, c_out, groups = channels
    rng = np.random.default_rng(1)
    for batch, size in ((1, (1, 1)), (9, (7, 5)), (4, (33, 31))):
        x = rng.normal(size=(batch, c_in, *size))
        weight, bias = rng.normal(size=(c_out, c_in // groups, 3, 3)), rng.normal(size=c_out)
        attrs = ConvAttrs(stride=(1, 1), padding=((1, 1),) * 2, dilation=(1, 1), groups=groups)
        by = ", Numba" if numba and size != (1, 1) else ""
        assert _check("conv", attrs, (x, weight, bias), rtol=1e-9) == name + by


@pytest.mark.parametrize("numba", [True, False])
def test_columns_of_any_stride_padding_and_dilation(numba: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also kernels and strides of two sizes, rows that begin in the padding, taps that meet nothing."""
    if numba and not machine_code.is_installed():
        pytest.skip("needs Numba")
    monkeypatch.setattr(machine_code, "is_installed", lambda: numba)
    rng = np.random.default_rng(2)
    strides, pads, dilations = ((1, 1), (2, 1), (1, 3)), (((0, 0), (0, 0)), ((2, 0), (1, 4))), ((1, 1), (2, 3))
    for stride, padding, dilation in itertools.product(strides, pads, dilations):
        attrs = ConvAttrs(stride=stride, padding=padding, dilation=dilation, groups=1)
        x, weight = rng.normal(size=(3, 2, 9, 23)), rng.normal(size=(7, 2, 4, 3))
        assert _check("conv", attrs, (x, weight, None), rtol=1e-9).endswith("Numba") == numba


@pytest.mark.skipif(not machine_code.is_installed(), reason="needs Numba")
def test_machine_code_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By functions made anew, as another process makes them; where nothing can be kept, it is compiled all the same."""
    from numba import config
    from numba.core import caching

    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    sums = np.zeros((3, 3, 2), np.float32)
    for again in (False, True):
        made = depthwise.__wrapped__((3, 3), 1).grad_weight
        grad = np.zeros((1, 3, 3), np.float32)
        made(grad, np.ones((1, 1, 2, 2), np.float32), np.ones((1, 1, 4, 4), np.float32), np.zeros((4, 4), np.float32),
             sums, 0, 0)  # fmt: skip
        np.testing.assert_array_equal(grad, np.full((1, 3, 3), 4))
        assert sum(made.stats.cache_hits.values()) == again
    kept = len(list(tmp_path.rglob("*.nbc")))
    assert kept == 1
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    assert machine_code.compiled(lambda x: x + 1)(1) == 2


def _in_double(graph: Graph) -> Graph:
    """The same network in float64, so that rounding is no part of a difference."""

    def double(value: Value) -> Value:
        spec = value.spec
        return replace(value, spec=replace(spec, dtype="float64") if spec.dtype == "float32" else spec)

    return replace(graph, values={name: double(value) for name, value in graph.values.items()})


@pytest.mark.parametrize(
    ("model", "shape"),
    [("mobilenet_v2:width=0.35", (3, 3, 32, 32)), ("googlenet", (2, 3, 64, 64)), ("lenet5", (5, 1, 32, 32))],
)
def test_networks_give_the_gradients_of_their_rules(model: str, shape: tuple[int, ...]) -> None:
    """Dropout draws the same, and batch normalisation moves the same running statistics."""
    graph = _in_double(netweight.capture(model, shape, training=True))
    weights = netweight.initialize(graph, seed=1, dtype="float64")
    rng = np.random.default_rng(2)
    feeds = {graph.inputs[0]: rng.normal(size=shape)}
    grad = {graph.outputs[0]: rng.normal(size=graph.spec(graph.outputs[0]).shape)}
    wanted = trainable(graph)
    step = Program(graph, wanted).step(feeds, weights, grad, np.random.default_rng(3))
    done = run(graph, feeds, weights, keep="saved", wanted=wanted, rng=np.random.default_rng(3))
    expected = backward(graph, done, grad)
    np.testing.assert_allclose(step.outputs[graph.outputs[0]], done.outputs[graph.outputs[0]], rtol=1e-6, atol=1e-8)
    assert step.updates.keys() == done.updates.keys()
    for name, array in done.updates.items():
        np.testing.assert_allclose(step.updates[name], array, rtol=1e-6, atol=1e-8, err_msg=name)
    assert step.grads.keys() == expected.keys() == set(wanted)
    for name, array in expected.items():
        np.testing.assert_allclose(step.grads[name], array, rtol=1e-5, atol=1e-8, err_msg=name)


def test_a_value_with_several_readers_and_a_detached_one() -> None:
    def describe(x: build.Symbol) -> build.Symbol:
        y = build.linear(x, 3, name="a")
        return y * y + build.detach(y) * build.relu(y) + x

    graph = build.graph(describe, (2, 3))
    weights = netweight.initialize(graph, seed=0)
    x = np.float32([[1, -2, 3], [0.5, 1, -1]])
    name = graph.outputs[0]
    grads = Program(graph, ["a.weight", "x"]).step({"x": x}, weights, {name: np.ones((2, 3), np.float32)}).grads
    given = torch.tensor(x, requires_grad=True)
    weight = torch.tensor(weights["a.weight"], requires_grad=True)
    y = torch.nn.functional.linear(given, weight, torch.tensor(weights["a.bias"]))
    (y * y + y.detach() * torch.relu(y) + given).sum().backward()
    np.testing.assert_allclose(grads["x"], given.grad, rtol=1e-5)
    np.testing.assert_allclose(grads["a.weight"], weight.grad, rtol=1e-5)


def test_max_pool_takes_the_first_of_equal_elements_and_keeps_what_is_no_number() -> None:
    graph = build.graph(lambda x: build.max_pool2d(x, 2), (1, 1, 2, 4))
    program = Program(graph, ["x"])
    x = np.float32([[[[5, 5, np.nan, 1], [5, 5, 2, np.inf]]]])
    step = program.step({"x": x}, {}, {graph.outputs[0]: np.float32([[[[1, 2]]]])})
    np.testing.assert_array_equal(step.outputs[graph.outputs[0]], [[[[5, np.nan]]]])
    np.testing.assert_array_equal(step.grads["x"], [[[[1, 0, 2, 0], [0, 0, 0, 0]]]])
    lowest = np.full((1, 1, 2, 4), -np.inf, np.float32)
    step = program.step({"x": lowest}, {}, {graph.outputs[0]: np.float32([[[[1, 2]]]])})
    np.testing.assert_array_equal(step.grads["x"], [[[[1, 0, 2, 0], [0, 0, 0, 0]]]])


@pytest.mark.parametrize("name", KERNELS["fast"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_kernels_of_a_run_are_their_rules(name: str, dtype: str) -> None:
    """In every mode of padding and every type: what is not the fast way's goes the other."""
    kernel = KERNELS["fast"][name]

    def law(attrs: Any, inputs: tuple[Any, ...]) -> None:
        given = tuple(None if x is None else x.astype(dtype) if x.dtype.kind == "f" else x for x in inputs)
        expected = as_tuple(REGISTRY[name].forward(attrs, *given))[0]
        tolerance = {"float64": 1e-9, "float32": 2e-4, "float16": 2e-2}[dtype]
        np.testing.assert_allclose(kernel(attrs, *given), expected, rtol=tolerance, atol=tolerance)
        assert kernel(attrs, *given).dtype == expected.dtype

    hold(law, CASES[name])


@pytest.mark.parametrize("size", [(1, 1), (7, 10)])
@pytest.mark.parametrize("batch", [1, 2, 9])
def test_largest_elements(batch: int, size: tuple[int, int]) -> None:
    """Odd sizes, windows that overlap, lie apart or reach beyond the end, and what is no number."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(batch, 3, *size)).astype(np.float32)
    x[-1, 1, -1, 0] = np.nan
    for kernel, stride, pad, ceil in itertools.product((1, 3), (1, 2, 3), (0, 1), (False, True)):
        if pad < kernel and size[0] + 2 * pad >= kernel:
            attrs = PoolAttrs(kernel_size=(kernel,) * 2, stride=(stride,) * 2, padding=((pad, pad),) * 2,
                              dilation=(1, 1), ceil_mode=ceil)  # fmt: skip
            expected = REGISTRY["max_pool"].forward(attrs, x)[0]  # type: ignore[index]
            np.testing.assert_array_equal(KERNELS["fast"]["max_pool"](attrs, x), expected)


def test_gradients_of_what_a_kernel_keeps_nothing_for() -> None:
    """A pooling whose positions backward reads is done by the rule."""
    x = np.float32([[[[1, 5, 3, 2], [4, 2, 7, 8]]]])
    one = build.graph(lambda x: build.max_pool2d(x, 2), (1, 1, 2, 4))
    done = run(one, {"x": x}, {}, keep="saved", kernels=KERNELS["fast"])
    grads = backward(one, done, {one.outputs[0]: np.float32([[[[1, 2]]]])})
    assert grads["x"].tolist() == [[[[0, 1, 0, 0], [0, 0, 0, 2]]]]


def _small_network() -> tuple[Graph, dict[str, Any], dict[str, Any]]:
    """Columns, a depthwise convolution and a pointwise one; weights, and gradients of the output."""

    def describe(x: build.Symbol) -> build.Symbol:
        x = build.relu(build.conv2d(x, 4, kernel_size=3, padding=1, name="a"))
        x = build.conv2d(x, 4, kernel_size=3, padding=1, groups=4, name="b")
        return build.conv2d(x, 3, kernel_size=1, name="c")

    graph = build.graph(describe, (2, 3, 8, 8))
    output = graph.outputs[0]
    return graph, netweight.initialize(graph), {output: np.ones(graph.spec(output).shape, np.float32)}


@pytest.mark.parametrize("kind", ["read only", "of the other order of bytes"])
def test_arrays_as_files_have_them(kind: str) -> None:
    graph, weights, grads = _small_network()
    x = np.random.default_rng(0).normal(size=(2, 3, 8, 8)).astype(np.float32)

    def stored(array: Any) -> Any:
        found = array.astype(array.dtype.newbyteorder()) if kind.startswith("of") else array.copy()
        found.flags.writeable = False
        return found

    expected = Program(graph, trainable(graph)).step({"x": x}, weights, grads)
    found = Program(graph, trainable(graph)).step(
        {"x": stored(x)}, {name: stored(array) for name, array in weights.items()},
        {name: stored(array) for name, array in grads.items()},
    )  # fmt: skip
    for name, array in expected.grads.items():
        np.testing.assert_allclose(found.grads[name], array, rtol=1e-5, err_msg=name)


def test_a_step_that_is_given_too_little_or_something_else() -> None:
    graph, weights, grads = _small_network()
    program = Program(graph, trainable(graph))
    x = np.zeros((2, 3, 8, 8), np.float32)
    with pytest.raises(UsageError, match="an array for input 'x', got none"):
        program.step({}, weights, grads)
    with pytest.raises(ShapeError, match=r"'x' of shape \(2, 3, 8, 8\), got \(1, 3, 8, 8\)"):
        program.step({"x": x[:1]}, weights, grads)
    with pytest.raises(UsageError, match=r"an array for parameter 'b\.bias', got none"):
        program.step({"x": x}, {name: array for name, array in weights.items() if name != "b.bias"}, grads)
