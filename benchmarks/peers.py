"""MACs of four small modules, by netweight and by fvcore, ptflops and torchinfo, beside the count by hand.

The modules are those in which tools differ: a linear layer over tokens, fused attention, an LSTM, convolution with
batch normalisation. The peers read a PyTorch module; netweight reads the same network described with its builder.

    pip install torch==2.13.0 fvcore ptflops torchinfo
    python benchmarks/peers.py
"""

import contextlib
import importlib.metadata
import io
import logging
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from netweight import build, weigh

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)


class Attention(nn.Module):
    """Four heads of 16 over 50 tokens, written with the fused operator as libraries do now."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(64, 192)
        self.out = nn.Linear(64, 64)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, t, c = x.shape
        q, k, v = self.qkv(x).reshape(n, t, 3, 4, 16).permute(2, 0, 3, 1, 4)
        y = nn.functional.scaled_dot_product_attention(q, k, v)
        return self.out(y.transpose(1, 2).reshape(n, t, c))


def conv_bn() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())


def attention(x: build.Symbol) -> build.Symbol:
    return build.multi_head_attention(x, 4)


def conv_bn_graph(x: build.Symbol) -> build.Symbol:
    return build.relu(build.batch_norm(build.conv2d(x, 8, kernel_size=3, padding=1, bias=False)))


Case = tuple[str, Callable[[], nn.Module], tuple[int, ...], Callable[[Any], Any], int]
CASES: list[Case] = [
    (
        "Linear 64 -> 128 over 50 tokens",
        lambda: nn.Linear(64, 128),
        (1, 50, 64),
        lambda x: build.linear(x, 128),
        50 * 64 * 128,
    ),
    ("fused attention, 4 heads, 50 tokens", Attention, (1, 50, 64), attention, 50 * 64 * 256 + 2 * 4 * 50 * 50 * 16),
    (
        "LSTM 32 -> 64 over 20 steps",
        lambda: nn.LSTM(32, 64, batch_first=True),
        (1, 20, 32),
        lambda x: build.lstm(x, 64, batch_first=True),
        20 * 4 * 64 * (32 + 64),
    ),
    ("conv 3x3, 3 -> 8, at 32, batch norm, ReLU", conv_bn, (1, 3, 32, 32), conv_bn_graph, 8 * 3 * 9 * 32 * 32),
]


def by_netweight(describe: Callable[[Any], Any], shape: tuple[int, ...]) -> int:
    return weigh(build.graph(lambda x: first(describe(x)), shape)).totals.macs


def first(result: Any) -> Any:
    """The sequence, where a recurrent layer also gives its last states."""
    return result[0] if isinstance(result, tuple) else result


def by_fvcore(module: nn.Module, shape: tuple[int, ...]) -> int:
    from fvcore.nn import FlopCountAnalysis

    return int(FlopCountAnalysis(module.eval(), torch.randn(shape)).total())


def by_ptflops(module: nn.Module, shape: tuple[int, ...]) -> int:
    from ptflops import get_model_complexity_info

    found, _ = get_model_complexity_info(module.eval(), shape[1:], as_strings=False, print_per_layer_stat=False)
    return int(found or 0)


def by_torchinfo(module: nn.Module, shape: tuple[int, ...]) -> int:
    from torchinfo import summary

    return int(summary(module.eval(), input_size=shape, verbose=0).total_mult_adds)


def main() -> None:
    peers = {"fvcore": by_fvcore, "ptflops": by_ptflops, "torchinfo": by_torchinfo}
    heads = [f"{name} {importlib.metadata.version(name)}" for name in peers]
    print(f"| MACs of | by hand | netweight | {' | '.join(heads)} |")
    print(f"|---|---|---|{'---|' * len(peers)}")
    for title, module, shape, describe, hand in CASES:
        with contextlib.redirect_stdout(io.StringIO()):
            theirs = [count(module(), shape) for count in peers.values()]
        cells = [f"{count:,}" for count in (hand, by_netweight(describe, shape), *theirs)]
        print(f"| {title} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
