"""docs/netweight.1 is what ``--help`` prints now: every command, every flag, every text."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from netweight.cli.main import cli

ROOT = Path(__file__).parent.parent.parent
TOP = click.Context(cli, info_name="netweight")
PAGE = (ROOT / "docs" / "netweight.1").read_text(encoding="utf-8")
PLAIN = PAGE.replace("\\-", "-").replace("\\fB", "").replace("\\fR", "").replace("\\(aq", "'").replace("\\(ga", "`")


def test_the_page_is_current() -> None:
    subprocess.run([sys.executable, ROOT / "scripts" / "man-page", "--check"], check=True)


@pytest.mark.parametrize("name", cli.list_commands(TOP))
def test_a_command_has_its_flags_and_their_texts_under_its_heading(name: str) -> None:
    command = cli.get_command(TOP, name)
    assert command is not None
    _, found, rest = PLAIN.partition(f"\n.SS netweight {name} ")
    assert found
    section = rest.partition("\n.S")[0]
    options = [param for param in command.params if isinstance(param, click.Option) and not param.hidden]
    flags = [flag for option in options for flag in (*option.opts, *option.secondary_opts)]
    heads = [line for above, line in zip(section.split("\n"), section.split("\n")[1:], strict=False) if above == ".TP"]
    shown = {word.strip(",") for line in heads for word in line.split()}
    assert [flag for flag in [*flags, "--help"] if flag not in shown] == []
    assert [option.name for option in options if " ".join((option.help or "").split()) not in section] == []


def test_only_requests_begin_with_a_dot_or_a_quote() -> None:
    """A text that begins so would be read as a request, and its line lost."""
    first = {line.split(" ")[0] for line in PAGE.split("\n") if line[:1] in {".", "'"}}
    assert first == {'.\\"', ".TH", ".SH", ".SS", ".PP", ".TP", ".br", ".nf", ".fi"}
    assert PAGE.isascii()
