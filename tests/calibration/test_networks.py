"""The networks that are measured: the same everywhere, of every class, none that anybody publishes."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

import netweight
from netweight.analysis.latency.work import kernel_works
from netweight.calibration.calibration import KERNELS
from netweight.calibration.classes import class_of
from netweight.calibration.fit import LEAST_SAMPLES
from netweight.calibration.networks import calibration_networks, spread
from netweight.calibration.witnesses import WITNESSES, witnesses
from netweight.ir import Graph

PREDICTED = (
    "alexnet", "vgg16", "resnet18", "resnet50", "mobilenet_v1", "mobilenet_v2", "densenet121", "googlenet",
    "inception_v3", "xception", "nin_imagenet", "vit_b_32", "bert_base", "transformer_encoder",
)  # fmt: skip
FOLDED = {"view", "transpose", "slice", "scale and shift", "clamp", "softmax"}


def test_numbers_that_fill_a_range() -> None:
    # digits in base 3 behind the point, reversed: 0, 1/3, 2/3, 1/9, 4/9 of the way from 1 to 27 by logarithms
    assert [spread(at, 3, 1, 27**3) for at in range(5)] == pytest.approx([1, 27, 729, 3, 81])


@cache
def families() -> tuple[Graph, ...]:
    return tuple(calibration_networks())


@cache
def published(name: str) -> Graph:
    return netweight.capture(name)


@pytest.mark.parametrize("engine", KERNELS)
def test_every_class_of_these_networks_is_measured(engine: str) -> None:
    measured: Counter[str] = Counter()
    for graph in families():
        measured.update(class_of(graph, work) for work in kernel_works(graph, KERNELS[engine]))
    assert min(measured.values()) >= LEAST_SAMPLES
    met: set[str] = set()
    for name in PREDICTED:
        graph = published(name)
        met.update(class_of(graph, work) for work in kernel_works(graph, KERNELS[engine]))
    assert met <= set(measured)


def test_some_have_more_weights_than_caches_hold_and_none_takes_long() -> None:
    sizes, macs = {}, 0
    for graph in families():
        works = kernel_works(graph)
        sizes[graph.name] = sum(work.weight_bytes or 0 for work in works)
        macs += sum(work.macs or 0 for work in works)
    assert sizes["calibration-dense"] > 64e6
    assert sizes["calibration-dense-cached"] < 8e6
    assert macs < 20e9


def test_witnesses_are_networks_whose_published_size_is_not_among_them() -> None:
    names = [graph.name for graph in witnesses()]
    assert len(names) == len(WITNESSES) == 7
    assert not set(names) & set(PREDICTED)
