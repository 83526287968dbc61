"""Lines of the user's code that an error came through."""

from __future__ import annotations

import linecache
import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType, TracebackType

import torch

from netweight.results.fault import Line

_PACKAGES = ("site-packages", "dist-packages")
_TORCH = str(Path(torch.__file__).parent) + os.sep
_HERE = str(Path(__file__).parents[3]) + os.sep
_LIBRARY = sysconfig.get_path("stdlib") + os.sep


def frames_of(error: BaseException) -> list[tuple[FrameType, int]]:
    """Frames that the error came through and that neither PyTorch nor netweight wrote, outermost first."""
    return [(frame, line) for frame, line in _steps(error.__traceback__) if _is_authored(frame.f_code)]


def _steps(step: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    while step is not None:
        yield step.tb_frame, step.tb_lineno
        step = step.tb_next


def _is_authored(code: CodeType) -> bool:
    file = code.co_filename
    return not file.startswith((_TORCH, _HERE, "<frozen ", "<string>", "<__array_function__"))


def is_own(file: str) -> bool:
    """Whether the user wrote a file: it is neither of a package that is installed nor of Python."""
    return not any(f"{os.sep}{name}{os.sep}" in file for name in _PACKAGES) and not file.startswith(_LIBRARY)


def own_frame(error: BaseException) -> tuple[FrameType, int] | None:
    """The innermost frame of the user's own code; of a package if there is none of the user's."""
    frames = frames_of(error)
    own = [found for found in frames if is_own(found[0].f_code.co_filename)]
    return (own or frames)[-1] if frames else None


def lines_of(error: BaseException) -> tuple[Line, ...]:
    """Where in the user's own code, and where in a package below it that it calls."""
    frames = frames_of(error)
    shown = own_frame(error)
    if shown is None:
        return ()
    deepest = frames[-1]
    return tuple(line_at(frame.f_code.co_filename, line) for frame, line in dict.fromkeys((shown, deepest)))


def line_at(file: str, number: int) -> Line:
    """A line of a file, with what is written there."""
    return Line(file=shown_file(file), line=number, code=linecache.getline(file, number).strip())


def shown_file(file: str) -> str:
    """A file as seen from the working directory, or from the folder that Python imports it from."""
    path = Path(file)
    if not path.is_absolute():
        return file
    folders = (Path.cwd(), *(Path(entry) for entry in sys.path if entry and _is_package_folder(entry)))
    for folder in folders:
        if path.is_relative_to(folder):
            return str(path.relative_to(folder))
    return path.name


def _is_package_folder(entry: str) -> bool:
    return Path(entry).name in _PACKAGES
