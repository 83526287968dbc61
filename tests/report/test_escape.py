"""Characters that act on a terminal, or are not seen there, are printed as escapes."""

import re

import pytest

from netweight.report.escape import _CONTROL, plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("conv1 \N{FULL BLOCK} \N{GREEK SMALL LETTER ALPHA}", "conv1 \N{FULL BLOCK} \N{GREEK SMALL LETTER ALPHA}"),
        ("a\x1b[31m", "a\\x1b[31m"),
        ("a\nb", "a\\nb"),
        ("\N{FULL BLOCK}\N{RIGHT-TO-LEFT OVERRIDE}", "\N{FULL BLOCK}\\u202e"),
        ("\N{NO-BREAK SPACE}a", "\N{NO-BREAK SPACE}a"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_is_escaped(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_what_is_printable_has_nothing_to_escape() -> None:
    """``plain`` looks no further there."""
    printable = "".join(filter(str.isprintable, map(chr, range(0x110000))))
    assert len(printable) > 100_000
    assert re.search(_CONTROL, printable) is None
