"""The page "ONNX coverage": made from the lists, so that it cannot say anything else."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import onnx

from netweight.sources.onnx.lower import RULES
from sources.onnx.suite.cases import KINDS, cases
from sources.onnx.suite.lists import DATA, PASSES, SETTINGS, UNSUPPORTED, listed

PAGE = Path(__file__).parents[4] / "docs" / "onnx-coverage.md"
_SETS = {
    "node": "single operators, and the definitions of operators by others (`_expanded`)",
    "simple": "small graphs",
    "pytorch-converted": "modules of PyTorch, exported",
    "pytorch-operator": "functions of PyTorch, exported",
    "light": "nine image networks, from AlexNet to DenseNet-121",
}
_TOP = """\
# ONNX coverage

<!-- Written by scripts/onnx-suite --update from tests/sources/onnx/suite/*.txt; edits are lost. -->

Every case of the official backend suite of onnx {version}, run on netweight. A case passes if

- the reference runtime (`netweight.onnx_backend`) gives the outputs that the suite expects, to its own tolerance, and
- reading the model alone, with no numbers but those in the file, foresees shape and type of every output and has a cost
  rule for every operator. Where a shape follows from numbers, reading has to say so.

`scripts/onnx-suite` runs all and fails if a case is on neither list, or on the wrong one; so does the test suite.

## Cases

| part | cases | pass | unsupported | fail | |
|---|---:|---:|---:|---:|---|
"""
_DEPENDS = """
In {settings} of the passing cases a shape follows from an input that a network has as a constant (axes, sizes, scales):
read with that input stored, they are foreseen, too. In {data} it follows from the data: `NonZero`, `Unique`, sequences
given from outside. A report says so in its notes, takes the most there can be or leaves the operator out by name, and
counts none of it as zero.

## Unsupported

| why | cases | operators |
|---|---:|---|
"""
_OPERATORS = """
## Operators

By the cases of single operators. "Read by" says whether netweight has a rule of its own for the operator, or uses
ONNX's definition of it by other operators. An operator with neither is listed in every report as unknown.

| operator | read by | cases | pass | unsupported because |
|---|---|---:|---:|---|
"""
_UNTESTED = """
## Operators without a case

Operators of `ai.onnx` that the suite does not try:

| operator | read by |
|---|---|
"""
_RUNTIME = """
## Operators of ONNX Runtime

What ONNX Runtime writes into the models that it optimises or quantises (`com.microsoft`), where netweight has a rule:

"""


def page() -> str:
    """The page, from the lists as they are on disk."""
    passes = dict(_split(line) for line in listed(PASSES))
    unsupported = dict(_split(line) for line in listed(UNSUPPORTED))
    remarks = Counter(passes.values())
    parts = [
        _TOP.format(version=".".join(onnx.__version__.split(".")[:2])),
        *_parts(passes, unsupported),
        _DEPENDS.format(settings=remarks[SETTINGS], data=remarks[DATA]),
        *_reasons(unsupported),
        _OPERATORS,
        *_operators(passes, unsupported),
        _UNTESTED,
        *(f"| {name} | {_read_by(name)} |\n" for name in sorted(_current() - set(_operator_of().values()))),
        _RUNTIME,
        *_wrapped(sorted(f"`{name.removeprefix('com.microsoft.')}`" for name in RULES if name.startswith("com.micr"))),
    ]
    return "".join(parts)


def _split(line: str) -> tuple[str, str]:
    title, _, remark = line.partition("\t")
    return title, remark


def _parts(passes: dict[str, str], unsupported: dict[str, str]) -> Iterator[str]:
    total = [0, 0, 0]
    for kind in KINDS:
        titles = [case.title for case in cases(kind)]
        row = [len(titles), sum(t in passes for t in titles), sum(t in unsupported for t in titles)]
        total = [a + b for a, b in zip(total, row, strict=True)]
        yield _row(kind, row, _SETS[kind])
    yield _row("all", total, "")


def _row(name: str, counts: list[int], about: str) -> str:
    count, passed, unsupported = counts
    shown = [f"{n:,}" for n in (count, passed, unsupported, count - passed - unsupported)]
    return f"| {name} | {' | '.join(shown)} | {about} |\n"


def _reasons(unsupported: dict[str, str]) -> Iterator[str]:
    by_reason: dict[str, list[str]] = defaultdict(list)
    for title, reason in unsupported.items():
        by_reason[reason].append(title)
    for reason, titles in sorted(by_reason.items()):
        about = sorted({_about(title) for title in titles})
        yield f"| {reason} | {len(titles)} | {', '.join(about)} |\n"


def _about(title: str) -> str:
    operator = _operator_of().get(title)
    return f"`{operator}`" if operator else f"graphs of {title.partition('/')[0]}"


def _operators(passes: dict[str, str], unsupported: dict[str, str]) -> Iterator[str]:
    by_operator: dict[str, list[str]] = defaultdict(list)
    for title, operator in _operator_of().items():
        by_operator[operator].append(title)
    for operator, titles in sorted(by_operator.items(), key=lambda pair: ("." in pair[0], pair[0])):
        why = sorted({unsupported[title].partition(":")[0] for title in titles if title in unsupported})
        passed = sum(title in passes for title in titles)
        yield f"| {operator} | {_read_by(operator)} | {len(titles)} | {passed} | {'; '.join(why)} |\n"


@cache
def _operator_of() -> dict[str, str]:
    """The operator that each case of a single one is about."""
    return {case.title: case.operator for case in cases("node")}


def _current() -> set[str]:
    """Operators of ``ai.onnx`` in its newest version."""
    return {schema.name for schema in onnx.defs.get_all_schemas() if not schema.domain and not schema.deprecated}


def _read_by(operator: str) -> str:
    if operator in RULES:
        return "rule"
    domain, _, name = operator.rpartition(".")
    schema: Any = onnx.defs.get_schema(name, domain=domain)
    return "definition" if schema.has_function or schema.has_context_dependent_function else "nothing"


def _wrapped(words: list[str]) -> Iterator[str]:
    line = ""
    for at, word in enumerate(words):
        piece = word + ("," if at + 1 < len(words) else "")
        if line and len(line) + 1 + len(piece) > 120:
            yield f"{line}\n"
            line = piece
        else:
            line = f"{line} {piece}".lstrip()
    yield f"{line}\n"
