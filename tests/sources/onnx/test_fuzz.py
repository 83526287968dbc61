"""Broken copies of the models of the official suite: a profile or an error of ours, in bounded time and memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

pytest.importorskip("onnx")

FUZZ = Path(__file__).parent / "fuzz.py"
CASES = 10 * settings.default.max_examples  # scripts/fuzz draws more


def test_broken_models_are_answered(tmp_path: Path) -> None:
    """A child process: memory is limited, and ONNX may end a process; each case may take 10 CPU seconds."""
    options = [
        "--seed",
        "0",
        "--cases",
        str(CASES),
        "--seconds",
        "15",
        "--scratch",
        str(tmp_path / "broken.onnx"),
    ]
    found = subprocess.run(
        [sys.executable, "-W", "ignore", str(FUZZ), *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )
    seed_file = tmp_path / "broken.seed"
    last = seed_file.read_text(encoding="ascii") if seed_file.exists() else "none"
    assert found.returncode == 0, f"{found.stdout}{found.stderr}; last seed: {last}"
    assert "'profile':" in found.stdout
    assert "'FormatError':" in found.stdout
