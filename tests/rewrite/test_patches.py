"""Networks in patches, proved by running them: the same outputs, and the work that was foretold."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import netweight
from netweight import Graph, build
from netweight.analysis.conventions import CONVENTIONS
from netweight.analysis.cost import weigh_graph
from netweight.analysis.patching.part import CutError
from netweight.analysis.patching.stage import Reach, Stage, patches
from netweight.analysis.patching.weighing import weigh_patches
from netweight.analysis.patching.work import macs_in_grid, macs_of, strips, uncut
from netweight.build import Symbol
from netweight.ir.validity import validate
from netweight.rewrite.patches import in_patches
from netweight.runtime import initialize, run
from rewrite.patched_networks import Drawn, drawn_networks


def stage_of(graph: Graph, end: int) -> Stage:
    return Stage(reach=Reach(graph), end=end)


def after_layer(graph: Graph, layer: str) -> Stage:
    inside = [step for step, node in enumerate(graph.nodes) if f"{node.layer}.".startswith(f"{layer}.")]
    return stage_of(graph, inside[-1] + 1)


def numbers(graph: Graph) -> tuple[dict[str, Any], dict[str, Any]]:
    """Random inputs and weights, in double precision: sums in another order still agree to 12 digits."""
    rng = np.random.default_rng(0)
    weights = initialize(graph, seed=1, dtype="float64")
    noisy = {name: array + 0.1 * rng.standard_normal(array.shape) for name, array in weights.items()}
    variances = {name: np.abs(noisy[name]) + 0.5 for name in noisy if name.endswith("running_var")}
    return {name: rng.standard_normal(graph.spec(name).shape) for name in graph.inputs}, noisy | variances


def check_same(graph: Graph, patched: Graph) -> None:
    validate(patched)
    inputs, weights = numbers(graph)
    with np.errstate(invalid="ignore"):  # roots of negative sums are no numbers in both
        expected, found = run(graph, inputs, weights).outputs, run(patched, inputs, weights).outputs
    assert list(expected) == list(found)
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, rtol=1e-9, atol=1e-12)


@settings(max_examples=60)
@given(drawn_networks())
def test_any_network_computes_the_same_in_patches_with_the_work_foretold(drawn: Drawn) -> None:
    """Kernels, strides, dilation, padding of any kind, branches, enlarging, grids that do not divide."""
    stage = stage_of(drawn.graph, drawn.end)
    try:
        patched = in_patches(stage, drawn.grid)
    except CutError:
        return
    check_same(drawn.graph, patched)
    if np.prod(drawn.grid) > 1:
        weighed = weigh_patches(stage, drawn.grid, rule=CONVENTIONS["inplace"])
        assert weighed.macs_after == weigh_graph(patched).totals.macs
        assert weighed.macs_before == weigh_graph(drawn.graph).totals.macs
        one = uncut(stage)
        along = [strips(stage, dim, count, one.macs) for dim, count in enumerate(drawn.grid)]
        inside = sum(macs_of(drawn.graph, drawn.graph.nodes[step]) for step in stage.steps)
        assert macs_in_grid(one, along) == weighed.macs_after - weighed.macs_before + inside


def test_few_of_the_drawn_networks_are_refused() -> None:
    """The test above says something: most of its networks run, and all kinds of layers are among those."""
    seen: Counter[str] = Counter()
    refused: Counter[str] = Counter()

    @settings(max_examples=100)
    @given(drawn_networks())
    def look(drawn: Drawn) -> None:
        stage = stage_of(drawn.graph, drawn.end)
        try:
            list(patches(stage, drawn.grid))
        except CutError as error:
            refused[error.message] += 1
        else:
            seen.update(drawn.graph.nodes[step].op for step in stage.steps)

    look()
    assert sum(refused.values()) < 40, refused
    ops = "conv conv_transpose max_pool avg_pool lp_pool resize pad slice split concat add pixel_shuffle permute flip"
    assert not [op for op in ops.split() if not seen[op]], seen


def test_a_patch_reads_what_it_needs_and_no_more() -> None:
    """Numbers outside of what a patch reads change nothing of it; those on its border do."""

    def describe(x: Symbol) -> Symbol:
        y = build.conv2d(x, 4, 3, stride=2, padding=1)
        y = build.add(y, build.conv2d(y, 4, (5, 3), padding=(2, 1), dilation=1))
        return build.avg_pool2d(build.relu(y), 3, 2, padding=1)

    graph = build.graph(describe, (1, 2, 41, 37))
    stage = stage_of(graph, len(graph.nodes))
    inputs, weights = numbers(graph)
    x, y = graph.inputs[0], graph.outputs[0]
    whole = run(graph, inputs, weights).outputs[y]
    for patch in patches(stage, (3, 4)):
        part = tuple(slice(*interval) for interval in patch.targets[y])
        box = patch.held[x]
        outside = np.ones(inputs[x].shape, bool)
        outside[tuple(slice(*interval) for interval in box)] = False
        changed = run(graph, {x: np.where(outside, 99.0, inputs[x])}, weights).outputs[y]
        np.testing.assert_array_equal(changed[part], whole[part])
        for dim in (2, 3):
            for edge in (box[dim].start, box[dim].stop - 1):
                touched = inputs[x].copy()
                touched[(slice(None),) * dim + (edge,)] += 1.0
                assert (run(graph, {x: touched}, weights).outputs[y][part] != whole[part]).any()


def unet_encoder(x: Symbol) -> Symbol:
    """Three levels of an encoder, whose maps a decoder reads again."""
    levels = []
    for level, channels in enumerate((4, 8, 16)):
        for name in ("a", "b"):
            x = build.relu(build.conv2d(x, channels, 3, padding=1, name=f"down{level}{name}"))
        levels.append(x)
        x = build.max_pool2d(x, 2, name=f"pool{level}")
    for level, (channels, skip) in enumerate(zip((16, 8, 4), reversed(levels), strict=True)):
        x = build.conv_transpose2d(x, channels, 2, stride=2, name=f"up{level}")
        x = build.relu(build.conv2d(build.concat((skip, x), 1), channels, 3, padding=1, name=f"join{level}"))
    return x


NETWORKS = {
    "mobilenet_v2": (lambda: netweight.capture("mobilenet_v2", (1, 3, 96, 96)), "features.4", (4, 4)),
    "resnet18": (lambda: netweight.capture("resnet18", (1, 3, 64, 64)), "layer2.0", (3, 2)),
    "encoder": (lambda: build.graph(unet_encoder, (1, 3, 40, 48)), "pool2", (2, 3)),
    "encoder and decoder": (lambda: build.graph(unet_encoder, (1, 3, 40, 48)), "up1", (3, 2)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_known_networks_compute_the_same_in_patches(name: str) -> None:
    make, layer, grid = NETWORKS[name]
    graph = make()
    stage = after_layer(graph, layer)
    patched = in_patches(stage, grid)
    check_same(graph, patched)
    weighed = weigh_patches(stage, grid, rule=CONVENTIONS["inplace"])
    assert weighed.macs_after == weigh_graph(patched).totals.macs > weighed.macs_before


@pytest.mark.parametrize("name", NETWORKS)
def test_onnx_runtime_computes_the_same_in_patches(name: str) -> None:
    """The file in patches, run by somebody else, against the network as it is, run here."""
    pytest.importorskip("onnxruntime")
    from netweight.sources.onnx.write.writer import to_onnx
    from sources.onnx.exporting import session

    make, layer, grid = NETWORKS[name]
    graph = make()
    inputs, weights = ({n: a.astype("float32") for n, a in arrays.items()} for arrays in numbers(graph))
    model = to_onnx(in_patches(after_layer(graph, layer), grid), weights)
    found = session(model).run(None, inputs)
    for array, expected in zip(found, run(graph, inputs, weights).outputs.values(), strict=True):
        scale = np.abs(expected).max()
        assert np.abs(array - expected).max() <= 1e-6 * scale * 10
