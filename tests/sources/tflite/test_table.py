"""The tables of the reader, against the accessors that the FlatBuffers compiler made of the schema."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.sources.tflite.operators import CASES
from tests.sources.tflite.test_control import TESTED
from tests.sources.tflite.test_stablehlo import STABLEHLO

from netweight.sources.tflite.lower import RULES
from netweight.sources.tflite.unknown import WHY

tflite = pytest.importorskip("tflite", reason="the accessors are in the package tflite")
NAMES = {name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)}


def test_each_operator_of_the_schema_has_a_rule_or_a_reason() -> None:
    rules = set(RULES)
    assert rules | set(WHY) == NAMES
    assert not rules & set(WHY)


def test_each_rule_has_a_test() -> None:
    tested = {case.kind for case in CASES.values()} | set(STABLEHLO) | TESTED
    assert set(RULES) - tested == set()


def test_the_schema_is_that_of_the_package() -> None:
    script = Path(__file__).parents[3] / "scripts" / "tflite-schema"
    subprocess.run([sys.executable, script, "--check"], check=True)
