"""Why a network could not be followed to its end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of somebody's code.

    Attributes:
        file: Its file, as seen from where the command runs; without folders of packages that are installed.
        line: Its number; 0 of a file that has no lines, of which ``code`` names the part.
        code: What is written there; empty where the file cannot be read.
    """

    file: str
    line: int
    code: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.code}" if self.code else place


@dataclass(frozen=True, slots=True, kw_only=True)
class MetTensor:
    """A tensor that an operator was given when it refused.

    Attributes:
        role: Which argument it is: ``"x"``, ``"weight"``.
        shape: Its sizes.
        dtype: Its element type.
        origin: Where it comes from: ``"48 features = 16 (image) + 32 (table), joined by cat at twoinput.py:15"``.
    """

    role: str
    shape: tuple[int, ...]
    dtype: str
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An error that ended a forward, where it was raised, what met there, and what would fit.

    Attributes:
        error: Class of the error.
        message: What it says, in its own words.
        layer: Path of the module, or name of the node, that was running; empty for the model itself.
        kind: What that is: ``"Linear(26, 1)"``.
        op: The operator that refused, empty if it was none.
        lines: Where in the user's code, the line itself first, then that of a package below it.
        tensors: What the operator was given.
        why: Sentences on how the sizes or types came about.
        fixes: Changes that fit.
    """

    error: str
    message: str
    layer: str = ""
    kind: str = ""
    op: str = ""
    lines: tuple[Line, ...] = ()
    tensors: tuple[MetTensor, ...] = ()
    why: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()
