"""Random graphs with conversions between some operators: the same outputs as they are written and as they run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import netweight
from rewrite.pairs import Model

SEEDS = (*range(40), 411, 598)
"""The last two have views of what becomes a kernel, read by what stays."""


class Drawn(Model):
    """A model of random operators on (1, 4, 6, 6), of which most have conversions before and behind."""

    def __init__(self, seed: int) -> None:
        self.draw = np.random.default_rng(seed)
        super().__init__(str(self.draw.choice(["uint8", "int8"])))
        self.rng = np.random.default_rng(seed)
        self.values = [self.maybe_pair(self.input("x", 1, 4, 6, 6))]
        for at in range(int(self.draw.integers(2, 9))):
            self.values.append(self.maybe_pair(self.step(f"n{at}")))

    def maybe_pair(self, name: str) -> str:
        if self.draw.random() < 0.15:
            return name
        return self.pair(name, float(self.draw.choice([0.05, 0.08])))

    def pick(self) -> str:
        return str(self.draw.choice(self.values[-3:]))

    def step(self, name: str) -> str:
        kind = self.draw.integers(0, 9)
        if kind == 0:
            axis = 0 if self.draw.random() < 0.5 else None
            bias = [self.bias(f"{name}_b", 0.05, self.weight(f"{name}_w", 4, 4, 3, 3, axis=axis))]
            kept = bias if self.draw.random() < 0.5 else []
            y = self.op("Conv", self.pick(), f"{name}_w", *kept, to=f"{name}_c", pads=[1] * 4)
            return (
                self.op("Mul", y, self.store(f"{name}_k", np.float32(0.2)), to=name) if self.draw.random() < 0.3 else y
            )
        if kind == 1:
            return self.op("MatMul", self.pick(), self.weight(f"{name}_w", 6, 6, axis=1), to=name)
        if kind == 2:
            return self.op("Transpose", self.pick(), to=name, perm=[0, 1, 3, 2])
        if kind == 3:
            return self.op("MaxPool", self.pick(), to=name, kernel_shape=[3, 3], pads=[1] * 4)
        if kind == 4:
            return self.op("AveragePool", self.pick(), to=name, kernel_shape=[3, 3], pads=[1] * 4)
        one = ["Relu", "Sigmoid", "LeakyRelu", "Clip", "Softmax", "HardSwish", "Erf"]
        if kind <= 6:
            return self.op(str(self.draw.choice(one)), self.pick(), to=name)
        return self.op(str(self.draw.choice(["Add", "Mul"])), self.pick(), self.pick(), to=name)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_outputs_work_and_parameters(seed: int) -> None:
    model = Drawn(seed)
    proto = model.proto(model.values[-1])
    ours, written = netweight.weigh(proto), netweight.weigh(proto, as_written=True)
    assert ours.totals.macs == written.totals.macs
    assert ours.totals.params == written.totals.params
    assert ours.totals.flops <= written.totals.flops
    assert netweight.weigh(netweight.capture(proto)).totals == ours.totals
    x = model.arrays()
    (runs,), (reads,) = (netweight.run(proto, x, as_written=flag).outputs.values() for flag in (False, True))
    assert runs.dtype == reads.dtype == np.float32
    assert far_apart(runs, reads) <= 0.05


def far_apart(one: Any, other: Any) -> float:
    """Share of the numbers that are more than a step apart, or a hundredth of all that there are."""
    step = max(0.0801, np.ptp(other) / 100)
    return float((np.abs(one - other) > step).mean())
