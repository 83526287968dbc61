"""Patch by patch: published figures with their arithmetic, peaks counted by hand, and which splits are best."""

from __future__ import annotations

from typing import Any

import pytest

import netweight
from netweight import Graph, UnknownNameError, UsageError, build
from netweight.analysis.patching.box import Interval
from netweight.analysis.patching.part import CutError
from netweight.analysis.patching.peak import peak_after, peak_of_patch, rule_for
from netweight.analysis.patching.search import Search, best_patches, split_points
from netweight.analysis.patching.stage import Reach, Stage, patches
from netweight.analysis.patching.weighing import weigh_patches
from netweight.build import Symbol
from netweight.rewrite.bits import parse_bits, with_bits


def int8(name: str, shape: tuple[int, ...] | None = None) -> Graph:
    return with_bits(netweight.capture(name, shape), parse_bits("8"))


def stage_after(graph: Graph, layer: str) -> Stage:
    inside = [step for step, node in enumerate(graph.nodes) if f"{node.layer}.".startswith(f"{layer}.")]
    return Stage(reach=Reach(graph), end=inside[-1] + 1)


def test_mobilenet_v2_in_4x4_patches() -> None:
    """Lin, Chen, Cai, Gan & Han 2021 (MCUNetV2): 175,616 bytes, patches of 75x75x3 to 7x7x32, 9.3 % more MACs.

    The map after features.4 is the first of 28x28x32; a quarter of its sides is 7. Back from there: a 3x3 convolution
    reads (n - 1) s + 3 positions, a 1x1 convolution n:
        features.4  stride 2   7 -> 15
        features.3  stride 1  15 -> 17
        features.2  stride 2  17 -> 35
        features.1  stride 1  35 -> 37
        features.0  stride 2  37 -> 75
    Afterwards the first bottleneck of features.5 is the largest: its input and what it widens that to,
    28 * 28 * 32 + 28 * 28 * 192 = 25,088 + 150,528 = 175,616 bytes; without patches it is that of features.2,
    112 * 112 * 16 + 112 * 112 * 96 = 1,404,928.
    """
    graph = int8("mobilenet_v2")
    found = weigh_patches(stage_after(graph, "features.4"), (4, 4), rule=rule_for("mcunet-v2"))
    parts = {tensor.name: tensor for tensor in found.tensors}
    assert (28 * 28 * (32 + 192), 112 * 112 * (16 + 96)) == (175_616, 1_404_928)
    assert (found.after.nbytes, found.before.nbytes, found.peak_bytes) == (175_616, 1_404_928, 175_616)
    assert found.after.layer.startswith("features.5.conv.0")
    assert parts["x"].part == (1, 3, 75, 75)
    assert parts["x"].share == (1, 3, 56, 56)
    assert parts["x"].overlap == (0, 0, 19, 19)
    assert parts[found.results[0]].part == (1, 32, 7, 7)
    assert (found.macs_before, found.macs_after) == (300_774_272, macs_of_mobilenet_v2_by_hand())
    assert round(100 * found.recomputed_macs / found.macs_before, 1) == 9.3


