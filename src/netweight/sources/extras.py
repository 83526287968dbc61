"""Packages that netweight can use: what to do about one that is missing or does not import."""

from __future__ import annotations

import importlib

from netweight import progress
from netweight.errors import MissingExtraError, text_of

OLDEST_TORCH = (2, 6)
_INSTALL = {package: f"pip install 'netweight[{package}]'" for package in ("onnx", "pandas", "torch")}


def first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    lines = text_of(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def root_of(error: BaseException) -> BaseException:
    """The error that led to this one, and so on to the first."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def install(package: str) -> str:
    """The command that installs a package."""
    return _INSTALL.get(package, f"pip install {package}")


def cure(package: str, reason: str) -> str:
    """What to do about a package that is installed and does not import, for this reason."""
    if "torchvision::" in reason or "partially initialized module 'torchvision" in reason:
        return (
            "torchvision was built for another PyTorch: install both together, as PyTorch's installation page says "
            "for this machine"
        )
    return f"pip install --force-reinstall {package}; python -c 'import {package}' shows all of the error"


def need_torch() -> None:
    """Import PyTorch.

    Raises:
        MissingExtraError: If it is not installed, or does not import.
    """
    try:
        with progress.stage("importing PyTorch"):
            importlib.import_module("torch")
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name == "torch":
            raise MissingExtraError("model: expected PyTorch for this model, got none", fix=install("torch")) from error
        reason = root_of(error)
        message = f"model: expected PyTorch to import, got {first_line(reason)}"
        raise MissingExtraError(message, fix=cure("torch", str(reason))) from error
