"""Which format a file is written in: its suffix says it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from netweight.errors import UsageError


def form_of(path: Path, forms: Mapping[str, str]) -> str:
    """The format that a suffix stands for.

    Args:
        path: A file to write.
        forms: Formats by suffix.

    Raises:
        UsageError: If it stands for none.
    """
    form = forms.get(path.suffix.lower())
    if form is None:
        example = ".json" if ".json" in forms else next(iter(forms))
        raise UsageError(
            f"output: expected a file name ending in {', '.join(forms)}, got {path.name!r}",
            fix=f"--format {forms[example]} writes to stdout" if path.name == "-" else f"-o {path.stem}{example}",
        )
    return form