def macs_of_mobilenet_v2_by_hand() -> int:
    """MACs in 4x4 patches, counted position by position along one side, as both sides are alike."""
    # features.4 to features.0, backwards: output size, taps, stride; MACs per position of the output.
    layers = [
        (28, 1, 1, 144 * 32), (28, 3, 2, 9 * 144), (56, 1, 1, 24 * 144),  # features.4
        (56, 1, 1, 144 * 24), (56, 3, 1, 9 * 144), (56, 1, 1, 24 * 144),  # features.3, and its shortcut
        (56, 1, 1, 96 * 24), (56, 3, 2, 9 * 96), (112, 1, 1, 16 * 96),  # features.2
        (112, 1, 1, 32 * 16), (112, 3, 1, 9 * 32), (112, 3, 2, 27 * 32),  # features.1 and features.0
    ]  # fmt: skip
    more = 0
    sides = [set(range(7 * patch, 7 * patch + 7)) for patch in range(4)]
    for size, taps, stride, work in layers:
        side = sum(len([at for at in positions if 0 <= at < size]) for positions in sides)
        more += work * (side**2 - size**2)
        sides = [
            {at * stride + tap - taps // 2 for at in positions if 0 <= at < size for tap in range(taps)}
            for positions in sides
        ]
    return 300_774_272 + more


def test_what_is_alive_in_a_patch_by_hand() -> None:
    """A map of 12 cut in 3 strips, float32, two channels in and out of each of three layers.

    The middle strip has 4 of the last map; back from there a kernel of 3 reads 6 and then 8, that of 1 reads 8 too.
    Streamed: the map (2 * 12 * 4 = 96 bytes), what the first layer reads (1 * 8 * 4 = 32) and writes (2 * 8 * 4 = 64).
    Held whole the input is 48 bytes, of which the patch reads its part where it lies.
    """

    def describe(x: Symbol) -> Symbol:
        for number, kernel in enumerate((1, 3, 3)):
            x = build.conv1d(x, 2, kernel, padding=kernel // 2, name=f"c{number}")
        return build.conv1d(x, 1, 1, name="last")

    graph = build.graph(describe, (1, 1, 12))
    stage = stage_after(graph, "c2")
    middle = list(patches(stage, (3,)))[1]
    rule = rule_for("liveness")
    found = peak_of_patch(stage, middle, rule, streamed=True)
    assert dict(middle.held) == {
        "c2": ((0, 1), (0, 2), (4, 8)),
        "c1": ((0, 1), (0, 2), (3, 9)),
        "c0": ((0, 1), (0, 2), (2, 10)),
        "x": ((0, 1), (0, 1), (2, 10)),
    }
    # At c0: 96 + 32 + 64 = 192. At c1: 96 + 64 + 2 * 6 * 4 = 208. At c2 nothing but the map and c1's 48.
    assert (found.nbytes, found.layer) == (96 + 64 + 48, "c1")
    assert sorted(size for _, size in found.tensors) == [48, 64, 96]
    held = peak_of_patch(stage, middle, rule, streamed=False)
    assert (held.nbytes, held.layer) == (48 + 96 + 64 + 48, "c1")


def test_a_part_of_a_map_that_is_written_over_a_larger_tensor_takes_that() -> None:
    """A depthwise convolution of stride 2, in place in int8: 8 channels of 16 positions become 8 of 8, in two strips.

    The second strip has 4 of the map, which 9 positions are read for: the map 8 * 8 = 64, the input 9, widened 8 * 9.
    """

    def describe(x: Symbol) -> Symbol:
        x = build.conv1d(x, 8, 1, bias=False, name="widen")
        x = build.conv1d(x, 8, 3, padding=1, stride=2, groups=8, bias=False, name="depthwise")
        return build.conv1d(x, 1, 1, bias=False, name="head")

    stage = stage_after(with_bits(build.graph(describe, (1, 1, 16)), parse_bits("8")), "depthwise")
    second = list(patches(stage, (2,)))[1]
    found = peak_of_patch(stage, second, rule_for("inplace"), streamed=True)
    assert (found.nbytes, found.layer) == (64 + 9 + 8 * 9, "widen")


def test_an_input_that_is_read_later_stays_in_memory_whole() -> None:
    """A shortcut from the input around the patches, 2 * 12 * 4 = 96 bytes; ``io-held`` keeps any to the end."""

    def describe(shortcut: bool) -> Graph:
        def network(x: Symbol) -> Symbol:
            y = build.conv1d(x, 2, 3, padding=1, name="c0")
            y = build.conv1d(y, 2, 3, padding=1, name="c1")
            return build.add(y, x, name="sum") if shortcut else build.conv1d(y, 2, 1, name="sum")

        return build.graph(network, (1, 2, 12))

    rule = rule_for("liveness")
    for shortcut in (True, False):
        stage = stage_after(describe(shortcut), "c0")
        found = peak_of_patch(stage, next(patches(stage, (2,))), rule, streamed=True)
        assert (("x", 96) in found.tensors) is shortcut
    stage = stage_after(describe(shortcut=False), "c0")
    after = {name: peak_after(stage, rule_for(name), streamed=False).nbytes for name in ("liveness", "io-held")}
    assert after == {"liveness": 96 + 96, "io-held": 96 + 96 + 96}
    assert peak_after(stage, rule_for("io-held"), streamed=True).nbytes == 96 + 96


def test_what_works_in_place_does_so_in_a_patch() -> None:
    """An activation written over the result before it: the second of two strips of 12 has 6 of the map and 7 before."""

    def describe(x: Symbol) -> Symbol:
        x = build.relu(build.conv1d(x, 2, 1, name="c0"), inplace=True, name="act")
        return build.conv1d(build.conv1d(x, 2, 3, padding=1, name="c1"), 1, 1, name="head")

    stage = stage_after(build.graph(describe, (1, 1, 12)), "c1")
    second = list(patches(stage, (2,)))[1]
    found = peak_of_patch(stage, second, rule_for("liveness", as_written=True), streamed=True)
    # The map 2 * 12, the input 7 and c0 2 * 7, of 4 bytes; act is no third.
    assert (found.nbytes, found.layer) == (4 * (24 + 7 + 14), "c0")


def test_a_map_that_later_layers_read_again_is_filled_by_the_patches_too() -> None:
    """An encoder whose first map a decoder reads: both maps are results, each cut into the grid, and both are there."""

    def describe(x: Symbol) -> Symbol:
        first = build.relu(build.conv2d(x, 4, 3, padding=1, name="first"), name="act")
        pooled = build.max_pool2d(first, 2, name="pool")
        up = build.interpolate(build.conv2d(pooled, 4, 1, name="deep"), scale_factor=2, name="up")
        return build.conv2d(build.concat((first, up), 1, name="both"), 1, 1, name="head")

    stage = stage_after(build.graph(describe, (1, 1, 8, 8)), "pool")
    assert stage.results == ("act", "pool")
    found = list(patches(stage, (2, 1)))
    assert [patch.targets["pool"][2] for patch in found] == [(0, 2), (2, 4)]
    assert [patch.targets["act"][2] for patch in found] == [(0, 4), (4, 8)]
    moment = peak_of_patch(stage, found[0], rule_for("liveness"), streamed=True)
    assert dict(moment.tensors[:2]) == {"act": 4 * 64 * 4, "pool": 4 * 16 * 4}


@pytest.mark.parametrize(("name", "streamed"), [("mcunet-v2", True), ("liveness", False)])
def test_the_search_finds_what_trying_everything_finds(name: str, streamed: bool) -> None:
    """Every place to end, every grid of the search: none takes less memory for as few MACs."""

    def describe(x: Symbol) -> Symbol:
        for block, (channels, stride) in enumerate([(4, 1), (8, 2), (8, 1), (12, 2)]):
            y = build.relu(build.conv2d(x, 12, 1, name=f"{block}.widen"), name=f"{block}.act")
            y = build.conv2d(y, 12, 3, padding=1, stride=stride, groups=12, name=f"{block}.depthwise")
            y = build.conv2d(y, channels, 1, name=f"{block}.project")
            x = build.add(x, y, name=f"{block}.add") if x.shape == y.shape else y
        return build.flatten(build.global_avg_pool(x, name="pool"))

    graph = with_bits(build.graph(describe, (1, 4, 20, 17)), parse_bits("8"))
    rule = rule_for(name)
    options = Search(graph=graph, rule=rule, streamed=streamed).best()
    everything: list[tuple[int, int]] = []
    for split in split_points(graph):
        for grid in ((2, 2), (3, 3), (5, 5), (2, 1), (4, 1)):
            try:
                found = weigh_patches(split.stage, grid, rule=rule, streamed=streamed)
            except CutError:
                continue
            everything.append((found.macs_after, found.peak_bytes))
            chosen = [option for option in options if (option.end, option.grid) == (split.stage.end, grid)]
            assert all((o.macs, o.peak_bytes) == (found.macs_after, found.peak_bytes) for o in chosen)
    assert len(everything) > 30
    assert len(options) > 3
    for macs, peak in everything:
        if macs <= 2 * found.macs_before and peak < found.before.nbytes:
            assert any(option.macs <= macs and option.peak_bytes <= peak for option in options)
    assert [o.peak_bytes for o in options] == sorted({o.peak_bytes for o in options}, reverse=True)


def test_a_limit_takes_the_fewest_macs_that_reach_it() -> None:
    graph = int8("mobilenet_v2")
    option = best_patches(graph, 256 * 1024, rule=rule_for("mcunet-v2"))
    assert option is not None
    assert (option.layer, option.grid) == ("features.4.conv.3", (3, 3))
    assert option.peak_bytes <= 256 * 1024
    assert best_patches(graph, 1000, rule=rule_for("mcunet-v2")) is None


@pytest.mark.parametrize(
    ("layer", "grid", "says"),
    [
        ("features.4", (4,), "expected 2 numbers of patches"),
        ("features.4", (29, 1), "expected no more than 28x28 after features.4"),
        ("features.4", (0, 2), "from 1 on, got 0x2"),
        ("avgpool", (1, 1), "got one that reads all"),
        ("classifier.1", (1, 1), "expected maps of samples, channels and places"),
    ],
)
def test_what_cannot_be_cut_is_said(layer: str, grid: tuple[int, ...], says: str) -> None:
    graph = int8("mobilenet_v2")
    with pytest.raises(CutError, match=says):
        list(patches(stage_after(graph, layer), grid))


MIXING: dict[str, tuple[Any, str]] = {
    "group norm": (lambda x: build.group_norm(x, 2), "group_norm: expected an operator that works on patches"),
    "softmax along rows": (lambda x: build.softmax(x, 2), "softmax: expected all positions along dim 2"),
    "circular": (lambda x: build.conv2d(x, 2, 3, padding=1, padding_mode="circular"), "got circular padding"),
    "rolled": (lambda x: build.roll(x, 1, 2), "roll: expected an operator that works on patches"),
    "joined along rows": (lambda x: build.concat((x, x), 2), "concat: expected all positions along dim 2"),
    "split along rows": (lambda x: build.split(x, [4, 8], 2)[1], "expected a split along another dimension"),
    "windows of two sizes": (lambda x: build.adaptive_avg_pool2d(x, (5, 5)), "windows of one size, got 12"),
    "padding alone": (lambda x: build.pad(x, (0, 0, 9, 9)), "got one of padding alone"),
    "reflected further": (lambda x: build.pad(x, (0, 0, 3, 3), "reflect"), "wider than the padding that reflects"),
    "reflected from all there is": (lambda x: build.pad(x, (0, 0, 2, 2), "reflect"), "that reflects them, got 2"),
    "dropped at random": (build.dropout, "dropout: expected an operator that works on patches"),
}


@pytest.mark.parametrize("name", MIXING)
def test_operators_that_mix_positions_are_refused_with_the_reason(name: str) -> None:
    layer, says = MIXING[name]

    def describe(x: Symbol) -> Symbol:
        return build.relu(layer(x))

    graph = build.graph(describe, (1, 2, 12, 12), training=name == "dropped at random")
    with pytest.raises(CutError, match=says) as error:
        list(patches(Stage(reach=Reach(graph), end=len(graph.nodes)), (4, 1)))
    assert error.value.__notes__


def test_a_resize_whose_weights_do_not_repeat_is_made_whole_for_every_patch() -> None:
    """Corners aligned: 8 positions to 15 in steps of 7/14, so that a part would be stretched otherwise. A note says so.

    With half-pixel centres, 8 to 16, a patch of 4 reads 2 positions, one on either side, and one more where that keeps
    the edge of the part away.
    """

    def stage(align_corners: bool, size: int) -> Stage:
        def describe(x: Symbol) -> Symbol:
            y = build.interpolate(x, size=(size, 1), mode="bilinear", align_corners=align_corners, name="up")
            return build.relu(build.conv2d(y, 1, 1, name="c"))

        return stage_after(build.graph(describe, (1, 1, 8, 1)), "c")

    assert all(patch.held["x"][2] == (0, 8) for patch in patches(stage(True, 15), (4, 1)))
    assert [patch.held["x"][2] for patch in patches(stage(False, 16), (4, 1))] == [(0, 3), (1, 5), (3, 7), (5, 8)]
    rule = rule_for("liveness")
    assert weigh_patches(stage(True, 15), (4, 1), rule=rule).notes == (
        "a patch has all of up: only what comes after it is shared out",
    )
    assert weigh_patches(stage(False, 16), (4, 1), rule=rule).notes == ()


def test_conventions_that_say_nothing_about_patches_are_refused() -> None:
    for name in ("lecture", "torch-eager", "segment-overlap"):
        with pytest.raises(UsageError, match="whole tensors that are alive per step"):
            rule_for(name)
    with pytest.raises(UnknownNameError):
        rule_for("mcunet")
    with pytest.raises(UsageError, match="at least two patches"):
        weigh_patches(stage_after(int8("mobilenet_v2"), "features.4"), (1, 1), rule=rule_for("liveness"))


def test_intervals_are_shown_as_slices() -> None:
    assert str(Interval(3, 9)) == "3:9"
