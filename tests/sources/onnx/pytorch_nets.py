"""Networks in PyTorch that are exported in tests, and what their exporters make of them."""

from __future__ import annotations

import io
import logging
import warnings
from typing import Any

import onnx
import torch
from torch import nn

EXPORTERS = ("torchscript", "dynamo")


def randomized(module: nn.Module) -> nn.Module:
    """The module with different numbers in every tensor: exporters store equal tensors once."""
    rng = torch.Generator().manual_seed(0)
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point():
            scale = tensor[0].numel() ** -0.5 if tensor.dim() > 1 else 0.2
            center = 0.0 if tensor.dim() > 1 else 1.0
            tensor.data = torch.randn(tensor.shape, generator=rng).clamp(-3, 3) * scale + center
    return module.eval()


def exported(module: nn.Module, inputs: tuple[Any, ...], exporter: str, **options: Any) -> onnx.ModelProto:
    """The module as an ONNX model."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one exporter is old, and the other says so
        if exporter == "dynamo":
            return torch.onnx.export(module, inputs, dynamo=True, verbose=False, **options).model_proto
        stream = io.BytesIO()
        torch.onnx.export(module, inputs, stream, dynamo=False, **options)
    return onnx.load_model_from_string(stream.getvalue())


class Blocks(nn.Module):
    """Batch normalisation that can be folded, before it a bias or none, and that cannot; modules called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(8)
        self.relu = nn.ReLU()
        self.twice = nn.Sequential(nn.Conv2d(8, 8, 1), nn.ReLU())
        self.relu_7 = nn.Conv2d(8, 8, 1)
        self.bn0 = nn.BatchNorm2d(3)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(8, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.bn1(self.conv1(self.bn0(x))))
        x = self.relu(self.bn2(self.conv2(x)) + x)
        x = self.relu_7(self.twice(self.twice(x)))
        return self.fc(torch.relu(self.flatten(self.pool(torch.relu(x)))))


class Recurrent(nn.Module):
    """Tokens through an embedding and a recurrent layer."""

    def __init__(self, kind: str, **options: Any) -> None:
        super().__init__()
        self.embedding = nn.Embedding(50, 12)
        self.rnn = getattr(nn, kind)(12, 16, **options)
        self.fc = nn.Linear(16 * (1 + options.get("bidirectional", False)), 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.rnn(self.embedding(x))[0])


class Bert(nn.Module):
    """BERT out of PyTorch's own encoder, small; every option as in the zoo's description."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(100, 32)
        self.positions = nn.Parameter(torch.empty(20, 32))
        self.segments = nn.Parameter(torch.empty(2, 32))
        self.ln = nn.LayerNorm(32, eps=1e-12)
        layer = nn.TransformerEncoderLayer(32, 4, 64, activation="gelu", layer_norm_eps=1e-12, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.dense = nn.Linear(32, 32)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.words(x) + self.positions[: x.shape[1]] + self.segments[:1]
        return torch.tanh(self.dense(self.encoder(self.ln(y))[:, 0]))
