"""FLOPs of PyTorch's own counter beside ours, for torchvision's models.

    python benchmarks/flop_counter.py [--quick] [MODEL ...]

Both run the model on tensors without numbers; ours is twice the MACs. Detection models ask for the numbers in their
tensors, which the counter has none of: of them the backbone is compared. Needs torchvision, and no build of it that
matches PyTorch.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import torch
from timing import markdown
from torch.utils.flop_counter import FlopCounterMode

from netweight import weigh
from netweight.sources.torch import capture_module

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from sources.torch import torchvision_shim

QUICK = ("resnet18", "vit_b_16")
TITLES = ("model", "input", "ours", "PyTorch's", "difference", "reason")
FAILED = "the counter cannot run it"


def example(name: str) -> tuple[torch.nn.Module, tuple[tuple[int, ...], ...], str]:
    """A model, or the part of it that the counter can run, the shapes of its inputs, and what it is called."""
    model = torchvision_shim.build(name)
    family = type(model).__module__
    if "detection" in family:
        return model.backbone, ((1, 3, 800, 800),), f"{name}, backbone"
    if "optical_flow" in family:
        return model, ((1, 3, 128, 128),) * 2, name
    if "video" in family:
        size = 224 if name.startswith(("mvit", "s3d", "swin3d")) else 112
        return model, ((1, 3, 16, size, size),), name
    sizes = {"segmentation": 520, "inception": 299, "swin_transformer": 256 if "v2" in name else 224}
    size = next((size for part, size in sizes.items() if part in family), 224)
    return model, ((1, 3, size, size),), name


def theirs(model: torch.nn.Module, shapes: tuple[tuple[int, ...], ...]) -> int | None:
    """FLOPs by PyTorch's counter; None if it cannot run the model."""
    fast_path = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # the fused encoder is an operator that the counter does not know
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            model(*(torch.empty(shape, device="meta") for shape in shapes))
    except (NotImplementedError, RuntimeError):
        return None
    finally:
        torch.backends.mha.set_fastpath_enabled(fast_path)
    return int(counter.get_total_flops())


def row(name: str) -> list[str]:
    model, shapes, title = example(name)
    ours = 2 * int(weigh(capture_module(model, shapes).graph).totals.macs)
    other = theirs(model, shapes)
    size = " and ".join("x".join(map(str, shape)) for shape in shapes)
    if other is None:
        return [title, size, f"{ours:,}", "-", "-", FAILED]
    return [title, size, f"{ours:,}", f"{other:,}", f"{ours - other:,}", ""]


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL", help="all of torchvision's that are not quantised")
    parser.add_argument("--quick", action="store_true", help="four models")
    chosen = parser.parse_args(argv)
    known: Any = torchvision_shim.models().list_models()
    plain = [name for name in known if not name.startswith("quantized_")]
    print(markdown(TITLES, [row(name) for name in chosen.models or (QUICK if chosen.quick else plain)]))


if __name__ == "__main__":
    main()
