"""The way into the pages: an index by question, links that lead somewhere, and a picture that is what is printed."""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import netweight
from netweight.cli.main import run

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md")), *ROOT.glob("benchmarks/*.md"))
INDEX = ROOT / "docs" / "README.md"
_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def _links(page: Path) -> list[str]:
    text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]


def _anchors(page: Path) -> set[str]:
    """Headings, as a reader of Markdown names them."""
    text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    for link in _links(page):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in _anchors(target), f"{page.name}: {link}"


def test_the_index_has_every_page() -> None:
    linked = {(INDEX.parent / link.partition("#")[0]).resolve() for link in _links(INDEX)}
    assert {page for page in ROOT.glob("docs/*.md") if page != INDEX} <= linked
    assert INDEX in {(ROOT / link).resolve() for link in _links(ROOT / "README.md")}


def _commands() -> list[str]:
    """Commands of the index, and of the README's next steps, on what is built in; those of a line belong together."""
    texts = (_BLOCK.sub("", page.read_text(encoding="utf-8")) for page in (INDEX, ROOT / "README.md"))
    lines = [re.findall(r"`(netweight [^`]*)`", line) for text in texts for line in text.splitlines()]
    ours = [[one for one in line if not re.search(r"\.py|\.onnx|\.tflite|\.json|runs/", one)] for line in lines]
    return list(dict.fromkeys("; ".join(line) for line in ours if line))


@pytest.mark.parametrize("commands", _commands())
def test_commands_work(commands: str, capsys: pytest.CaptureFixture[str]) -> None:
    for command in commands.split("; "):
        assert run(shlex.split(command)[1:]) == 0
        assert capsys.readouterr().out.strip()


def test_the_picture_is_what_is_printed() -> None:
    made = runpy.run_path(str(ROOT / "scripts" / "picture"))
    stored = (ROOT / "docs" / "images" / "first-view.svg").read_text(encoding="utf-8")
    assert stored == made["picture"](), "scripts/picture draws it again"
    words = [element.text for element in ET.fromstring(stored).iter() if element.tag.endswith("}text")]
    totals = netweight.weigh("resnet50").totals
    assert f"{totals.macs:,}" in words
    assert f"{totals.params:,}" in words


@pytest.mark.parametrize("name", ["memory-timeline.svg", "memory-two-networks.svg", "memory-blocks.svg"])
def test_pictures_of_memory_have_our_figures(name: str) -> None:
    made = runpy.run_path(str(ROOT / "scripts" / "memory-pictures"))
    assert set(made["PICTURES"]) == {path.name for path in made["FOLDER"].glob("memory-*.svg")}
    stored = (ROOT / "docs" / "images" / name).read_text(encoding="utf-8")
    assert stored == made["PICTURES"][name](), "scripts/memory-pictures draws it again"
    ET.fromstring(stored)
