#!/usr/bin/env python3
"""Accuracy on digits beside what it costs, for small networks of every kind; five seeds each, about ten minutes.

`--plot FILE` draws accuracy over multiply-accumulates; `--quick` trains each once, for two epochs. Also: the order of
batch normalisation, activation and dropout, and PyTorch beside us on LeNet-5.
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from timing import markdown

import netweight
from netweight import build
from netweight.report.panels import Line, Panel, picture
from netweight.units import scaled

Symbol = build.Symbol
SIDE = 16


def _head(x: Symbol) -> Symbol:
    return build.linear(build.flatten(build.adaptive_avg_pool2d(x, 1)), 10, name="fc")


def _stem(x: Symbol) -> Symbol:
    x = build.relu(build.conv2d(x, 16, kernel_size=3, padding=1, name="stem"))
    return build.max_pool2d(x, 2)


def plain(x: Symbol) -> Symbol:
    """Two convolutions of 5 x 5."""
    x = _stem(x)
    for index, width in enumerate((32, 32)):
        x = build.relu(build.conv2d(x, width, kernel_size=5, padding=2, name=f"conv{index}"))
    return _head(x)


def factorised(x: Symbol) -> Symbol:
    """Two of 3 x 3 in the place of each of 5 x 5."""
    x = _stem(x)
    for index, width in enumerate((32, 32, 32, 32)):
        x = build.relu(build.conv2d(x, width, kernel_size=3, padding=1, name=f"conv{index}"))
    return _head(x)


def bottleneck(x: Symbol) -> Symbol:
    """A convolution of 1 x 1 to a quarter of the channels before each of 5 x 5."""
    x = _stem(x)
    for index, width in enumerate((32, 32)):
        x = build.relu(build.conv2d(x, width // 4, kernel_size=1, name=f"squeeze{index}"))
        x = build.relu(build.conv2d(x, width, kernel_size=5, padding=2, name=f"conv{index}"))
    return _head(x)


def grouped(x: Symbol) -> Symbol:
    """Four groups, and a shuffle between."""
    x = _stem(x)
    for index, width in enumerate((32, 32)):
        x = build.relu(build.conv2d(x, width, kernel_size=5, padding=2, groups=4, name=f"conv{index}"))
        x = build.channel_shuffle(x, 4)
    return _head(x)


def depthwise_separable(x: Symbol) -> Symbol:
    """A filter per channel, then 1 x 1, in the place of each of 5 x 5."""
    x = _stem(x)
    for index, width in enumerate((32, 32)):
        channels = x.shape[1]
        x = build.relu(build.conv2d(x, channels, kernel_size=5, padding=2, groups=channels, name=f"depthwise{index}"))
        x = build.relu(build.conv2d(x, width, kernel_size=1, name=f"pointwise{index}"))
    return _head(x)


def _ordered(order: str) -> Callable[[Symbol], Symbol]:
    def describe(x: Symbol) -> Symbol:
        for index, width in enumerate((16, 32)):
            x = build.conv2d(x, width, kernel_size=3, padding=1, bias=False, name=f"conv{index}")
            for letter in order:
                if letter == "B":
                    x = build.batch_norm(x, name=f"bn{index}")
                elif letter == "A":
                    x = build.relu(x)
                else:
                    x = build.dropout(x, 0.2)
            x = build.max_pool2d(x, 2)
        return _head(x)

    return describe


SMALL = {"size": (1, SIDE, SIDE)}
NETWORKS: dict[str, tuple[Any, dict[str, Any]]] = {
    "MLP 64-32-10": ("mlp:widths=64-32-10", {}),
    "shallow CNN": ("shallow_cnn", {}),
    "LeNet-5": ("lenet5", {}),
    "plain 5x5": (plain, SMALL),
    "factorised 3x3 3x3": (factorised, SMALL),
    "bottleneck 1x1": (bottleneck, SMALL),
    "grouped, 4": (grouped, SMALL),
    "depthwise separable": (depthwise_separable, SMALL),
}
ORDERS = {"conv, norm, activation, dropout": "BAD", "conv, activation, norm, dropout": "ABD",
          "conv, dropout, norm, activation": "DBA", "conv, activation": "A"}  # fmt: skip


def runs(model: Any, seeds: int, **given: Any) -> list[Any]:
    """A training per seed."""
    return [netweight.train(model, seed=seed, **given) for seed in range(seeds)]


def spread(found: list[Any]) -> tuple[float, str]:
    """Mean of the test accuracies in percent, and from where to where."""
    shares = [100 * run.test.top1 for run in found]
    return statistics.mean(shares), f"{min(shares):.2f} to {max(shares):.2f}"


def torch_lenet(seeds: int, epochs: int) -> list[float]:
    """The same recipe in PyTorch: the same pictures, parts, first weights, order and shifts."""
    import numpy as np
    import torch

    from netweight.app.pictures_for import pictures_for
    from netweight.data.augment.table import augmentation
    from netweight.data.load import load
    from netweight.data.loader import Batches

    torch.set_num_threads(1)
    found = []
    for seed in range(seeds):
        pictures = pictures_for(load("digits"), (1, 32, 32), seed=seed, fractions=(0.7, 0.1, 0.2))
        weights = netweight.initialize(netweight.capture("lenet5"), seed=seed)
        c1, c3, c5 = (torch.nn.Conv2d(*sizes, 5) for sizes in ((1, 6), (6, 16), (16, 120)))
        f6, output = torch.nn.Linear(120, 84), torch.nn.Linear(84, 10)
        pool, tanh = torch.nn.AvgPool2d(2), torch.nn.Tanh()
        module = torch.nn.Sequential(c1, tanh, pool, c3, tanh, pool, c5, tanh, torch.nn.Flatten(), f6, tanh, output)
        for layer, name in ((c1, "C1"), (c3, "C3"), (c5, "C5"), (f6, "F6"), (output, "OUTPUT")):
            layer.load_state_dict({part: torch.tensor(weights[f"{name}.{part}"]) for part in ("weight", "bias")})
        change = augmentation(["shift:2"], 10)
        at = pictures.split.train
        batches = Batches(
            images=pictures.images[at], labels=pictures.data.labels[at], batch=32, seed=seed, change=change
        )
        updates = torch.optim.AdamW(module.parameters(), lr=0.003, weight_decay=0.05)
        steps = torch.optim.lr_scheduler.CosineAnnealingLR(updates, epochs * len(batches))
        validation, best = (
            [torch.from_numpy(np.ascontiguousarray(one)) for one in pictures.part("validation")],
            (9e9, 0.0),
        )
        test = [torch.from_numpy(np.ascontiguousarray(one)) for one in pictures.part("test")]
        for epoch in range(epochs):
            for images, labels in batches.epoch(epoch):
                updates.zero_grad()
                loss = torch.nn.functional.cross_entropy(
                    module(torch.from_numpy(pictures.ready(images))), torch.from_numpy(labels)
                )
                loss.backward()
                updates.step()
                steps.step()
            with torch.no_grad():
                judged = torch.nn.functional.cross_entropy(module(validation[0]), validation[1]).item()
                right = (module(test[0]).argmax(1) == test[1]).float().mean().item()
            best = min(best, (judged, right))
        found.append(100 * best[1])
    return found


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one seed, two epochs")
    parser.add_argument("--plot", type=Path, help="where the picture goes")
    chosen = parser.parse_args()
    seeds, given = (1, {"epochs": 2}) if chosen.quick else (5, {"epochs": 20})
    rows, points = [], []
    for name, (model, more) in NETWORKS.items():
        found = runs(model, seeds, **more, **given)
        cost, (mean, range_) = found[0].cost, spread(found)
        seconds = statistics.median(run.seconds for run in found)
        points.append(Line(name, [(cost.macs, mean)], dots=True))
        rows.append(
            (name, f"{mean:.2f}", range_, scaled(cost.macs, "MACs"), f"{cost.params:,}",
             scaled(cost.peak_activation_bytes, "B"), scaled(cost.step_peak_bytes, "B"), f"{seconds:.1f} s")
        )  # fmt: skip
    print(
        markdown(
            ("network", "test %", "from to", "one picture", "params", "peak activations", "a step's peak", "time"), rows
        )
    )
    rows = [(name, f"{spread(found)[0]:.2f}", spread(found)[1]) for name, order in ORDERS.items()
            for found in [runs(_ordered(order), seeds, **SMALL, **given)]]  # fmt: skip
    print(markdown(("order", "test %", "from to"), rows))
    theirs = torch_lenet(seeds, int(given["epochs"]))
    print(f"LeNet-5 in PyTorch: {statistics.mean(theirs):.2f} %, {min(theirs):.2f} to {max(theirs):.2f}")
    if chosen.plot:
        panel = Panel("test accuracy, %", "multiply-accumulates of one picture", points, beside=True)
        chosen.plot.write_text(picture("Accuracy on digits beside work", [panel]), "utf-8")


if __name__ == "__main__":
    main()
