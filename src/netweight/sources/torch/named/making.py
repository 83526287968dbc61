"""Modules made by the user's code or a package: what comes out, and the error if that code fails."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from netweight.errors import CaptureError, MissingExtraError, NetweightError, text_of
from netweight.ir import Stored
from netweight.sources.extras import cure, first_line, install, root_of
from netweight.sources.names import Reference
from netweight.sources.torch.named.without_numbers import numbers_while_few, parameters_without_numbers

NO_CACHE = "no keys and values are kept for a next call"
"""Note on a model that could keep some."""
_NOT_THEIRS = (str(Path(importlib.__file__).parent), str(Path(torch.__file__).parent), "<frozen", __file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedModule:
    """A module to capture.

    Attributes:
        module: The module.
        inputs: What to call it with, None where that is not known.
        source: Where it came from, for the heading.
        name: What to call it; the module's class if empty.
        notes: What a reader must know of how it was made.
        input_notes: What a reader must know of ``inputs``, if they are used.
        stored: How parameters are kept, by name, where their tensors do not say it.
        guesses: Those of the notes after which figures may not be exact.
    """

    module: torch.nn.Module
    inputs: Any = None
    source: str = "pytorch"
    name: str = ""
    notes: tuple[str, ...] = ()
    input_notes: tuple[str, ...] = ()
    stored: Mapping[str, Stored] = field(default_factory=dict)
    guesses: tuple[str, ...] = ()


def call(function: Callable[..., Any], reference: Reference) -> Any:
    """What a function returns for the user's options.

    Raises:
        CaptureError: If it raises.
    """
    try:
        return function(**reference.options)
    except NetweightError:
        raise
    except (Exception, SystemExit, GeneratorExit) as error:
        raised = failed(f"{reference} to give a module", error)
        if isinstance(error, TypeError) and "argument" in text_of(error):
            raised.fix = f"arguments are given as options: {reference}:NAME=VALUE,NAME=VALUE"
        raise raised from error


def call_on_meta(function: Callable[..., Any], reference: Reference) -> torch.nn.Module:
    """What ``call`` returns, with parameters that take no memory, and small buffers that have their numbers.

    Code may fail so because it mixes large tensors without numbers and small ones with them. Then all lies on the meta
    device; or only the parameters do, where code reads numbers, as those of ``linspace(0, 1, n)`` for stochastic depth.

    Raises:
        CaptureError: If it raises each way.
    """
    for ways in ((numbers_while_few(), parameters_without_numbers()), (torch.device("meta"),)):
        try:
            with ExitStack() as stack:
                for way in ways:
                    stack.enter_context(way)
                return call(function, reference)
        except CaptureError:
            continue
    with parameters_without_numbers():
        return call(function, reference)


def failed(expected: str, error: BaseException) -> CaptureError:
    """The error for code of others that raised: what it raised, and in which file and line."""
    raised = CaptureError(f"model: expected {expected}, got {first_line(error)}")
    frames = traceback.extract_tb(error.__traceback__)
    places = [(frame.filename, frame.lineno) for frame in frames if not frame.filename.startswith(_NOT_THEIRS)]
    if isinstance(error, SyntaxError) and error.filename:
        places = [(error.filename, error.lineno)]
    if places:
        raised.add_note(f"from {Path(places[-1][0]).name}:{places[-1][1]}")
    if isinstance(error, ImportError) and "relative import" in text_of(error):
        raised.fix = "a file of a package is named by its module: package.module:NAME"
    elif isinstance(error, ModuleNotFoundError):
        raised.fix = f"install {error.name} beside netweight, in {sys.prefix}"
    return raised


def import_package(name: str, prefix: str) -> Any:
    """A package that has architectures.

    Raises:
        MissingExtraError: If it is not installed, or does not import.
    """
    try:
        return importlib.import_module(name)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name == name:
            message = f"model: expected {name}, which has the architectures of {prefix}:, got none"
            raise MissingExtraError(message, fix=install(name)) from error
        reason = root_of(error)
        message = f"model: expected {name} to import, for {prefix}:, got {first_line(reason)}"
        raise MissingExtraError(message, fix=cure(name, str(reason))) from error
