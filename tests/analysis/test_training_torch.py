"""A step of training, weighed, against the same step run by PyTorch: its work to the MAC and its memory to the byte."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import accumulate
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.profiler import ProfilerActivity, profile, record_function
from torch.utils._pytree import tree_leaves
from torch.utils.checkpoint import checkpoint
from torch.utils.flop_counter import FlopCounterMode

import netweight
from netweight import Graph, TensorSpec, build
from netweight.analysis.checkpointing import segments_of
from netweight.analysis.optimizers import OPTIMIZERS
from netweight.analysis.training import training_cost
from netweight.analysis.training_memory import training_memory
from netweight.autograd.gradients import backpropagation
from netweight.ops import REGISTRY
from netweight.ops.pointwise.unary import ClampAttrs
from netweight.zoo.lenet import lenet5
from netweight.zoo.mobilenet_v2 import mobilenet_v2
from netweight.zoo.resnet import resnet
from netweight.zoo.transformer import transformer_encoder

CLASSES = 10


def graph_of(describe: Callable[..., build.Symbol], shape: tuple[int, ...], **options: Any) -> Graph:
    """The network, and the loss of one class per sample."""
    samples = shape[1] if describe is lstm else shape[0]

    def step(x: build.Symbol, target: build.Symbol) -> build.Symbol:
        return build.cross_entropy(describe(x, **options), target)

    return build.graph(step, shape, TensorSpec((samples,), "int64"), training=True)


# The networks, twice: for PyTorch as torchvision and torch.nn have them.


class BasicBlock(nn.Module):
    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = None
        if stride != 1 or in_channels != channels:
            project = nn.Conv2d(in_channels, channels, 1, stride, bias=False)
            self.downsample = nn.Sequential(project, nn.BatchNorm2d(channels))

    def forward(self, x: Any) -> Any:
        y = self.conv1(x)
        y = self.bn1(y)
        y = self.relu(y)
        y = self.conv2(y)
        y = self.bn2(y)
        if self.downsample is not None:
            x = self.downsample(x)
        y += x
        return self.relu(y)


def torch_resnet18(wrap: Callable[[nn.Module], nn.Module] = lambda stage: stage) -> nn.Module:
    stem = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    stages = []
    channels = 64
    for index, wider in enumerate((64, 128, 256, 512)):
        first = BasicBlock(channels, wider, 2 if index else 1)
        stages.append(wrap(nn.Sequential(first, BasicBlock(wider, wider, 1))))
        channels = wider
    return nn.Sequential(*stem, *stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, CLASSES))


def resnet18(x: build.Symbol) -> build.Symbol:
    return resnet(x, layers=2, bottleneck=False, num_classes=CLASSES)


def norm_relu6(in_channels: int, channels: int, kernel_size: int, stride: int = 1, groups: int = 1) -> nn.Module:
    conv = nn.Conv2d(in_channels, channels, kernel_size, stride, kernel_size // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(channels), nn.ReLU6(inplace=True))


class InvertedResidual(nn.Module):
    def __init__(self, in_channels: int, channels: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = in_channels * expansion
        layers = [] if expansion == 1 else [norm_relu6(in_channels, hidden, 1)]
        layers += [norm_relu6(hidden, hidden, 3, stride, hidden), nn.Conv2d(hidden, channels, 1, bias=False)]
        self.conv = nn.Sequential(*layers, nn.BatchNorm2d(channels))
        self.adds = stride == 1 and in_channels == channels

    def forward(self, x: Any) -> Any:
        return x + self.conv(x) if self.adds else self.conv(x)


def torch_mobilenet_v2() -> nn.Module:
    layers: list[nn.Module] = [norm_relu6(3, 32, 3, 2)]
    channels = 32
    stages = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
    for expansion, wider, count, stride in stages:
        for repeat in range(count):
            layers.append(InvertedResidual(channels, wider, stride if repeat == 0 else 1, expansion))
            channels = wider
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(1280, CLASSES))
    return nn.Sequential(*layers, norm_relu6(channels, 1280, 1), *head)


class InPlaceTanh(nn.Module):
    def forward(self, x: Any) -> Any:
        return x.tanh_()


def torch_lenet() -> nn.Module:
    convolutions = [
        nn.Conv2d(1, 6, 5),
        InPlaceTanh(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5),
        InPlaceTanh(),
        nn.AvgPool2d(2),
    ]
    dense = [nn.Linear(400, 120), InPlaceTanh(), nn.Linear(120, 84), InPlaceTanh(), nn.Linear(84, 10)]
    return nn.Sequential(*convolutions, nn.Flatten(), *dense)


WIDTH, HEADS, HIDDEN = 64, 4, 128


class TorchTransformer(nn.Module):
    def __init__(self, depth: int, wrap: Callable[[nn.Module], nn.Module] = lambda layer: layer) -> None:
        super().__init__()
        options = {"dropout": 0.0, "batch_first": True, "norm_first": True}
        self.layers = nn.ModuleList(
            wrap(nn.TransformerEncoderLayer(WIDTH, HEADS, HIDDEN, **options)) for _ in range(depth)
        )
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, CLASSES)

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x).mean(1))


def transformer(x: build.Symbol, *, depth: int) -> build.Symbol:
    x = transformer_encoder(x, depth=depth, num_heads=HEADS, mlp_dim=HIDDEN, norm_first=True, drop=0.0)
    return build.linear(build.mean(x, 1), CLASSES, name="head")


class TorchLstm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.head = nn.LSTM(16, 32), nn.Linear(32, CLASSES)

    def forward(self, x: Any) -> Any:
        return self.head(self.lstm(x)[0][-1])


def lstm(x: build.Symbol) -> build.Symbol:
    return build.linear(build.lstm(x, 32)[0][-1], CLASSES, name="head")


# Work.


def torch_flops(model: nn.Module, shape: tuple[int, ...], samples: int, device: str = "meta") -> int:
    model = model.to(device).train()
    x, target = torch.zeros(shape, device=device), torch.zeros(samples, dtype=torch.int64, device=device)
    with FlopCounterMode(display=False) as counter:
        cross_entropy(model(x), target).backward()
    return counter.get_total_flops()


def step_flops(graph: Graph, **options: Any) -> int:
    return 2 * training_cost(graph, **options).step_macs


def test_work_is_that_of_the_flop_counter() -> None:
    assert step_flops(graph_of(resnet18, (4, 3, 64, 64))) == torch_flops(torch_resnet18(), (4, 3, 64, 64), 4)
    assert step_flops(graph_of(lenet5, (8, 1, 32, 32))) == torch_flops(torch_lenet(), (8, 1, 32, 32), 8)
    encoder = graph_of(transformer, (2, 32, WIDTH), depth=2)
    assert step_flops(encoder) == torch_flops(TorchTransformer(2), (2, 32, WIDTH), 2)


def test_the_flop_counter_takes_grouped_weights_for_whole_ones() -> None:
    graph = graph_of(mobilenet_v2, (2, 3, 96, 96), num_classes=CLASSES)
    counted = torch_flops(torch_mobilenet_v2(), (2, 3, 96, 96), 2)
    # Its rule for the gradient of a weight has every input channel meet every output channel: groups times too many.
    grouped = [node for node in graph.nodes if node.op == "conv" and node.attrs.groups > 1]
    macs = (REGISTRY["conv"].cost(node.attrs, *graph.input_specs(node)).macs for node in grouped)
    too_many = sum((node.attrs.groups - 1) * count for node, count in zip(grouped, macs, strict=True))
    assert counted - step_flops(graph) == 2 * too_many > 5 * step_flops(graph)


def test_the_flop_counter_leaves_out_the_gradient_of_zero_states() -> None:
    counted = torch_flops(TorchLstm(), (12, 4, 16), 4)
    # The first step's hidden product: four gates of 32, from 32 zeros, for 4 samples. We pass it back all the same.
    assert step_flops(graph_of(lstm, (12, 4, 16))) - counted == 2 * 4 * (4 * 32) * 32


def test_a_captured_module_costs_what_its_description_costs() -> None:
    shape = (4, 3, 64, 64)
    described = training_cost(build.graph(resnet18, shape, training=True))
    captured = training_cost(netweight.capture(torch_resnet18(), shape, training=True))
    for name in ("backward_macs", "backward_flops", "saved_activation_bytes", "gradient_bytes", "parameter_bytes"):
        assert getattr(captured, name) == getattr(described, name), name


class Checkpointed(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Any) -> Any:
        return checkpoint(self.inner, x, use_reentrant=False, preserve_rng_state=False)


def test_what_runs_again_is_what_pytorch_runs_again() -> None:
    graph = graph_of(resnet18, (4, 3, 64, 64))
    counted = torch_flops(torch_resnet18(Checkpointed), (4, 3, 64, 64), 4, "cpu")
    assert step_flops(graph, checkpoint=["layer?"]) == counted > step_flops(graph)
    # Each encoder layer ends with a linear layer and a sum, which backward does not need again.
    encoder = graph_of(transformer, (2, 32, WIDTH), depth=2)
    counted = torch_flops(TorchTransformer(2, Checkpointed), (2, 32, WIDTH), 2, "meta")
    assert step_flops(encoder, checkpoint=["layers.*"]) == counted


# Memory. The profiler sees every allocation with its bytes. What is alive when an operator is done are tensors, as
# kernels have freed what they needed besides. Hooks and dispatch modes hold gradients and change what they measure.

OPTIMIZERS_OF_TORCH: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": lambda parameters: torch.optim.SGD(parameters, lr=1e-6),
    "momentum": lambda parameters: torch.optim.SGD(parameters, lr=1e-6, momentum=0.9),
    "rmsprop": lambda parameters: torch.optim.RMSprop(parameters, lr=1e-6),
    "adam": lambda parameters: torch.optim.Adam(parameters, lr=1e-6),
    "adamw": lambda parameters: torch.optim.AdamW(parameters, lr=1e-6),
}


def torch_peaks(model: nn.Module, shape: tuple[int, ...], samples: int, optimizer: str = "sgd") -> dict[str, int]:
    """Most bytes alive at the end of an operator, per phase of the third step."""
    x, target = torch.randn(shape), torch.zeros(samples, dtype=torch.int64)
    update = OPTIMIZERS_OF_TORCH[optimizer](model.train().parameters())

    def step() -> None:
        with record_function("forward"):
            loss = cross_entropy(model(x), target)
        with record_function("backward"):
            loss.backward()
        with record_function("update"):
            update.step()

    step()
    update.zero_grad()
    step()
    update.zero_grad()
    start = storage_bytes(list(model.parameters()), list(model.buffers()), x, target, list(update.state.values()))
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        step()
    events = recorded.profiler.kineto_results.events()
    changes = sorted((event.start_ns(), event.nbytes()) for event in events if event.name() == "[memory]")
    alive = list(accumulate((nbytes for _, nbytes in changes), initial=start))
    found: dict[str, int] = {}
    for phase, moment in operator_ends(events):
        found[phase] = max(found.get(phase, 0), alive[bisect_right(changes, (moment, math.inf))])
    return found


def operator_ends(events: Any) -> Iterator[tuple[str, int]]:
    """Phase and end of each operator that is not part of another, and of each node of the backward pass."""
    ranges = sorted((event.start_ns(), -event.end_ns(), event.name()) for event in events)
    phases = {name: (start, -end) for start, end, name in ranges if name in ("forward", "backward", "update")}
    done = 0
    for start, minus_end, name in ranges:
        node = name.endswith("Backward0") and ":" not in name
        if node or (name.startswith("aten::") and start >= done):
            done = done if node else -minus_end
            inside = (phase for phase, (first, last) in phases.items() if first <= -minus_end <= last)
            yield next(inside, "between"), -minus_end


def storage_bytes(*values: Any) -> int:
    storages = (leaf.untyped_storage() for leaf in tree_leaves(values) if isinstance(leaf, torch.Tensor))
    return sum({storage.data_ptr(): storage.nbytes() for storage in storages}.values())


def our_peaks(graph: Graph, optimizer: str = "sgd", checkpointed: tuple[str, ...] = ()) -> dict[str, int]:
    plan = backpropagation(graph)
    found = training_memory(plan, segments_of(plan, checkpointed), OPTIMIZERS[optimizer])
    return {phase: peak.nbytes for phase, peak in found.peaks.items()}


def check(measured: dict[str, int], ours: dict[str, int]) -> None:
    """Equal, but for numbers that PyTorch has as tensors of 0 dimensions.

    Its cross entropy also writes the sum of the weights of the classes (4 bytes); optimisers turn Python numbers into
    tensors for a moment (8 bytes).
    """
    assert measured["backward"] == ours["backward"]
    assert 0 <= measured["forward"] - ours["forward"] <= 4
    assert 0 <= measured["update"] - ours["update"] <= 8


def test_memory_of_resnet18() -> None:
    shape = (4, 3, 64, 64)
    check(torch_peaks(torch_resnet18(), shape, 4, "adam"), our_peaks(graph_of(resnet18, shape), "adam"))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_memory_of_lenet(optimizer: str) -> None:
    shape = (64, 1, 32, 32)
    check(torch_peaks(torch_lenet(), shape, 64, optimizer), our_peaks(graph_of(lenet5, shape), optimizer))


def test_memory_of_a_transformer() -> None:
    shape = (2, 32, WIDTH)
    check(
        torch_peaks(TorchTransformer(2), shape, 2, "adamw"), our_peaks(graph_of(transformer, shape, depth=2), "adamw")
    )


def as_pytorch_does_relu6(graph: Graph) -> Graph:
    """ReLU6 that keeps its input, which PyTorch copies in place; ours keeps its result, as the next layer does."""
    bounds = ClampAttrs(min=0.0, max=6.0)
    written = {node.outputs[0] for node in graph.nodes if node.op == "relu6"}
    values = {name: replace(value, storage=name) if name in written else value for name, value in graph.values.items()}
    nodes = (replace(node, op="clamp", attrs=bounds) if node.op == "relu6" else node for node in graph.nodes)
    return replace(graph, values=values, nodes=tuple(nodes))


def test_memory_of_mobilenet_v2() -> None:
    shape = (2, 3, 96, 96)
    graph = graph_of(mobilenet_v2, shape, num_classes=CLASSES)
    measured = torch_peaks(torch_mobilenet_v2(), shape, 2, "adam")
    kept = as_pytorch_does_relu6(graph)
    check(measured, our_peaks(kept, "adam"))
    # One tensor more for each but the last, whose result nobody else keeps.
    relu6 = [graph.spec(node.outputs[0]).nbytes for node in graph.nodes if node.op == "relu6"]
    ours, theirs = training_cost(graph), training_cost(kept)
    assert theirs.saved_activation_bytes - ours.saved_activation_bytes == sum(relu6[:-1])


def test_memory_of_checkpointed_stages() -> None:
    shape = (4, 3, 64, 64)
    measured = torch_peaks(torch_resnet18(Checkpointed), shape, 4)
    ours = our_peaks(graph_of(resnet18, shape), checkpointed=("layer?",))
    assert measured["backward"] == ours["backward"]
    assert measured["update"] == ours["update"]
    # Batch normalisation drops mean and deviation of 64 channels before it is done; we let them live until then.
    assert ours["forward"] - measured["forward"] == 2 * 64 * 4


def test_memory_of_checkpointed_encoder_layers() -> None:
    shape = (2, 32, WIDTH)
    measured = torch_peaks(TorchTransformer(4, Checkpointed), shape, 2)
    ours = our_peaks(graph_of(transformer, shape, depth=4), checkpointed=("layers.*",))
    assert measured["backward"] == ours["backward"]
    assert measured["update"] == ours["update"]
    # torch.nn.MultiheadAttention copies its input to put the positions first, and the projections to take them apart.
    assert 0 < measured["forward"] - ours["forward"] <= 2 * 32 * WIDTH * 4 * 3


@pytest.mark.filterwarnings("ignore:TF32 acceleration")
def test_memory_of_an_lstm_that_pytorch_unrolls() -> None:
    steps, samples, hidden = 12, 4, 32
    shape = (steps, samples, 16)
    with torch.backends.mkldnn.flags(enabled=False):
        measured = torch_peaks(TorchLstm(), shape, samples)
    ours = our_peaks(graph_of(lstm, shape))
    states = steps * samples * hidden * 4
    # It keeps tanh(c) of every step, which ours computes again, and the states a second time, stacked as y; and it adds
    # up the gradient of weight_hh step by step, the old sum beside the new one. Ours keeps a state for the last step.
    weight_hh = 4 * hidden * hidden * 4
    assert measured["backward"] - ours["backward"] == 2 * states + weight_hh - samples * hidden * 4
    assert measured["update"] == ours["update"]


class Copied(nn.Module):
    """Normalises, and throws its own statistics away."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))
        self.register_buffer("mean", torch.zeros(3))

    def forward(self, x: Any) -> Any:
        mean, var = self.mean.clone(), torch.ones_like(self.mean)
        return nn.functional.batch_norm(x, mean, var, self.scale, None, training=True)


def test_statistics_of_a_batch_may_be_written_over_a_copy() -> None:
    graph = netweight.capture(Copied(), (2, 3, 4, 4), training=True)
    assert set(graph.updates) | set(graph.updates.values()) <= set(graph.values)
    assert training_cost(graph).saved_activation_bytes == 2 * 3 * 16 * 4 + 2 * 3 * 4  # x; mean and deviation
