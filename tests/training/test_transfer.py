"""What a checkpoint gives another training: weights, a new head, parts that stay or move slowly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

import netweight
from netweight.errors import NetweightError
from netweight.training.checkpoint import load

MLP = "mlp:widths=64-12-5"


@pytest.fixture
def known(tmp_path: Path) -> tuple[Path, Any]:
    digits = load_digits()
    images, labels = digits.images.astype(np.float32) / 16, digits.target
    low, high = labels < 5, labels >= 5
    netweight.train(MLP, (images[low], labels[low]), epochs=2, output=tmp_path / "low")
    return tmp_path / "low" / "best.safetensors", (images[high], labels[high] - 5)


def test_a_new_head_on_what_is_known(known: tuple[Path, Any]) -> None:
    path, data = known
    before = load(path).weights
    names = list(before)
    first, head = names[0].rpartition(".")[0], names[-1].rpartition(".")[0]
    done = netweight.train(MLP, data, epochs=1, weights=path, replace=head, freeze=first, seed=3)
    assert (done.weights[f"{first}.weight"] == before[f"{first}.weight"]).all()
    drawn = netweight.initialize(netweight.capture(MLP), seed=3)
    moved = np.abs(done.weights[f"{head}.weight"] - drawn[f"{head}.weight"]).max()
    far = np.abs(done.weights[f"{head}.weight"] - before[f"{head}.weight"]).max()
    assert moved < 0.2 < far  # it began from what the seed draws, not from what the file has
    assert any(note.startswith(f"drawn anew, seed 3: {head}.weight") for note in done.notes)
    slow = netweight.train(MLP, data, epochs=1, weights=path, lr_of={first: 0.001}, seed=3)
    fast = netweight.train(MLP, data, epochs=1, weights=path, seed=3)
    steps = [np.abs(run.weights[f"{first}.weight"] - before[f"{first}.weight"]).max() for run in (slow, fast)]
    assert 0 < steps[0] < steps[1] / 20


def test_a_head_for_other_classes(known: tuple[Path, Any]) -> None:
    path, _ = known
    with pytest.raises(NetweightError, match="those of another network"):
        netweight.train("mlp:widths=64-12-10", epochs=1, weights=path)
    head = list(load(path).weights)[-1].rpartition(".")[0]
    done = netweight.train("mlp:widths=64-12-10", epochs=1, weights=path, replace=head)
    assert done.test is not None
    assert len(done.test.classes) == 10


def test_what_cannot_be_replaced(known: tuple[Path, Any]) -> None:
    path, data = known
    with pytest.raises(NetweightError, match="weights to begin with, got none"):
        netweight.train(MLP, data, epochs=1, replace="*")
    with pytest.raises(NetweightError, match="parameter"):
        netweight.train(MLP, data, epochs=1, weights=path, replace="heed")
