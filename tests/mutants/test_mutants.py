"""The list of breaks fits the sources: each text stands in them once, and the tests named beside it are there."""

from __future__ import annotations

import shlex
import tomllib
from collections import Counter
from pathlib import Path

from netweight.index import OPERATORS

ROOT = Path(__file__).parent.parent.parent
MUTANTS = tomllib.loads((Path(__file__).parent / "mutants.toml").read_text(encoding="utf-8"))["mutant"]


def test_every_break_fits_once() -> None:
    whole = "\0".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    assert [entry["old"] for entry in MUTANTS if whole.count(entry["old"]) != 1] == []
    assert len({entry["old"] for entry in MUTANTS}) == len(MUTANTS) >= 110


def test_every_break_is_still_a_program() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py")]
    for entry in MUTANTS:
        (text,) = (text for text in texts if entry["old"] in text)
        assert compile(text.replace(entry["old"], entry["new"]), entry["old"], "exec").co_name == "<module>"


def test_tests_named_beside_a_break_are_there() -> None:
    named = {word for entry in MUTANTS for word in shlex.split(entry["tests"]) if word.startswith("tests/")}
    assert [name for name in sorted(named) if not (ROOT / name.partition("::")[0]).exists()] == []
    assert [entry["old"] for entry in MUTANTS if not entry["tests"].lstrip("'").startswith("tests/")] == []


def test_breaks_are_spread_over_the_sources_and_few_are_excused() -> None:
    groups = Counter(entry["group"] for entry in MUTANTS)
    assert {home.split(".")[1] for home in OPERATORS} <= groups.keys()
    assert {
        "analysis",
        "app",
        "build",
        "cli",
        "functions",
        "onnx",
        "report",
        "runtime",
        "torch",
        "zoo",
    } <= groups.keys()
    assert len([entry for entry in MUTANTS if "why" in entry]) <= 0.1 * len(MUTANTS)
