"""The devices by name: those that have a file beside this one, and those of the user, which come first."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from netweight.analysis.devices.read import read_device
from netweight.errors import unknown_name
from netweight.results.device import Device

_FOLDER = Path(__file__).parent
_SUFFIX = ".toml"


def users_folder() -> Path:
    """Where a user keeps device files: ``netweight/devices`` in ``$XDG_CONFIG_HOME``, by default in ``~/.config``."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "netweight" / "devices"


def devices() -> dict[str, Device]:
    """Every device by its name, in the order of names; the user's instead of ours of the same name.

    Raises:
        FormatError: If a file of the user's is none of a device.
    """
    own = {path.stem.lower(): read_device(path, origin=str(path)) for path in sorted(users_folder().glob("*.toml"))}
    return dict(sorted({**_shipped(), **own}.items()))


@cache
def _shipped() -> dict[str, Device]:
    return {path.stem: read_device(path) for path in sorted(_FOLDER.glob("*.toml"))}


def device(name: str) -> Device:
    """The device of that name, whichever way it is capitalised, or of a file: ``"./my.toml"``.

    >>> device("STM32F746").memory["sram"].nbytes
    327680

    Raises:
        UnknownNameError: If there is none.
        FormatError: If the file is none of a device.
        UsageError: If the file cannot be read.
    """
    if name.lower().endswith(_SUFFIX) or os.sep in name:
        return read_device(Path(name), origin=name)
    found = devices()
    by_alias = {alias: own.name for own in found.values() for alias in own.aliases}
    own = by_alias.get(name.lower(), name.lower())
    if own not in found:
        raise unknown_name(
            "device", name, [*found, *by_alias], fix=f"known: {', '.join(found)}; or a file: ./{name}.toml"
        )
    return found[own]
