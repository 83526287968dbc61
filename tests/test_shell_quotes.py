"""Commands that are printed or documented can be typed as they stand: what a shell would expand is quoted."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
_PLAIN = r"[^\s`'\"]"
COMMAND = re.compile(
    rf"(?:pip install|netweight|--(?:bits|freeze|checkpoint))\s+(?:{_PLAIN}+\s+)*?({_PLAIN}*[\[*?]{_PLAIN}*)"
)
"""A word with a bracket or a star, not in quotes, behind the beginning of a command or a flag of patterns."""


def expanded(text: str) -> list[str]:
    return [found[1] for found in COMMAND.finditer(text) if not re.fullmatch(r"\[[A-Z|:.]+\]?.*", found[1])]


def commands_in(path: Path) -> Iterator[str]:
    """What an error says to do, and other texts with a command; docstrings are prose."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in ("fix", "help"):
            yield ast.unparse(node.value).strip("'\"")
        elif isinstance(node, ast.Constant | ast.JoinedStr) and "pip install" in ast.unparse(node):
            yield re.sub(r"\\?(['\"])", r"\1", ast.unparse(node))


def test_the_scan_finds_what_a_shell_would_expand() -> None:
    assert expanded("pip install netweight[torch]") == ["netweight[torch]"]
    assert expanded("netweight alexnet --bits conv*=8") == ["conv*=8"]
    assert expanded("--freeze layer1*") == ["layer1*"]
    assert expanded("pip install 'netweight[torch]'") == []
    assert expanded("netweight alexnet --bits 'conv*=8'") == []


@pytest.mark.parametrize("folder", ["app", "cli", "report", "sources", "rewrite", "analysis", "zoo", "autograd"])
def test_what_to_do_can_be_typed(folder: str) -> None:
    texts = {text for path in (ROOT / "src/netweight" / folder).rglob("*.py") for text in commands_in(path)}
    assert [(text, found) for text in texts if (found := expanded(text))] == []


def test_consoles_of_the_pages_can_be_typed() -> None:
    pages = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    lines = [line for page in pages for line in page.read_text(encoding="utf-8").splitlines() if line[:2] == "$ "]
    assert len(lines) > 20
    assert [line for line in lines if expanded(line)] == []
