"""The convention ``tflm`` against arenas measured with the interpreter for microcontrollers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import netweight

pytest.importorskip("tflite", reason="needs the package tflite")
MODELS = Path(__file__).parents[2] / "models" / "tflite"
ROWS = {row["file"]: row for row in json.loads((MODELS / "arena.json").read_text(encoding="utf-8"))["rows"]}


@pytest.mark.parametrize("name", ROWS)
def test_the_peak_and_the_best_plan_are_as_measured(name: str) -> None:
    """The interpreter's own plan has that size too, but for the visual wake words, where it wastes a third."""
    found = netweight.memory(MODELS / name, conventions="tflm").conventions["tflm"]
    assert found.plan is not None
    best = ROWS[name]["optimal_arena_bytes_align16"]
    assert found.peak_bytes == found.plan.lower_bound_bytes == best
    assert (found.plan.arena_bytes, found.plan.proved_optimal) == (best, True)
    assert found.plan.greedy_bytes == ROWS[name]["tflm_head_bytes"]
    assert ROWS[name]["tflm_head_bytes"] == (73_728 if name == "mlperf_vww_96_int8.tflite" else best)
