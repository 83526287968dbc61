"""A module that a text names: in the user's own code, or an architecture of a package."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from netweight import progress
from netweight.errors import CaptureError, UsageError, text_of, unknown_name
from netweight.sources.names import Reference
from netweight.sources.torch.named.making import NamedModule, call, failed
from netweight.sources.torch.named.timm import from_timm
from netweight.sources.torch.named.torchvision import from_torchvision
from netweight.sources.torch.named.transformers import from_transformers

_PACKAGES: dict[str, Callable[[Reference, int], NamedModule]] = {
    "torchvision": from_torchvision,
    "timm": from_timm,
    "hf": from_transformers,
}


@contextmanager
def named_module(reference: Reference, *, batch: int = 1) -> Iterator[NamedModule]:
    """The module that ``reference`` names, while what it imports later can be found.

    A module is looked for as ``python -m`` does, first in the current directory; a file runs as ``python FILE`` does,
    with the modules beside it in reach, and after them those of the current directory.

    Args:
        reference: What to make.
        batch: Samples at once, in inputs that follow from the architecture.

    Raises:
        UnknownNameError: If there is no such module, file, name or architecture.
        MissingExtraError: If the package that has it is not installed, or does not import.
        CaptureError: If the code raises, or makes something else.
    """
    match reference.kind:
        case "package":
            with progress.stage(f"making {reference}"):
                made = _PACKAGES[reference.place](reference, batch)
            yield made
        case "file":
            path = Path(reference.place)
            with _importing(str(path.resolve().parent), str(Path.cwd())), _executed(path) as code:
                yield _made(_attribute(code, reference), reference)
        case _:
            with _importing(str(Path.cwd())):
                yield _made(_attribute(_imported(reference.place), reference), reference)


@contextmanager
def _importing(*directories: str) -> Iterator[None]:
    """Modules of those directories can be imported, the first directory first."""
    sys.path[:0] = directories
    importlib.invalidate_caches()
    try:
        yield
    finally:
        for directory in directories:
            if directory in sys.path:
                sys.path.remove(directory)


def _imported(name: str) -> ModuleType:
    try:
        with progress.stage(f"importing {name}"):
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise failed(f"module {name!r} to import", error) from error
        parent, _, _ = error.name.rpartition(".")
        paths = getattr(sys.modules.get(parent), "__path__", []) if parent else [str(Path.cwd())]
        beside = [".".join(filter(None, (parent, found.name))) for found in pkgutil.iter_modules(paths)]
        fix = "it is looked for as by `python -m`, first in the current directory; a file is named FILE.py:NAME"
        missing = unknown_name("Python module", error.name, beside, fix=fix)
        missing.why = text_of(error)
        raise missing from error
    except (Exception, SystemExit, GeneratorExit) as error:
        raise failed(f"module {name!r} to import", error) from error


@contextmanager
def _executed(path: Path) -> Iterator[ModuleType]:
    """The module of a Python file, executed anew; it is in ``sys.modules`` meanwhile."""
    name = path.stem if path.stem not in sys.modules else f"{path.stem}_as_model"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    code = importlib.util.module_from_spec(spec)
    sys.modules[name] = code
    try:
        try:
            with progress.stage(f"running {path.name}"):
                spec.loader.exec_module(code)
        except (Exception, SystemExit, GeneratorExit) as error:
            raise failed(f"{str(path)!r} to import", error) from error
        yield code
    finally:
        sys.modules.pop(name, None)


def _attribute(code: ModuleType, reference: Reference) -> Any:
    found: Any = code
    for part in reference.name.split("."):
        if not hasattr(found, part):
            known = {name: getattr(found, name) for name in vars(found) if _makes(name, getattr(found, name))}
            own = [name for name, value in known.items() if getattr(value, "__module__", "") == code.__name__]
            fix = f"it has {', '.join((own or list(known))[:5])}" if known else ""
            raise unknown_name(f"name in {reference.place}", part, known, fix=fix)
        found = getattr(found, part)
    return found


def _makes(name: str, value: Any) -> bool:
    return not name.startswith("_") and (callable(value) or isinstance(value, torch.nn.Module))


def _made(found: Any, reference: Reference) -> NamedModule:
    """The module, and its inputs if they come with it."""
    if not isinstance(found, torch.nn.Module) and callable(found):
        with progress.stage(f"making {reference}"):
            found = call(found, reference)
    elif reference.options:
        raise UsageError(f"model: expected no options, as {reference} is a module, got {', '.join(reference.options)}")
    inputs = None
    if isinstance(found, tuple) and len(found) == 2:
        found, inputs = found
    if not isinstance(found, torch.nn.Module):
        wanted = "a torch.nn.Module, or (module, inputs)"
        fix = "the function has no return" if found is None else ""
        raise CaptureError(f"model: expected {reference} to be or return {wanted}, got {_described(found)}", fix=fix)
    notes = () if inputs is None else (f"the input is the one that {reference} returns",)
    return NamedModule(module=found, inputs=inputs, input_notes=notes)


def _described(found: Any) -> str:
    if found is None:
        return "None"
    if isinstance(found, tuple):
        return f"a tuple of {', '.join(type(item).__name__ for item in found) or 'nothing'}"
    return f"a value of type {type(found).__name__}"
