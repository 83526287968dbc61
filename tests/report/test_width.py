"""Columns stay below each other where letters take two columns of a terminal, or none."""

from __future__ import annotations

import re
from unicodedata import east_asian_width

import pytest

from netweight.report.escape import plain
from netweight.report.explain.shown import columns, named
from netweight.report.fit import Grid, Head, fitted
from netweight.report.width import head, tail, width_of
from netweight.report.wrap import wrapped

NAMES = ["conv1", "합성곱", "层.卷积", "レイヤー", "🔥block", "👩\u200d🔬", "cafe\u0301"]
WIDTHS = [5, 6, 7, 8, 7, 2, 4]


def at(line: str, mark: str) -> int:
    """Column of a terminal in which the mark stands, by the East Asian widths; joined emoji are one."""
    before = re.sub("\u200d.", "", line[: line.index(mark)]).replace("\u0301", "")
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in before)


@pytest.mark.parametrize(("name", "width"), list(zip(NAMES, WIDTHS, strict=True)))
def test_width(name: str, width: int) -> None:
    assert width_of(name) == width


def grid() -> Grid:
    rows = [("layer", "op", "macs"), *((name, "conv2d", "#") for name in NAMES), ("total", "", "#")]
    return Grid(
        keys=("layer", "op", "macs"), numeric=(False, False, True), rows=(rows[0], Head("모듈", "!"), *rows[1:])
    )


def test_columns_are_straight() -> None:
    heading, module, *lines = grid().lines()
    assert {at(line, "#") for line in lines} == {at(heading, "macs") + 3}
    assert at(module, "!") == at(heading, "op")


def test_names_are_cut_to_the_width() -> None:
    names = ["모듈" * 20, "conv" * 10]
    rows = (("layer", "macs"), *((name, "#") for name in names), ("total", "#"))
    lines = list(fitted(Grid(keys=("layer", "macs"), numeric=(False, True), rows=rows), 24, "macs").lines())
    assert len({at(line, "#") for line in lines[1:]}) == 1
    assert all(width_of(line) <= 24 for line in lines)
    assert all("…" in line for line in lines[1:3])


def test_lists_of_explanations_are_straight() -> None:
    assert len({at(line, "#") for line in named([(name, "#") for name in NAMES])}) == 1
    assert len({at(line, "#") for line in columns([(name, "#") for name in NAMES])}) == 1


def test_text_is_wrapped_at_the_width() -> None:
    text = "note: 합성곱 합성곱 합성곱 합성곱 합성곱 1.46 GFLOP"
    lines = list(wrapped(text, 24, 2))
    assert max(map(width_of, lines)) <= 24
    assert " ".join(line.strip() for line in lines) == text
    assert lines[-1].endswith("1.46 GFLOP")
    assert all(line.startswith("  ") for line in lines[1:])


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("👩\u200d🔬", 2), ("👨\u200d👩\u200d👧\u200d👦", 2), ("👍🏽", 2),
        ("❤\ufe0f", 2), ("🏳\ufe0f\u200d🌈", 2), ("❤\ufe0f\u200d🔥x", 3),
        ("👩🏽\u200d🚀conv", 6),
    ],
)  # fmt: skip
def test_emoji_of_several_characters_are_one_and_are_shown(name: str, columns: int) -> None:
    assert plain(name) == name
    assert width_of(name) == columns
    assert head(name, columns) == tail(name, columns) == name
    assert head(f"{name}zz", columns + 1) == f"{name}z"


@pytest.mark.parametrize("name", ["a\u200db", "\u200d", "🔥\u200d", "\u200d🔥", "🔥\u200dab", "a\u202eb", "🔥\u200b🔥"])
def test_what_joins_no_emoji_is_escaped(name: str) -> None:
    assert "\\u20" in plain(name)
