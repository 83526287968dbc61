"""docs/api.md is what the signatures and docstrings say now, and each of these is complete in itself."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import netweight
from netweight import build

ROOT = Path(__file__).parent.parent
PUBLIC = {name: getattr(netweight, name) for name in netweight.__all__ if name != "build"}


def test_the_page_is_current() -> None:
    subprocess.run([sys.executable, ROOT / "scripts" / "api-page", "--check"], check=True)


def test_every_public_name_is_on_it() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert [name for name in PUBLIC if f"## `netweight.{name}`" not in page] == []
    assert [name for name in build.__all__ if f"- `{name}" not in page] == []


def test_docstrings_refer_to_no_other() -> None:
    for name, value in PUBLIC.items():
        assert value.__doc__, name
        assert not re.search(r"\bAs (for )?``", value.__doc__), name


def test_signatures_are_real() -> None:
    """An editor can complete what a function takes; only a function that passes options on does not know them."""
    for name, value in {**PUBLIC, **{name: getattr(build, name) for name in build.__all__}}.items():
        if inspect.isfunction(value) and name not in ("graph", "gru", "lstm", "rnn"):
            kinds = {parameter.kind for parameter in inspect.signature(value).parameters.values()}
            assert inspect.Parameter.VAR_KEYWORD not in kinds, name
