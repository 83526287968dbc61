"""Packages of engines: imported when they are used, refused in their own words."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType

from netweight.engines.engine import Session
from netweight.errors import EngineError, MissingExtraError, text_of

_WORDS = 300


def imported(module: str, extra: str, engine: str) -> ModuleType:
    """A package of an engine.

    Raises:
        MissingExtraError: If it is not installed.
        EngineError: If it is installed and does not import.
    """
    try:
        return importlib.import_module(module)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name == module.partition(".")[0]:
            raise MissingExtraError(
                f"engine: expected {engine}, which is not installed", fix=f"pip install 'netweight[{extra}]'"
            ) from None
        raise EngineError(
            f"engine: {engine} is installed and does not import: {said(error)}",
            fix=f"pip install --force-reinstall {extra}",
        ) from error


def version_of(distribution: str, load: Callable[[], object]) -> str:
    """Version of a package that does import.

    Raises:
        MissingExtraError: If it is not installed.
        EngineError: If it is installed and does not import.
    """
    load()
    return importlib.metadata.version(distribution)


def computes_in(session: Session, engine: str, precision: str) -> None:
    """Nothing, if a session computes in a precision that its engine does not change a network to.

    Raises:
        EngineError: If it computes in others.
    """
    used = session.precision or "which it does not say"
    if precision not in used.split(", "):
        session.close()
        raise EngineError(
            f"engine: {engine} computes in the types of the model, {used}, not in {precision}",
            fix="leave --precision out, or give a quantised model" if precision == "int8" else "leave --precision out",
        )


@contextmanager
def in_its_words(engine: str, doing: str) -> Iterator[None]:
    """A block in which what an engine raises becomes an error of ours, with the engine's own words.

    Raises:
        EngineError: If the engine raises.
    """
    try:
        yield
    except EngineError:
        raise
    except (KeyboardInterrupt, MemoryError):
        raise
    except Exception as error:
        raise EngineError(f"engine: {engine} cannot {doing}: {said(error)}", fix="--engine with another one") from error


def said(error: BaseException) -> str:
    """The words of an error, on one line."""
    words = " ".join(text_of(error).split())
    return f"{type(error).__name__}: {words[:_WORDS]}{' ...' if len(words) > _WORDS else ''}"
