"""The rules of ONNX's operators are found where they are said to be."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict

from netweight.sources.onnx.lower import RULES
from netweight.sources.onnx.lower.homes import HOMES


def test_every_rule_has_its_home() -> None:
    """A rule that is not listed is found too, and costs the import of all files."""
    registered = defaultdict(set)
    for name in RULES:
        registered[RULES[name].__module__.rpartition(".")[2]].add(name)
    listed = {name for names in HOMES.values() for name in names.split()}
    assert listed == set(RULES)
    for file, names in HOMES.items():
        made_here = registered.get(file, set())
        assert made_here <= set(names.split()), file


def test_only_the_files_that_are_needed_are_imported() -> None:
    needed = [f"netweight.sources.onnx.lower.{name}" for name in ("homes", "conv", "common", "parts")]
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
