"""Names from files are data: no control characters reach a terminal, no markup a document, no formula a sheet."""

import re

_CONTROL = (
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f\ud800-\udfff]"
)
"""What acts on a terminal or is not seen there: controls, directions, breaks, tags, halves of characters.

None of them is printable, so that text which is needs no search; to compile this takes milliseconds.
"""


def plain(text: str) -> str:
    r"""Control and direction characters as escapes; what joins emoji stays.

    >>> plain("conv\x1b[31m")
    'conv\\x1b[31m'
    """
    if text.isprintable():
        return text
    from netweight.report.emoji import JOINED

    return re.sub(f"({JOINED})|{_CONTROL}", lambda match: match[1] or match[0].encode("unicode_escape").decode(), text)


def markdown(text: str) -> str:
    r"""As ``plain``, and characters that Markdown reads as markup escaped.

    >>> markdown("a|b_c")
    'a\\|b\\_c'
    """
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", plain(text))


def csv_cell(text: str) -> str:
    """As ``plain``, and a quote before what a spreadsheet would run as a formula.

    >>> csv_cell("=1+1")
    "'=1+1"
    """
    safe = plain(text)
    return f"'{safe}" if safe[:1] in ("=", "+", "-", "@") else safe
