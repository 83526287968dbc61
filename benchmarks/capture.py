"""How long it takes to count the MACs of PyTorch models, beside FlopCounterMode and fvcore.

netweight captures the module and weighs every layer; PyTorch's FlopCounterMode runs the forward on meta tensors; fvcore
traces and runs it for real, which its time grows with. One thread, batch 1, imports and building the model left out.

    pip install torchvision transformers fvcore
    python benchmarks/capture.py [--quick] [--large] [--nodes]
"""

from __future__ import annotations

import argparse
import logging
import resource
import warnings
from collections.abc import Callable
from typing import Any

import torch
from timing import in_turns, markdown
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from netweight.analysis.cost import weigh_graph
from netweight.sources.torch import capture_module

IMAGES = (
    "resnet50", "mobilenet_v2", "vit_b_16", "swin_t", "densenet121", "convnext_tiny", "efficientnet_b0",
)  # fmt: skip
TOKENS = 128


class Chain(nn.Module):
    """As many additions and products, one after the other: nothing but nodes."""

    def __init__(self, nodes: int) -> None:
        super().__init__()
        self.nodes = nodes

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for _ in range(self.nodes // 2):
            x = (x + 1.0) * x
        return x


def image_model(name: str) -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    import torchvision

    return getattr(torchvision.models, name)(weights=None).eval(), (torch.randn(1, 3, 224, 224),)


def bert() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    import transformers

    model = transformers.BertModel(transformers.BertConfig(return_dict=False)).eval()
    return model, (torch.zeros(1, TOKENS, dtype=torch.int64),)


def llama() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    """Llama 2 with 70 billion parameters, on the meta device: none of them takes memory."""
    import transformers

    config = transformers.LlamaConfig(
        hidden_size=8192, intermediate_size=28672, num_hidden_layers=80, num_attention_heads=64, num_key_value_heads=8
    )
    with torch.device("meta"):
        return transformers.LlamaForCausalLM(config).eval(), (torch.zeros(1, TOKENS, dtype=torch.int64),)


def by_netweight(model: nn.Module, inputs: tuple[torch.Tensor, ...]) -> int:
    return weigh_graph(capture_module(model, inputs).graph).totals.macs


def by_flop_counter(model: nn.Module, inputs: tuple[torch.Tensor, ...]) -> int:
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(*inputs)
    return counter.get_total_flops() // 2


def by_fvcore(model: nn.Module, inputs: tuple[torch.Tensor, ...]) -> int:
    from fvcore.nn import FlopCountAnalysis

    return int(FlopCountAnalysis(model, inputs).total())


def compared(
    name: str, make: Callable[[], tuple[nn.Module, tuple[torch.Tensor, ...]]], rounds: int, *, real: bool = True
) -> list[str]:
    """A row of the table: milliseconds of each tool, and ours as a share of theirs."""
    model, inputs = make()
    empty, meta = make()
    empty, meta = empty.to("meta"), tuple(tensor.to("meta") for tensor in meta)
    cases: dict[str, Callable[[], Any]] = {
        "ours": lambda: by_netweight(model, inputs),
        "counter": lambda: by_flop_counter(empty, meta),
    }
    if real:
        cases["fvcore"] = lambda: by_fvcore(model, inputs)
    seconds = in_turns(cases, rounds)
    ours, counter, fvcore = seconds["ours"], seconds["counter"], seconds.get("fvcore")
    times = [f"{1000 * ours:.0f}", f"{1000 * counter:.0f}", "-" if fvcore is None else f"{1000 * fvcore:.0f}"]
    shares = [f"{ours / counter:.2f}", "-" if fvcore is None else f"{ours / fvcore:.2f}"]
    nodes = len(capture_module(model, inputs).graph.nodes)
    return [name, str(nodes), f"{by_netweight(model, inputs) / 1e9:,.3f}", *times, *shares]


def lengths(rounds: int, sizes: tuple[int, ...]) -> str:
    """Time per node of chains of several lengths."""
    cases = {size: lambda size=size: by_netweight(Chain(size), (torch.empty(2, 3),)) for size in sizes}
    seconds = in_turns(cases, rounds)
    rows = [[f"{size:,}", f"{1000 * took:.0f}", f"{1e6 * took / size:.0f}"] for size, took in seconds.items()]
    return markdown(["chain of nodes", "ms", "us per node"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="turns each case gets; the median counts [7]")
    parser.add_argument("--quick", action="store_true", help="one round of the smallest model")
    parser.add_argument("--large", action="store_true", help="Llama 70B on the meta device instead")
    parser.add_argument("--nodes", action="store_true", help="chains of 1,000 to 40,000 nodes instead")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    torch.set_num_threads(1)
    if chosen.nodes:
        print(lengths(1 if chosen.quick else 3, (1000,) if chosen.quick else (1000, 10_000, 40_000)))
        return
    if chosen.large:
        model, inputs = llama()
        by_netweight(model, inputs)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        rows = [[*compared("llama 70b", llama, 1 if chosen.quick else 3, real=False), f"{peak:.0f}"]]
    else:
        makers = {name: lambda name=name: image_model(name) for name in IMAGES} | {f"bert, {TOKENS} tokens": bert}
        if chosen.quick:
            makers = {"mobilenet_v2": makers["mobilenet_v2"]}
        rows = [compared(name, make, 1 if chosen.quick else chosen.rounds) for name, make in makers.items()]
    titles = [
        "model",
        "nodes",
        "GMACs",
        "netweight ms",
        "FlopCounterMode ms",
        "fvcore ms",
        "to FlopCounterMode",
        "to fvcore",
    ]
    print(markdown(titles + (["peak MB"] if chosen.large else []), rows))


if __name__ == "__main__":
    main()
