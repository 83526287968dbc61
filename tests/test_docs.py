"""Every example in README.md and docs/ is run.

``console`` blocks: what ``$ netweight ...``, ``$ python examples/...`` and ``$ echo $?`` print must be what the page
shows, line by line; a line ``...`` stands for any number of lines. Other commands are for the reader and not run.
``python`` blocks: run from the top of the page to its end in one namespace, as doctests where they have prompts.
"""

import difflib
import doctest
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from netweight.cli.main import run

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("benchmarks/*.md")))
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    language: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks_of(page: Path, *languages: str) -> Iterator[Block]:
    """Fenced blocks in those languages."""
    text = page.read_text(encoding="utf-8")
    for found in re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if found[1] in languages:
            yield Block(page, text.count("\n", 0, found.start()) + 2, found[1], found[2])


def commands_of(block: Block) -> list[tuple[str, list[str]]]:
    """Commands and the lines shown below each."""
    parts = re.split(r"^\$ (.*)\n", block.text, flags=re.MULTILINE)
    assert not parts[0], f"{block.name}: a console block starts with a command"
    return [(command, shown.rstrip().splitlines()) for command, shown in zip(parts[1::2], parts[2::2], strict=True)]


def fits(printed: list[str], shown: list[str]) -> bool:
    """Whether the printed lines are those that the page shows, a line ``...`` standing for any number of them."""
    pieces: list[list[str]] = [[]]
    for line in shown:
        if line == "...":
            pieces.append([])
        else:
            pieces[-1].append(line)
    first, *rest = pieces
    if not rest:
        return printed == first
    *middle, last = rest
    end = len(printed) - len(last)
    if printed[: len(first)] != first or printed[end:] != last:
        return False
    at = len(first)
    for piece in middle:
        found = next((i for i in range(at, end - len(piece) + 1) if printed[i : i + len(piece)] == piece), None)
        if found is None:
            return False
        at = found + len(piece)
    return at <= end


CONSOLE = [block for page in PAGES for block in blocks_of(page, "console")]


@pytest.mark.parametrize("block", CONSOLE, ids=[block.name for block in CONSOLE])
def test_console(
    block: Block, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    code = 0
    for command, shown in commands_of(block):
        words = shlex.split(command)
        if words[0] == "netweight":
            code = run(words[1:])
        elif words[0] == "python" and words[1].startswith("examples/"):
            pytest.importorskip("sklearn", reason="the photograph comes with scikit-learn")
            code = subprocess.run([sys.executable, ROOT / words[1], *words[2:]], check=False).returncode
        elif command == "echo $?":
            sys.stdout.write(f"{code}\n")
        else:
            continue
        out, err = capfd.readouterr()
        printed = [line.rstrip() for line in (out + err).rstrip().splitlines()]
        difference = difflib.unified_diff(shown, printed, "the page", "the command", n=0, lineterm="")
        assert fits(printed, shown), "\n".join((f"{block.name}: $ {command}", *difference))


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_python(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "example"}
    for block in blocks_of(page, "python"):
        if ">>> " in block.text:
            example = doctest.DocTestParser().get_doctest(block.text, names, block.name, str(page), block.line)
            report: list[str] = []
            result = doctest.DocTestRunner(optionflags=FLAGS).run(example, out=report.append, clear_globs=False)
            assert not result.failed, "".join(report)
            names.update(example.globs)
        else:
            # Line numbers of the page in tracebacks.
            code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
            exec(code, names)  # noqa: S102


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links(page: Path) -> None:
    """Files that a page points to are there."""
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert not missing


@pytest.mark.parametrize(
    ("printed", "shown", "expected"),
    [
        ("a b c", "a b c", True),
        ("a b c", "a b", False),
        ("a b", "a b c", False),
        ("a b c", "...", True),
        ("a b c", "a ...", True),
        ("a b c", "... c", True),
        ("a b c d", "a ... c ...", True),
        ("a b c d", "a ... d c", False),
        ("a b a b", "... a b", True),
        ("a b c", "b ...", False),
        ("a b c", "... b", False),
        ("a b", "a b ... b", False),
        ("a", "... a ... a", False),
    ],
)
def test_elided_lines(printed: str, shown: str, *, expected: bool) -> None:
    assert fits(printed.split(), shown.split()) == expected


def test_the_pages_have_examples() -> None:
    assert len(CONSOLE) >= 5
