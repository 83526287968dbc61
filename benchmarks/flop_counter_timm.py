"""FLOPs of PyTorch's own counter beside ours: one small timm model of every family.

    python benchmarks/flop_counter_timm.py [--quick] [MODEL ...]

Both run the model on tensors without numbers; ours is twice the MACs. Also the time that capturing took, and the
operators that have no rule. Needs timm.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any, Self

import torch
from timing import markdown
from torch.utils.flop_counter import FlopCounterMode

from netweight.analysis.cost import weigh_graph
from netweight.ops import REGISTRY
from netweight.sources.torch import Capture, capture_module

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from sources.torch import torchvision_shim

torchvision_shim.models()  # timm imports torchvision
import timm  # noqa: E402

QUICK = ("resnet18", "convnext_atto", "swin_tiny_patch4_window7_224", "xcit_nano_12_p16_224")
SMALL = ("tiny", "nano", "atto", "pico", "femto", "xxs", "_s", "small", "_b0", "_18", "_26", "_12", "_m", "base")
"""What small models have in their names, smallest first."""
TITLES = ("model", "input", "operators", "ms", "ours", "PyTorch's", "difference", "no rule")


class NoTracker:
    """In the place of the counter's module tracker, which fails on models that keep gradients from their weights."""

    parents = frozenset(("Global",))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return


def families() -> list[str]:
    """One model of each of timm's modules, a small one by its name."""
    chosen = []
    for module in timm.list_modules():
        names = timm.list_models(module=module)
        if names:
            chosen.append(min(names, key=_size_by_name))
    return chosen


def _size_by_name(name: str) -> tuple[int, int, str]:
    size = next((place for place, part in enumerate(SMALL) if part in name), len(SMALL))
    return size, len(name), name


def example(name: str) -> tuple[Any, tuple[int, ...]]:
    """A model whose weights take no memory, and the shape of its input."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names that timm has changed
        try:
            with torch.device("meta"):
                model: Any = timm.create_model(name, pretrained=False)
        except (NotImplementedError, RuntimeError):  # reads numbers while it is made
            model = timm.create_model(name, pretrained=False).to("meta")
    return model.eval(), (1, *model.pretrained_cfg["input_size"])


def theirs(model: torch.nn.Module, shape: tuple[int, ...]) -> int:
    """FLOPs by PyTorch's counter."""
    counter = FlopCounterMode(display=False)
    counter.mod_tracker = NoTracker()  # type: ignore[assignment]
    with torch.no_grad(), counter:
        model(torch.empty(shape, device="meta"))
    return int(counter.get_total_flops())


def captured(name: str) -> tuple[Any, tuple[int, ...], Capture, float]:
    """A model, the shape of its input, what it does, and the CPU time that this took to find out."""
    model, shape = example(name)
    start = time.process_time()
    capture = capture_module(model, shape)
    seconds = time.process_time() - start
    if capture.error is not None:
        raise capture.error
    return model, shape, capture, seconds


def row(name: str) -> list[str]:
    model, shape, capture, seconds = captured(name)
    ours = 2 * int(weigh_graph(capture.graph, source=name).totals.macs)
    other = theirs(model, shape)
    unknown = Counter(node.op for node in capture.graph.nodes if node.op not in REGISTRY)
    listed = ", ".join(f"{op} {count}" for op, count in unknown.items())
    size, nodes = "x".join(map(str, shape)), len(capture.graph.nodes)
    return [name, size, f"{nodes}", f"{1e3 * seconds:.0f}", f"{ours:,}", f"{other:,}", f"{ours - other:,}", listed]


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL", help="one of every family")
    parser.add_argument("--quick", action="store_true", help="four models")
    chosen = parser.parse_args(argv)
    torch.set_num_threads(1)
    print(markdown(TITLES, [row(name) for name in chosen.models or (QUICK if chosen.quick else families())]))


if __name__ == "__main__":
    main()
