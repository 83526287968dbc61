"""The table of operators, and the index that says which file has what."""

import importlib
import pkgutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from netweight import build
from netweight.index import FUNCTIONS, OPERATORS, READS, WRITES, homes
from netweight.ops import REGISTRY, Cost
from netweight.ops.table import WORK_KINDS, register

PAGE = Path(__file__).parents[2] / "docs" / "operators.md"
INDEX = Path(__file__).parents[2] / "scripts" / "index"


def test_the_index_is_what_the_files_say() -> None:
    """It is written by scripts/index, in a process of its own, because registering happens once."""
    done = subprocess.run([sys.executable, INDEX, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_table_is_asked_by_name() -> None:
    assert all(REGISTRY[name].name == name for name in REGISTRY)
    assert REGISTRY.find("conv4d") is None
    assert "conv4d" not in REGISTRY
    assert REGISTRY.get("conv4d") is None
    assert len(REGISTRY) == len(list(REGISTRY)) > 250


def test_the_builder_offers_its_functions() -> None:
    assert all(hasattr(build, name) for name in build.__all__)
    assert dir(build) == build.__all__
    with pytest.raises(AttributeError, match="no attribute 'conv4d'"):
        build.conv4d  # noqa: B018


def test_a_name_is_taken_once() -> None:
    with pytest.raises(ValueError, match="operator 'conv' is already registered"):
        register(replace(REGISTRY["conv"]))


GROUPS = {name: place.split(".")[1] for place, names in OPERATORS.items() for name in names.split()}


def test_groups_have_the_same_names_in_all_rooms() -> None:
    """Control flow is ONNX's alone; what stands for every group, or is shared by all, belongs to none."""
    rooms = {"functions": 1, "onnx.lower": 3, "onnx.write": 3, "sources.build": 2, "torch.lower": 3}
    found = set()
    for place in (*FUNCTIONS, *READS, *WRITES, *_torch_rules()):
        depth = next(depth for room, depth in rooms.items() if room in place)
        found.add(place.split(".")[depth])
    assert found - set(GROUPS.values()) == {"common", "control", "core", "describe", "parameters", "plain"}


def _torch_rules() -> set[str]:
    lower = pytest.importorskip("netweight.sources.torch").lower
    return {rule.__module__.removeprefix("netweight.") for rule in lower.RULES.values()}


@pytest.mark.parametrize("room", ["cases", "definitions", "netweight.engines.pytorch.calls"])
def test_what_is_said_of_an_operator_stands_in_its_group(room: str) -> None:
    place, depth = pytest.importorskip(room).__path__, room.count(".") + 1
    names = [info.name for info in pkgutil.walk_packages(place, f"{room}.") if info.name.count(".") == depth + 1]
    tables = ("CASES", "BATCHED", "CALLS", "DEFINITIONS")
    said = [(op, name) for name in names for t in tables for op in getattr(importlib.import_module(name), t, ())]
    assert len(said) > 40
    assert [pair for pair in said if pair[1].split(".")[depth] != GROUPS[pair[0]]] == []


def test_ways_to_write_an_operator_stand_in_its_group() -> None:
    """Those that are one operator of ONNX have one way for all groups."""
    ways = [(name, home.split(".")[4]) for name, home in homes(WRITES).items() if not home.endswith(".plain")]
    assert len(ways) > 100
    assert [pair for pair in ways if pair[1] != GROUPS[pair[0]]] == []


def test_the_page_of_operators_has_each_in_its_file() -> None:
    """Written by scripts/operators-page, which takes too long to run here."""
    rows = [line.split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    listed = {row[0].strip("| `"): "ops." + row[1].replace("/", ".") for row in rows}
    assert listed == {name: home.removeprefix("netweight.") for name, home in homes(OPERATORS).items()}


def test_a_mac_is_two_operations_and_choices_are_no_arithmetic() -> None:
    """Kinds of work as powers of two, macs first, logics last: no other sum of them is the same."""
    cost = Cost(**{kind: 2**at for at, kind in enumerate(WORK_KINDS)})
    assert (WORK_KINDS[0], WORK_KINDS[-1], len(WORK_KINDS)) == ("macs", "logics", 13)
    assert cost.arithmetic == 2 * 1 + sum(2**at for at in range(1, 12))
    assert cost.ops_total == cost.arithmetic + 2**12
    assert cost + cost == Cost(**{kind: 2 * 2**at for at, kind in enumerate(WORK_KINDS)})
