"""What a checkpoint says beside its arrays is read only where it is what it has to be; scores that are no numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netweight
from netweight.errors import FormatError
from netweight.training import metrics
from netweight.training.checkpoint import Checkpoint, load, save

save_file = pytest.importorskip("safetensors.numpy").save_file

GOOD: dict[str, Any] = {
    "model": "mlp:widths=64-16-10", "source": "digits", "sample": [1, 8, 8], "classes": list("0123456789"),
    "fractions": [0.7, 0.1, 0.2], "centre": {"mean": [0.0], "std": [1.0]}, "recipe": {"seed": 0},
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("centre", {"mean": [0.0]}, "mean and std"),
        ("recipe", None, "an object with a seed"),
        ("classes", 3, "names"),
        ("fractions", "zz", "numbers"),
        ("sample", ["z"], "sizes or null"),
        ("model", 3, "text"),
        ("source", 3, "text or null"),
    ],
)
def test_a_field_of_another_kind(field: str, value: Any, said: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.safetensors"
    save(file, Checkpoint(weights={}, states={}, record=GOOD | {field: value}))
    with pytest.raises(FormatError, match=f"expected {said} as '{field}'"):
        netweight.evaluate(checkpoint=file)


@pytest.mark.parametrize("field", sorted(GOOD))
def test_a_field_that_is_missing(field: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.safetensors"
    save(file, Checkpoint(weights={}, states={}, record={name: GOOD[name] for name in GOOD if name != field}))
    with pytest.raises(FormatError, match=f"expected '{field}' in the metadata of .*, got none"):
        netweight.evaluate(checkpoint=file)


def test_json_without_an_end_is_no_record(tmp_path: Path) -> None:
    file = tmp_path / "deep.safetensors"
    save_file({"w": np.zeros(1, np.float32)}, file, metadata={"netweight": "[" * 100_000})
    with pytest.raises(FormatError, match="expected JSON"):
        load(file)


def test_no_number_is_right_at_no_k_and_in_no_column() -> None:
    scores = np.array([[np.nan, -np.inf, 1], [np.nan, -np.inf, np.nan], [np.nan] * 3, [-np.inf, 1, 2]])
    labels = np.array([0, 0, 0, 1])
    assert metrics.top(scores[:3], labels[:3], 5) == 0
    assert metrics.confusion(scores, labels).tolist() == [[0, 1, 1], [0, 0, 1], [0, 0, 0]]
