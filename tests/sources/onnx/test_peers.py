"""The models of ``benchmarks/onnx_peers.py``: our figures are those by hand, with or without other tools at hand."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("onnx")

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture(scope="module")
def peers() -> Any:
    spec = importlib.util.spec_from_file_location("onnx_peers", BENCHMARKS / "onnx_peers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(BENCHMARKS))
    try:
        sys.modules["onnx_peers"] = module  # dataclasses look their module up
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(BENCHMARKS))
    return module


def test_our_macs_are_those_by_hand(peers: Any) -> None:
    found = {case.title: peers.ours(case) for case in peers.CASES if case.macs}
    assert found == {case.title: f"{case.macs:,}" for case in peers.CASES if case.macs}
    assert len(found) == 10


def test_an_open_batch_is_asked_for(peers: Any) -> None:
    (case,) = [case for case in peers.CASES if not case.macs]
    assert peers.ours(case) == "input: expected a size for every dimension, got x: batch x 64; fix: `--dim batch=1`"
