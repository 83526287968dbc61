"""What holds for every built-in network, whatever it is."""

import json
from functools import cache

import numpy as np
import pytest

from netweight import Profile, capture, initialize, models, run, weigh
from netweight.count import formula, parse
from netweight.ir import validate
from netweight.ir.serial import graph_from_json, graph_to_json
from netweight.ops import REGISTRY
from netweight.results.from_json import profile_from_dict
from netweight.results.profile import FORMULA_FIELDS
from netweight.runtime.kernels import KERNELS

NAMES = [model.name for model in models()]
every_network = pytest.mark.parametrize("name", NAMES)
captured, weighed = cache(capture), cache(weigh)
"""Once for all of these tests."""


@every_network
def test_every_printed_formula_gives_its_figure(name: str) -> None:
    profile = weighed(name)
    assert profile.coverage.complete
    for row in profile.layers:
        for figure in FORMULA_FIELDS:
            value = getattr(row, figure)
            assert parse(formula(value)) == value, (row.layer, figure)
        assert row.formulas.keys() == {figure for figure in FORMULA_FIELDS if getattr(row, figure)}


@every_network
def test_layers_modules_and_totals_add_up(name: str) -> None:
    profile = weighed(name)
    root = profile.modules[0]
    for figure in ("params", "params_no_bias", "macs", "flops", "ops_total", "bytes_read", "bytes_written"):
        total = getattr(profile.totals, figure)
        assert sum(getattr(row, figure) for row in profile.layers) == total == getattr(root, figure)
    assert sum(row.activation_count for row in profile.layers) == profile.activations["lecture"].total_count
    graph = captured(name)
    params = [value for value in graph.values.values() if value.kind == "parameter"]
    assert sum(value.spec.numel for value in params) == profile.totals.params
    assert sum(value.stored_bytes for value in params) == profile.totals.model_size_bytes


@every_network
def test_graph_and_profile_survive_json(name: str) -> None:
    graph = captured(name)
    validate(graph)
    assert graph_from_json(graph_to_json(graph), {op.name: op.attrs for op in REGISTRY.values()}) == graph
    profile = weighed(name)
    assert Profile.of(profile_from_dict(json.loads(profile.to_json()))) == profile


@every_network
def test_a_batch_of_two_is_twice_the_work(name: str) -> None:
    one, two = weighed(name), weigh(name, batch=2)
    assert two.totals.macs == 2 * one.totals.macs
    assert two.totals.params == one.totals.params
    assert two.activations["lecture"].total_count == 2 * one.activations["lecture"].total_count


# Small enough to run here: the smallest member of each family, at a resolution that its strides leave something of.
SMALL = [
    "mlp", "shallow_cnn", "lenet5", "lenet5-1998", "nin", "alexnet:resolution=95", "alexnet-one-tower:resolution=64",
    "vgg11_bn:resolution=32", "googlenet:resolution=64", "googlenet-3x3:resolution=64",
    "inception_v3:resolution=80", "resnet18:resolution=64", "resnet50:resolution=64", "resnet50-v1:resolution=64",
    "densenet121:resolution=64", "densenet-cifar", "mobilenet_v1:width=0.25,resolution=64",
    "mobilenet_v2:width=0.35,resolution=64", "xception:resolution=75", "vit_b_32", "transformer_encoder",
]  # fmt: skip


@pytest.mark.parametrize("name", SMALL)
def test_every_family_runs(name: str) -> None:
    """Output of the foreseen shape and type, finite, and dependent on the input."""
    graph = capture(name)
    weights = initialize(graph)
    rng = np.random.default_rng(0)
    results = []
    for _ in range(2):
        inputs = {key: rng.standard_normal(graph.spec(key).shape).astype(np.float32) for key in graph.inputs}
        done = run(graph, inputs, weights, kernels=KERNELS["im2col"])
        for output in graph.outputs:
            assert done.outputs[output].shape == graph.spec(output).shape
            assert done.outputs[output].dtype == np.float32
            assert np.isfinite(done.outputs[output]).all()
        results.append(done.outputs[graph.outputs[0]])
    assert np.any(results[0] != results[1])
