#!/usr/bin/env python3
"""A step of training beside PyTorch's eager one: forward, loss, backward, an update with momentum; in turns.

CPU seconds on one thread, and wall seconds on as many as `--threads` says. Both sides have the same network, the same
pictures and the same optimiser.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

THREADS = int(next((one.partition("=")[2] for one in sys.argv if one.startswith("--threads=")), "1"))
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(THREADS)))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from timing import arguments, cpu_seconds, in_turns, markdown  # noqa: E402
from torch import nn  # noqa: E402

import netweight  # noqa: E402
from netweight.autograd.gradients import trainable  # noqa: E402
from netweight.runtime.program import Program  # noqa: E402
from netweight.training.objective import Loss, objective  # noqa: E402
from netweight.training.optimizers import Optimizer  # noqa: E402
from netweight.training.parameters import Parameters  # noqa: E402


class LeNet(nn.Sequential):
    """LeNet-5."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
            nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
        )  # fmt: skip


class Block(nn.Module):
    """Two convolutions and a shortcut."""

    def __init__(self, c_in: int, c_out: int, stride: int) -> None:
        super().__init__()
        self.c1, self.b1 = nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False), nn.BatchNorm2d(c_out)
        self.c2, self.b2 = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False), nn.BatchNorm2d(c_out)
        self.down = nn.Conv2d(c_in, c_out, 1, stride, bias=False) if stride > 1 else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The sum of both ways."""
        y = self.b2(self.c2(torch.relu(self.b1(self.c1(x)))))
        return torch.relu(y + self.down(x))


class ResNet(nn.Sequential):
    """Eight convolutions in three blocks and a stem, for 32 x 32."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), Block(16, 16, 1), Block(16, 32, 2),
            Block(32, 64, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10),
        )  # fmt: skip


class Separable(nn.Sequential):
    """A stem and four depthwise-separable convolutions, for 32 x 32."""

    def __init__(self) -> None:
        layers: list[nn.Module] = [nn.Conv2d(3, 32, 3, 1, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU()]
        for c_in, c_out, stride in ((32, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2)):
            layers += [nn.Conv2d(c_in, c_in, 3, stride, 1, groups=c_in, bias=False), nn.BatchNorm2d(c_in), nn.ReLU()]
            layers += [nn.Conv2d(c_in, c_out, 1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU()]
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 10))


CASES: tuple[tuple[str, Callable[[], nn.Module], tuple[int, ...], int], ...] = (
    ("LeNet-5", LeNet, (1, 32, 32), 32),
    ("LeNet-5", LeNet, (1, 32, 32), 128),
    ("ResNet, 8 convolutions", ResNet, (3, 32, 32), 32),
    ("depthwise separable", Separable, (3, 32, 32), 32),
)


def ours(module: nn.Module, images: Any, labels: Any) -> tuple[Callable[[], float], Program]:
    """A step of ours, which gives its loss."""
    graph = netweight.capture(module, images.shape, training=True)
    program = Program(objective(graph, Loss(), soft=False), trainable(graph))
    stored = {name: tensor.numpy().copy() for name, tensor in module.state_dict().items()}
    weights = {**netweight.initialize(graph), **{name: stored[name] for name in stored if name in graph.values}}
    parameters = Parameters(weights, trainable(graph), Optimizer(name="momentum", lr=0.01), {})
    weights.update(parameters.views)
    feeds = {program.graph.inputs[0]: images, "target": labels}
    loss = program.graph.outputs[0]
    one = {loss: np.ones((), np.float32)}
    count = 0

    def step() -> float:
        nonlocal count
        done = program.step(feeds, weights, one)
        for name, view in parameters.grads.items():
            view[...] = done.grads[name]
        for name, array in done.updates.items():
            weights[name][...] = array
        count += 1
        parameters.update(0.01, count)
        return float(done.outputs[loss])

    return step, program


def theirs(module: nn.Module, images: Any, labels: Any) -> Callable[[], float]:
    """A step of PyTorch, which gives its loss."""
    updates = torch.optim.SGD(module.parameters(), lr=0.01, momentum=0.9)
    x, y = torch.from_numpy(images), torch.from_numpy(labels)

    def step() -> float:
        updates.zero_grad()
        loss = nn.functional.cross_entropy(module(x), y)
        loss.backward()
        updates.step()
        return loss.item()

    return step


def wall_seconds(job: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    chosen = arguments(__doc__, rounds=15, argv=[one for one in sys.argv[1:] if not one.startswith("--threads=")])
    torch.set_num_threads(THREADS)
    rng = np.random.default_rng(0)
    rows = []
    for name, make, shape, batch in CASES[:1] if chosen.quick else CASES:
        torch.manual_seed(0)
        module = make()
        images = rng.normal(size=(batch, *shape)).astype(np.float32)
        labels = rng.integers(0, 10, batch)
        mine, program = ours(module, images, labels)
        other = theirs(module, images, labels)
        apart = abs(mine() - other())
        cost = cpu_seconds if THREADS == 1 else wall_seconds
        seconds = in_turns({"ours": mine, "theirs": other}, chosen.rounds, cost=cost)
        kernels = ", ".join(f"{count} {kernel or 'rules'}" for kernel, count in sorted(program.kernels().items()))
        rows.append(
            (name, str(batch), f"{1e3 * seconds['ours']:.1f}", f"{1e3 * seconds['theirs']:.1f}",
             f"{seconds['ours'] / seconds['theirs']:.2f}", f"{apart:.1e}", kernels)
        )  # fmt: skip
    print(markdown(("network", "batch", "ours, ms", "PyTorch, ms", "ratio", "losses apart", "kernels"), rows))


if __name__ == "__main__":
    main()
