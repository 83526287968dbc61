"""Other methods than forward, and the step of decoding."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import netweight
from netweight.cli.main import run
from netweight.errors import UnknownNameError, UsageError

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402


class Encoders(nn.Module):
    """Two towers, and a forward that needs both."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.text = nn.Embedding(50, 8), nn.Linear(8, 6, bias=False)
        self.look = nn.Conv2d(3, 6, 4, stride=4, bias=False)

    def encode_image(self, image: Any) -> Any:
        return self.look(image).mean((2, 3))

    def encode_text(self, ids: Any) -> Any:
        return self.text(self.words(ids)).mean(1)

    def forward(self, image: Any, ids: Any) -> Any:
        return self.encode_image(image) @ self.encode_text(ids).t()


def test_another_method() -> None:
    network = Encoders()
    image = netweight.weigh(network, (2, 3, 8, 8), method="encode_image")
    assert image.totals.macs == 2 * (2 * 2) * 6 * (3 * 4 * 4)
    assert [(given.name, given.shape) for given in image.model.inputs] == [("image", (2, 3, 8, 8))]
    assert [row.layer for row in image.layers if row.macs] == ["look"]
    text = netweight.weigh(network, {"ids": netweight.TensorSpec((2, 5), "int64")}, method="encode_text")
    assert text.totals.macs == 2 * 5 * 8 * 6


def test_the_input_of_another_method_is_guessed() -> None:
    profile = netweight.weigh(Encoders(), method="encode_text")
    assert [(given.name, given.shape) for given in profile.model.inputs] == [("ids", (1, 128))]


def test_a_method_that_is_not_there() -> None:
    with pytest.raises(UnknownNameError, match="encode_picture") as raised:
        netweight.weigh(Encoders(), (2, 3, 8, 8), method="encode_picture")
    assert "encode_image" in str(raised.value) + str(raised.value.fix)
    with pytest.raises(UnknownNameError):
        netweight.weigh(Encoders(), (2, 3, 8, 8), method="look")
    with pytest.raises(UsageError, match="method: expected a PyTorch module"):
        netweight.weigh("alexnet", method="encode_image")


def test_a_module_without_forward() -> None:
    class Encodes(nn.Module):
        def encode(self, x: Any) -> Any:
            return x

    with pytest.raises(UsageError, match="expected Encodes to have a forward, got none") as raised:
        netweight.weigh(Encodes(), (2, 3))
    assert raised.value.fix == "--method encode weighs another method"


class Layer:
    """Keys of one layer."""

    def __init__(self) -> None:
        self.keys: Any = None


class Cache:
    """Keys of all layers."""

    def __init__(self) -> None:
        self.layers = [Layer()]


class Decoder(nn.Module):
    """A language model of one layer, as packages write them: with a configuration, and a cache that it returns."""

    def __init__(self, positions: int = 10_000) -> None:
        super().__init__()
        self.config = SimpleNamespace(model_type="toy", max_position_embeddings=positions)
        self.embed, self.key = nn.Embedding(50, 8), nn.Linear(8, 8, bias=False)

    def forward(self, input_ids: Any, cache: Any = None, use_cache: bool = False) -> Any:
        x = self.embed(input_ids)
        keys, cache = self.key(x), cache or Cache()
        layer = cache.layers[0]
        layer.keys = keys if layer.keys is None else torch.cat([layer.keys, keys], 1)
        return SimpleNamespace(scores=x @ layer.keys.transpose(1, 2), cache=cache if use_cache else None)


@pytest.mark.parametrize(("past", "positions", "before"), [(None, 10_000, 2048), (None, 64, 63), (7, 64, 7)])
def test_a_step_of_decoding(past: int | None, positions: int, before: int) -> None:
    profile = netweight.weigh(Decoder(positions), decode=True, past=past, batch=2)
    # The token's key, and a product with each key before and its own.
    assert profile.totals.macs == 2 * (8 * 8 + (before + 1) * 8)
    assert [(given.name, given.shape) for given in profile.model.inputs] == [
        ("input_ids", (2, 1)), ("cache.layers.0.keys", (2, before, 8))
    ]  # fmt: skip
    assert profile.notes[0] == f"a step of decoding: one token after {before} in the cache"
    # Old and new keys are held while one is copied into the other, beside the embedded token, its key and its number.
    held = 4 * 2 * (before + (before + 1) + 1 + 1) * 8
    assert held <= profile.activations["liveness"].peak_bytes <= held + 2 * 8


def test_no_step_of_decoding() -> None:
    with pytest.raises(UsageError, match="decode: expected a model of transformers that makes tokens"):
        netweight.weigh(Encoders(), decode=True)
    with pytest.raises(UsageError, match="past: expected a step of decoding"):
        netweight.weigh(Decoder(), past=5)
    with pytest.raises(UsageError, match="past: expected at least 1 token"):
        netweight.weigh(Decoder(), decode=True, past=0)
    with pytest.raises(UsageError, match="expected no input and no method beside it"):
        netweight.weigh(Decoder(), (1, 3), decode=True)
    with pytest.raises(UsageError, match="decode: expected a PyTorch module"):
        netweight.weigh("alexnet", decode=True)


def test_a_model_that_keeps_no_cache() -> None:
    class Forgets(Decoder):
        def forward(self, input_ids: Any, **_others: Any) -> Any:
            return SimpleNamespace(scores=self.embed(input_ids), cache=None)

    with pytest.raises(UsageError, match="expected a model that keeps a cache, got Forgets"):
        netweight.weigh(Forgets(), decode=True)


def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "net.py").write_text(
        "import torch\n"
        "class Net(torch.nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.fc = torch.nn.Linear(4, 3, bias=False)\n"
        "    def encode(self, x):\n"
        "        return self.fc(x)\n"
    )
    monkeypatch.chdir(tmp_path)
    assert run(["net.py:Net", "--method", "encode", "--input", "2x4"]) == 0
    assert "24 MACs" in capsys.readouterr().out
    assert run(["net.py:Net", "--decode"]) == 2
    assert "makes tokens, got Net" in capsys.readouterr().err
