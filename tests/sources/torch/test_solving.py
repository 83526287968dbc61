"""Inputs that nobody gives: found by trying, one for each input, with sizes that follow from later layers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import netweight
from netweight.errors import UsageError


class Net(nn.Module):
    """Layers by name; the program is in the subclass."""

    def __init__(self) -> None:
        super().__init__()
        for name, layer in self.layers().items():
            self.add_module(name, layer)

    def layers(self) -> dict[str, nn.Module]:
        return {}


class Fusion(Net):
    def layers(self) -> dict[str, nn.Module]:
        pool = nn.Sequential(nn.Conv2d(3, 16, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        return {"image": pool, "table": nn.Linear(10, 32), "head": nn.Linear(48, 1)}

    def forward(self, image: Any, table: Any) -> Any:
        return self.head(torch.cat([self.image(image), self.table(table)], 1))


class Beside(Net):
    """4 channels of 26 x 26, and 6 numbers beside them."""

    def layers(self) -> dict[str, nn.Module]:
        return {"conv": nn.Conv2d(1, 4, 3), "fc": nn.Linear(4 * 26 * 26 + 6, 2)}

    def forward(self, picture: Any, more: Any) -> Any:
        return self.fc(torch.cat([self.conv(picture).flatten(1), more], 1))


class Ratings(Net):
    def layers(self) -> dict[str, nn.Module]:
        return {"users": nn.Embedding(100, 8), "films": nn.Embedding(50, 8)}

    def forward(self, user: Any, film: Any) -> Any:
        return (self.users(user) * self.films(film)).sum(-1)


class Twins(Net):
    def layers(self) -> dict[str, nn.Module]:
        return {"net": nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(4 * 26 * 26, 5))}

    def forward(self, left: Any, right: Any) -> Any:
        return (self.net(left) - self.net(right)).norm()


class Added(Net):
    def layers(self) -> dict[str, nn.Module]:
        return {"fc": nn.Linear(12, 7)}

    def forward(self, a: Any, b: Any) -> Any:
        return self.fc(a) + b


class Unpacked(Net):
    def layers(self) -> dict[str, nn.Module]:
        return {"fc": nn.Linear(3, 7), "conv": nn.Conv2d(5, 7, 1)}

    def forward(self, image: Any, y: Any) -> Any:
        _, channels, _, _ = image.shape
        return self.conv(image).mean((2, 3)) + self.fc(y) + channels


class Words(Net):
    """20 words of 8 numbers."""

    def layers(self) -> dict[str, nn.Module]:
        return {"words": nn.Embedding(100, 8), "fc": nn.Linear(8 * 20, 2)}

    def forward(self, ids: Any) -> Any:
        return self.fc(self.words(ids).flatten(1))


def pictures(side: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * (side - 2) ** 2, 10))


def pooled() -> nn.Module:
    """100 -> 98, 49, 47, 23: two sides end so, and 100 is the smaller."""
    blocks = [nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.Conv2d(2, 4, 3), nn.MaxPool2d(2)]
    return nn.Sequential(*blocks, nn.Flatten(), nn.Linear(4 * 23 * 23, 2))


@pytest.mark.parametrize(
    ("module", "shapes"),
    [
        (pictures(32), [(1, 3, 32, 32)]),
        (pictures(48), [(1, 3, 48, 48)]),
        (pictures(301), [(1, 3, 301, 301)]),
        (pooled(), [(1, 1, 98, 98)]),
        (nn.Sequential(nn.Conv1d(2, 4, 3), nn.Flatten(), nn.Linear(4 * 98, 2)), [(1, 2, 100)]),
        (Words(), [(1, 20)]),
        (Fusion(), [(1, 3, 224, 224), (1, 10)]),
        (Beside(), [(1, 1, 28, 28), (1, 6)]),
        (Ratings(), [(1, 128), (1, 128)]),
        (Twins(), [(1, 1, 28, 28), (1, 1, 28, 28)]),
        (Added(), [(1, 12), (1, 7)]),
        (Unpacked(), [(1, 5, 224, 224), (1, 3)]),
    ],
)
def test_what_is_found(module: nn.Module, shapes: list[tuple[int, ...]]) -> None:
    """PyTorch itself takes what was found, with real numbers."""
    profile = netweight.weigh(module)
    assert [given.shape for given in profile.model.inputs] == shapes
    assert profile.coverage.complete or all("guess" in note for note in profile.notes[:1])
    assert "is a guess from" in profile.notes[0]
    given = [torch.zeros(entry.shape, dtype=getattr(torch, entry.dtype)) for entry in profile.model.inputs]
    module.eval()(*given)


def test_a_module_that_takes_nothing_says_that_all_were_tried() -> None:
    module = nn.Sequential(nn.Conv2d(3, 16, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(26, 1))
    profile = netweight.weigh(module)
    assert profile.coverage.stopped_at == "3"
    assert "inputs that were tried is accepted" in profile.notes[0]


class Any3(nn.Module):
    def forward(self, a: Any, b: Any) -> Any:
        c, d, e, f, g = a.shape
        return a + b.sum() + c + d + e + f + g


def test_what_no_layer_tells_is_asked_for_without_a_guess() -> None:
    with pytest.raises(UsageError, match="expected an input for each of a, b") as raised:
        netweight.weigh(Any3())
    assert "--input a:SHAPE --input b:SHAPE" in raised.value.fix
