"""Networks in patches, proved by running them: the same outputs, and the work that was foretold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import netweight
from netweight import Graph, build
from netweight.analysis.conventions import CONVENTIONS
from netweight.analysis.cost import weigh_graph
from netweight.analysis.patching.box import whole
from netweight.analysis.patching.part import CutError
from netweight.analysis.patching.search import split_points
from netweight.analysis.patching.stage import Reach, Stage, patches
from netweight.analysis.patching.weighing import weigh_patches
from netweight.analysis.patching.work import macs_in_grid, macs_of, strips, uncut
from netweight.app.asked import Asked
from netweight.app.identify import resolve
from netweight.app.load import load
from netweight.build import Symbol
from netweight.ir.validity import validate
from netweight.rewrite.patches import in_patches
from netweight.runtime import initialize, run
from netweight.runtime.kernels import KERNELS
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


def outputs_of(graph: Graph, inputs: dict[str, Any], weights: dict[str, Any]) -> dict[str, Any]:
    with np.errstate(invalid="ignore"):  # roots of negative sums are no numbers
        return run(graph, inputs, weights, kernels=KERNELS["im2col"]).outputs


def check_same(graph: Graph, patched: Graph) -> None:
    validate(patched)
    inputs, weights = numbers(graph)
    expected, found = outputs_of(graph, inputs, weights), outputs_of(patched, inputs, weights)
    assert list(expected) == list(found)
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, rtol=1e-9, atol=1e-11)


@settings(max_examples=40)
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


def stretched(x: Symbol) -> Symbol:
    """A map that grows along its rows by being repeated, and one more that broadcasts over it."""
    wide = build.expand(build.mean(x, 1, keepdim=True), x.shape[0], 3, *x.shape[2:])
    return build.mul(wide, build.parameter(x, "rows", (1, 1, x.shape[2], 1)))


LAYERS: dict[str, Any] = {
    "stride": lambda x: build.conv2d(x, 3, 3, stride=2, padding=1),
    "dilation": lambda x: build.conv2d(x, 3, (3, 2), dilation=(2, 3), padding=2),
    "one side padded": lambda x: build.conv2d(x, 3, 3, padding=((2, 0), (0, 1))),
    "same, even kernel": lambda x: build.conv2d(x, 3, 4, padding="same"),
    "full": lambda x: build.conv2d(x, 3, 3, padding="full"),
    "stride beyond the kernel": lambda x: build.conv2d(x, 3, 1, stride=3),
    "reflected": lambda x: build.conv2d(x, 3, 3, padding=1, padding_mode="reflect"),
    "repeated at the edge": lambda x: build.conv2d(x, 3, 5, padding=2, padding_mode="replicate"),
    "depthwise": lambda x: build.conv2d(x, 4, 5, padding=2, groups=4),
    "max": lambda x: build.max_pool2d(x, 3, 2, padding=1, dilation=2),
    "max, ceil": lambda x: build.max_pool2d(x, 3, 3, ceil_mode=True),
    "min": lambda x: build.min_pool2d(x, 2, 2),
    "mean of padding": lambda x: build.avg_pool2d(x, 3, 2, padding=1, ceil_mode=True),
    "mean without padding": lambda x: build.avg_pool2d(x, 3, 2, padding=1, ceil_mode=True, count_include_pad=False),
    "mean by a divisor": lambda x: build.avg_pool2d(x, 3, 1, padding=1, divisor_override=4),
    "power mean, cut short": lambda x: build.lp_pool2d(build.relu(x), 3.0, 3, 2, ceil_mode=True),
    "equal windows": lambda x: build.adaptive_avg_pool2d(x, (4, 11)),
    "equal windows, max": lambda x: build.adaptive_max_pool2d(x, (6, 11)),
    "transposed": lambda x: build.conv_transpose2d(x, 3, 3, stride=2, padding=1, output_padding=1),
    "transposed, with gaps": lambda x: build.conv_transpose2d(x, 3, 2, stride=3, output_padding=2),
    "transposed, dilated": lambda x: build.conv_transpose2d(x, 3, 3, stride=2, dilation=2, padding=2),
    "nearest": lambda x: build.interpolate(x, scale_factor=2, mode="nearest"),
    "nearest, down": lambda x: build.interpolate(x, size=(4, 11), mode="nearest-exact"),
    "bilinear": lambda x: build.interpolate(x, scale_factor=2, mode="bilinear"),
    "bilinear, by halves": lambda x: build.interpolate(x, size=(18, 33), mode="bilinear"),
    "bilinear, down, smoothed": lambda x: build.interpolate(x, size=(6, 11), mode="bilinear", antialias=True),
    "bicubic, corners": lambda x: build.interpolate(x, size=(20, 30), mode="bicubic", align_corners=True),
    "to pixels": lambda x: build.pixel_shuffle(x, 2),
    "from pixels": lambda x: build.pixel_unshuffle(build.pad(x, (0, 0, 0, 0)), 1),
    "padded": lambda x: build.pad(x, (1, 2, 2, 0), "constant", 0.5),
    "padded by reflection": lambda x: build.pad(x, (1, 1, 2, 2), "reflect"),
    "cropped": lambda x: build.pad(x, (-1, -2, 0, -3)),
    "every second row": lambda x: x[(slice(None), slice(None), slice(1, None, 2))],
    "rows turned round": lambda x: build.flip(x, 2),
    "channels split and joined": lambda x: build.concat((build.split(x, [1, 3], 1)[1], x), 1),
    "a half of the channels": lambda x: build.conv2d(build.narrow(x, 1, 2, 2), 3, 3, padding=1),
    "channels shuffled": lambda x: build.channel_shuffle(x, 2),
    "channels regrouped": lambda x: build.reshape(build.reshape(x, 1, 2, 2, *x.shape[2:]), *x.shape),
    "rows regrouped": lambda x: build.reshape(build.reshape(x, 1, 4, 6, 44), *x.shape),
    "channels last": lambda x: build.permute(
        build.gelu(build.linear(build.layer_norm(build.permute(x, 0, 2, 3, 1)), 5)), 0, 3, 1, 2
    ),
    "attention over channels": lambda x: build.mul(x, build.sigmoid(build.mean(x, 1, keepdim=True))),
    "softmax over channels": lambda x: build.softmax(x, 1),
    "gated": lambda x: build.glu(x, 1),
    "normalised": lambda x: build.local_response_norm(build.batch_norm(x), 3),
    "slopes of channels": build.prelu,
    "stretched": stretched,
    "in place": lambda x: build.relu(build.add(x, 1.0), inplace=True),
    "shortcut": lambda x: build.add(x, build.conv2d(build.conv2d(x, 6, 3, padding=1), 4, 3, padding=1)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_computes_the_same_in_patches(name: str) -> None:
    """Between two convolutions, so that it is asked for parts with a halo, over 12 rows and 22 columns."""

    def describe(x: Symbol) -> Symbol:
        x = build.conv2d(x, 4, 3, padding=1, name="first")
        x = build.conv2d(LAYERS[name](x), 2, 3, padding=1, name="last")
        return build.relu(x, name="after")

    graph = build.graph(describe, (1, 2, 12, 22))
    stage = after_layer(graph, "last")
    for grid in ((2, 1), (3, 4)):
        patched = in_patches(stage, grid)
        check_same(graph, patched)
        pads = [node.attrs.padding for node in patched.nodes if hasattr(node.attrs, "padding") and node.op != "pad"]
        assert np.min(pads) >= 0  # ONNX has no others
        assert weigh_patches(stage, grid, rule=CONVENTIONS["inplace"]).macs_after == weigh_graph(patched).totals.macs
        one = uncut(stage)
        along = [strips(stage, dim, count, one.macs) for dim, count in enumerate(grid)]
        assert macs_in_grid(one, along) == weigh_graph(patched).totals.macs
    found = patches(stage, (3, 4))
    assert any(patch.held[graph.inputs[0]] != whole((1, 2, 12, 22)) for patch in found) or name in (
        "bicubic, corners",
        "rows regrouped",
    )


def test_what_is_written_over_a_map_is_written_over_what_joins_it() -> None:
    def describe(x: Symbol) -> Symbol:
        x = build.relu(build.conv2d(x, 2, 3, padding=1, name="c"), inplace=True, name="act")
        return build.conv2d(build.relu6(x, inplace=True, name="again"), 1, 1, name="head")

    graph = build.graph(describe, (1, 1, 6, 6))
    assert graph.values["again"].storage == "c"
    patched = in_patches(after_layer(graph, "act"), (2, 2))
    assert patched.values["again"].storage == patched.values["act"].storage == "act"


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
    everything = run(graph, inputs, weights).outputs[y]
    for patch in patches(stage, (3, 4)):
        part = tuple(slice(*interval) for interval in patch.targets[y])
        box = patch.held[x]
        outside = np.ones(inputs[x].shape, bool)
        outside[tuple(slice(*interval) for interval in box)] = False
        changed = run(graph, {x: np.where(outside, 99.0, inputs[x])}, weights).outputs[y]
        np.testing.assert_array_equal(changed[part], everything[part])
        for dim in (2, 3):
            for edge in (box[dim].start, box[dim].stop - 1):
                touched = inputs[x].copy()
                touched[(slice(None),) * dim + (edge,)] += 1.0
                assert (run(graph, {x: touched}, weights).outputs[y][part] != everything[part]).any()


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
    "resnet18": (lambda: netweight.capture("resnet18", (1, 3, 48, 40)), "layer2.0", (3, 2)),
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
    """The file in patches, run by somebody else, against the network as it is, run here; in single precision.

    The maps that patches fill agree to a part in a million; the 50 layers after those add their own rounding.
    """
    pytest.importorskip("onnxruntime")
    from netweight.sources.onnx.write.writer import to_onnx
    from sources.onnx.exporting import session

    make, layer, grid = NETWORKS[name]
    graph = make()
    stage = after_layer(graph, layer)
    inputs, weights = ({n: a.astype("float32") for n, a in arrays.items()} for arrays in numbers(graph))
    seen = (*stage.results, *graph.outputs)
    model = to_onnx(replace(in_patches(stage, grid), outputs=seen), weights)
    expected = outputs_of(replace(graph, outputs=seen), inputs, weights)
    for value, array in zip(seen, session(model).run(None, inputs), strict=True):
        most = 1e-6 if value in stage.results else 1e-5
        assert np.abs(array - expected[value]).max() <= most * np.abs(expected[value]).max()


@pytest.mark.parametrize("name", ["mlperf_vww_96_int8", "tflm_micro_speech_quantized", "mlperf_kws_ref_model"])
def test_networks_of_integers_are_the_same_to_the_bit(name: str) -> None:
    """TFLite files in int8, whose padding is with zero points, and whose kernels are several operators each."""
    pytest.importorskip("tflite")
    loaded = load(resolve(str(Path(__file__).parents[1] / "models" / "tflite" / f"{name}.tflite")), Asked())
    graph, weights = loaded.graph, loaded.weights()  # type: ignore[misc]
    ends = [split.stage.end for split in split_points(graph) if not split.refusal]
    stage = stage_of(graph, ends[min(8, len(ends) - 1)])
    rng = np.random.default_rng(0)
    inputs = {value: rng.integers(-128, 128, graph.spec(value).shape).astype("int8") for value in graph.inputs}
    expected = outputs_of(graph, inputs, weights)
    assert all(array.min() < array.max() for array in expected.values())
    patched = in_patches(stage, (3, *[1] * (stage.rank - 1)))
    validate(patched)
    assert len(patched.fused) > len(graph.fused)
    for value, array in outputs_of(patched, inputs, weights).items():
        np.testing.assert_array_equal(array, expected[value])
    weighed = weigh_patches(stage, (3, *[1] * (stage.rank - 1)), rule=CONVENTIONS["inplace"])
    assert weighed.macs_after == weigh_graph(patched).totals.macs
