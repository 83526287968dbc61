"""Every error a caller may want to catch.

NetweightError
├── UsageError            E101  an argument is not one we accept
│   └── UnknownNameError  E102  ... because no model, layer, term or convention has that name
├── ShapeError            E103  an operator cannot accept these shapes or attributes
├── CaptureError          E104  the model could not be turned into a graph
│   └── UnsupportedOpError  E105  ... because it uses an operator we do not know
├── GraphError            E106  a graph contradicts itself
├── FormatError           E107  a file is not what it should be
├── MissingExtraError     E108  an optional dependency is not installed
├── LimitError            E109  a run goes further than a model of somebody else's may
├── RuleError             E110  a rule that a user wrote is wrong
├── EngineError           E111  an engine does not run the network
└── DivergedError         E112  the loss of a training is no number any more
"""

import re
from collections.abc import Iterable
from typing import ClassVar, Self

from netweight.similar import similar

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


class Either(str):
    """Text for Python, beside which stands that for the command.

    >>> text = Either("training=True", "--training")
    >>> str(text), text.command
    ('training=True', '--training')

    Attributes:
        command: The same as flags.
    """

    command: str

    def __new__(cls, python: str, command: str) -> Self:
        """The text that Python shows."""
        made = super().__new__(cls, python)
        made.command = command
        return made


class NetweightError(Exception):
    """Base class: ``except NetweightError`` catches everything netweight raises on purpose.

    Its text, which a traceback ends with, is the message and, on lines of their own, ``why`` and ``fix``.

    >>> print(NetweightError("no network is called 'alexnt'", fix="did you mean alexnet?"))
    no network is called 'alexnt'
      fix: did you mean alexnet?

    Attributes:
        code: Stable code of the kind of error; ``netweight explain E103`` says what it means.
        message: What was expected, and what was found.
        why: What led to it, where the message alone does not say; a line for each reason.
        fix: What to do about it; a line for each way. Some speak in flags of the command; the text has keywords.
    """

    code: ClassVar[str] = "E100"

    def __init__(self, message: str, *, why: str = "", fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        from netweight.spelling import in_python

        parts = (("why", self.why), ("fix", in_python(self.fix) if self.fix else ""))
        lines = (f"  {name}: {line}" for name, text in parts for line in text.splitlines())
        return "\n".join([self.message, *lines])


class UsageError(NetweightError, ValueError):
    """An argument is not one we accept."""

    code = "E101"


class UnknownNameError(UsageError, KeyError):
    """No model, layer, term or convention has that name."""

    code = "E102"


class ShapeError(NetweightError, ValueError):
    """An operator cannot accept the given shapes or attributes."""

    code = "E103"


class CaptureError(NetweightError):
    """The model could not be turned into a graph."""

    code = "E104"


class UnsupportedOpError(CaptureError):
    """The model uses an operator that has no definition in ``netweight.ops``."""

    code = "E105"


class GraphError(NetweightError, ValueError):
    """A graph contradicts itself: an undefined value, a cycle, a name used twice."""

    code = "E106"


class FormatError(NetweightError, ValueError):
    """A file is unreadable, truncated or of another kind."""

    code = "E107"


class MissingExtraError(NetweightError, ImportError):
    """An optional dependency is not installed."""

    code = "E108"


class LimitError(NetweightError, ValueError):
    """A run has more steps, more work in one or more memory than a model of somebody else's may have."""

    code = "E109"


class RuleError(NetweightError):
    """A rule that a user wrote for an operator of his own raises, or says what cannot be."""

    code = "E110"


class EngineError(NetweightError):
    """An engine does not import, refuses the network, or fails while it runs it; its own words are in it."""

    code = "E111"


class DivergedError(NetweightError):
    """The loss of a training is no number any more."""

    code = "E112"


def in_command(text: str) -> str:
    """What to do about an error as the command prints it."""
    return text.command if isinstance(text, Either) else text


def text_of(error: BaseException) -> str:
    """What an error of somebody else's says; some cannot even say that. Of one of ours the message alone.

    Addresses of objects, which differ from call to call, are left out.

    >>> text_of(ValueError("no rule for <function f at 0x7f369736d2d0>"))
    'no rule for <function f>'
    """
    try:
        return _ADDRESS.sub("", error.message if isinstance(error, NetweightError) else str(error))
    except KeyboardInterrupt:
        raise
    except BaseException as worse:
        return f"(its text cannot be made: {type(worse).__name__})"


def unknown_name(kind: str, name: str, known: Iterable[str], *, fix: str = "") -> UnknownNameError:
    """Error for a ``name`` that is not among ``known``, with the closest ones as a suggestion."""
    near = similar(name, known)
    suggestion = f"did you mean {' or '.join(near)}?" if near else fix
    return UnknownNameError(f"no {kind} is called {name!r}", fix=suggestion)
