"""Every command in the table of lecture topics runs, and every page that it names is there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from netweight.cli.main import run

DOCS = Path(__file__).parent.parent / "docs"
ROWS = re.findall(r"^\| (.+) \| `(.+)` \| \[.+\]\((.+)\) \|$", (DOCS / "notes.md").read_text(), re.MULTILINE)


def test_the_table_has_all_of_its_rows() -> None:
    lines = [line for line in (DOCS / "notes.md").read_text().splitlines() if line.startswith("| ")]
    assert len(ROWS) == len(lines) - 1 >= 19


@pytest.mark.parametrize(("topic", "command", "page"), ROWS, ids=[row[0][:30] for row in ROWS])
def test_a_topic(topic: str, command: str, page: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(shlex.split(command)[1:]) == 0
    assert capsys.readouterr().out.strip(), topic
    name, _, heading = page.partition("#")
    titles = re.findall(r"^#+ (.+)$", (DOCS / name).read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}
    assert not heading or heading in anchors
