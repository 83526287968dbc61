"""Broken copies of files: a profile or an error of ours, in bounded time and memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

pytest.importorskip("tflite", reason="files are written with the package tflite")

FUZZ = Path(__file__).parent / "fuzz.py"
CASES = 20 * settings.default.max_examples  # scripts/fuzz draws more


def test_broken_files_are_answered() -> None:
    """A child process: memory is limited; each case may take 10 CPU seconds."""
    options = ["--seed", "0", "--cases", str(CASES), "--seconds", "300"]
    found = subprocess.run(
        [sys.executable, "-W", "ignore", str(FUZZ), *options], capture_output=True, text=True, check=False, timeout=400,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )  # fmt: skip
    assert found.returncode == 0, found.stdout + found.stderr
    assert "'profile':" in found.stdout
    assert "'FormatError':" in found.stdout
