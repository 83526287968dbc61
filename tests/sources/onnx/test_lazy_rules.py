"""The rules of ONNX's operators are found where they are said to be."""

from __future__ import annotations

import subprocess
import sys

from netweight.sources.onnx.lower import RULES


def test_only_the_files_that_are_needed_are_imported() -> None:
    needed = [f"netweight.sources.onnx.lower.{name}" for name in ("contract", "contract.conv", "common", "parts")]
    code = f"""
import sys
from netweight.sources.onnx.lower import RULES
assert RULES.find("Conv") is not None
loaded = {{name for name in sys.modules if name.startswith("netweight.sources.onnx.lower.")}} - set({needed!r})
sys.exit(f"loaded {{sorted(loaded)}}" if loaded else 0)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr


def test_an_operator_without_a_rule() -> None:
    assert RULES.find("com.example.Nothing") is None
    assert "com.example.Nothing" not in RULES
    assert RULES.get("Conv") is RULES["Conv"]
    assert len(RULES) > 200
