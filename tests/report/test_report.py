"""Every way out shows the same numbers, and names from a file stay data."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from netweight import Profile, build, weigh
from netweight.errors import UnknownNameError, UsageError
from netweight.report.html import to_html
from netweight.report.markdown import to_markdown
from netweight.report.outline import outline_of
from netweight.report.table import Options, table_of
from netweight.report.terminal import to_text


@pytest.fixture(scope="module")
def alexnet() -> Profile:
    return weigh("alexnet")


def blocks(x: build.Symbol) -> build.Symbol:
    """A stem and four equal blocks of two layers, then one that differs."""
    x = build.linear(x, 8, name="stem")
    for index in range(4):
        with build.scope(x, f"blocks.{index}", "Block"):
            x = build.relu(build.linear(x, 8, name="fc"))
    with build.scope(x, "blocks.4", "Block"):
        return build.linear(x, 4, name="fc")


@pytest.fixture(scope="module")
def repeated() -> Profile:
    return weigh(build.graph(blocks, (1, 8), name="repeated"))


def test_terminal(alexnet: Profile, golden: Callable[[str, str], None]) -> None:
    golden("alexnet.txt", to_text(alexnet))


def test_markdown(alexnet: Profile, golden: Callable[[str, str], None]) -> None:
    golden("alexnet.md", to_markdown(alexnet))


def test_folded(repeated: Profile, golden: Callable[[str, str], None]) -> None:
    golden("repeated.txt", to_text(repeated, Options(fold=True)))


def numbers(texts: list[str]) -> list[int]:
    return [int(text.replace(",", "").replace("*", "")) for text in texts]


def columns_of(profile: Profile, options: Options) -> dict[str, list[str]]:
    table = table_of(profile, options)
    return {key: [line[at] for line in (*table.lines, table.total)] for at, key in enumerate(table.keys)}


@pytest.mark.parametrize(
    "options",
    [
        Options(),
        Options(depth=1),
        Options(depth=2, fold=True),
        Options(fold=False),
        Options(every=True),
        Options(sort="macs", top=2),
        Options(top=1),
        Options(units="raw"),
    ],
)
def test_the_total_is_the_sum_of_the_lines(repeated: Profile, options: Options) -> None:
    for key in ("params", "macs", "activations"):
        *lines, total = numbers(columns_of(repeated, options)[key])
        assert sum(lines) == total
    assert numbers(columns_of(repeated, options)["macs"])[-1] == repeated.totals.macs


def test_json_csv_markdown_html_and_terminal_agree(alexnet: Profile) -> None:
    macs = [row.macs for row in alexnet.layers]
    assert [row["macs"] for row in json.loads(alexnet.to_json())["layers"]] == macs
    assert [int(row["macs"]) for row in csv.DictReader(io.StringIO(alexnet.to_csv()))] == macs
    assert numbers(columns_of(alexnet, Options(every=True))["macs"])[:-1] == macs
    for text in (to_markdown(alexnet), to_html(alexnet), to_text(alexnet)):
        found = re.findall(r"[\d,]{5,}", text)
        assert {f"{count:,}" for count in macs if count and count > 9999} <= set(found)
        assert "724,406,816" in found
    assert alexnet.to_pandas()["macs"].tolist() == macs


def test_folding_stops_where_blocks_differ(repeated: Profile) -> None:
    items = [item for item in outline_of(repeated, every=True).items if item.entry]
    assert [(item.entry.label, item.entry.repeat) for item in items if item.entry] == [
        ("x", 1),
        ("stem", 1),
        ("blocks.[0-3].fc", 4),
        ("blocks.[0-3].relu", 4),
        ("blocks.4.fc", 1),
    ]
    assert items[2].entry is not None
    assert items[2].entry.numbers["macs"] == 4 * 8 * 8


def test_depth_sums_modules(repeated: Profile) -> None:
    entries = [item.entry for item in outline_of(repeated, depth=2, fold=False).items if item.entry]
    assert [entry.label for entry in entries] == ["x", "stem", *(f"blocks.{index}" for index in range(5))]
    assert entries[2].op == "Block"
    assert entries[2].output_shapes == ((1, 8),)
    outermost = outline_of(repeated, depth=1).items[-1].entry
    assert outermost is not None
    assert outermost.numbers["params"] == 4 * 72 + 36


def test_sorted_and_cut(alexnet: Profile) -> None:
    lines = columns_of(alexnet, Options(sort="params", top=3))
    assert lines["layer"] == ["fc6 +3", "fc7 +2", "fc8", "(9 more)", "total"]
    # 24 lines: with one fewer the last is summed, with as many or more nothing is left.
    assert len(alexnet.layers) == 24
    for top, last in ((23, "(1 more)"), (24, "fc8"), (25, "fc8")):
        assert columns_of(alexnet, Options(top=top, every=True))["layer"][-2] == last


def test_every_column_has_text(alexnet: Profile) -> None:
    from netweight.report.table import COLUMNS

    table = table_of(alexnet, Options(columns=tuple(COLUMNS)))
    assert len(table.lines[0]) == len(COLUMNS)
    assert table_of(alexnet, Options(columns=("size",))).total == ("total", "244 MB")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (Options(columns=("mac",)), UnknownNameError, "no column is called 'mac'"),
        (Options(sort="parms"), UnknownNameError, "no column is called 'parms'"),
        (Options(sort="op"), UsageError, "a numeric column, got 'op'"),
        (Options(top=0), UsageError, "top: expected at least 1, got 0"),
        (Options(depth=-1), UsageError, "depth: expected at least 1, got -1"),
    ],
)
def test_options_that_are_none(alexnet: Profile, options: Options, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        table_of(alexnet, options)


def test_names_cannot_act(alexnet: Profile) -> None:
    """Escape sequences, markup, script and formulas in a layer's name stay text."""
    evil = "=cmd|\x1b[31m<script>`[x](y)"
    profile = replace(alexnet, layers=(replace(alexnet.layers[1], layer=evil),))
    assert "\x1b" not in to_text(profile)
    assert "\x1b" not in to_markdown(profile) + profile.to_csv() + to_html(profile)
    assert "<script>" not in to_html(profile)
    assert "&lt;script&gt;" in to_html(profile)
    assert r"\<script\>" in to_markdown(profile)
    assert next(csv.DictReader(io.StringIO(profile.to_csv())))["layer"].startswith("'=cmd")


def test_a_profile_shows_itself(alexnet: Profile) -> None:
    from rich.console import Console

    assert str(alexnet) == to_text(alexnet)
    assert alexnet._repr_html_() == to_html(alexnet)
    console = Console(file=io.StringIO(), width=200)
    console.print(alexnet)
    assert "724,406,816" in console.file.getvalue()  # type: ignore[attr-defined]
