"""Which file and line of its author a call comes from."""

from __future__ import annotations

from pathlib import Path
from types import FrameType


class AuthoredFiles(dict[str, str]):
    """Name of a file without its folders, by its path; nothing for files in folders that no author of a model wrote.

    >>> AuthoredFiles("/usr/lib/").innermost(None)
    ('', 0)
    """

    def __init__(self, *others: str) -> None:
        super().__init__()
        self._others = others

    def __missing__(self, path: str) -> str:
        name = self[path] = "" if path.startswith(self._others) else Path(path).name
        return name

    def innermost(self, frame: FrameType | None) -> tuple[str, int]:
        """File and line of the first caller that an author wrote, the frame itself included."""
        while frame is not None:
            name = self[frame.f_code.co_filename]
            if name:
                return name, frame.f_lineno
            frame = frame.f_back
        return "", 0
