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
    own = {name: read_device(path, origin=str(path)) for name, path in _own().items()}
    return dict(sorted({**_shipped(), **own}.items()))


def names() -> dict[str, str]:
    """Titles by name, those of the user's devices empty: what may be completed without reading his files."""
    return {**{name: device.title for name, device in _shipped().items()}, **dict.fromkeys(_own(), "")}


def _own() -> dict[str, Path]:
    """The user's files by the names of their devices."""
    return {path.stem.lower(): path for path in sorted(users_folder().glob(f"*{_SUFFIX}"))}


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
    lower, own, shipped = name.lower(), _own(), _shipped()
    aliases = {alias: device.name for device in shipped.values() for alias in device.aliases}
    for known in (lower, aliases.get(lower, "")):
        if known in own:
            return read_device(own[known], origin=str(own[known]))
        if known in shipped:
            return shipped[known]
    aliases |= {alias: device.name for device in devices().values() for alias in device.aliases}
    if lower in aliases:
        return device(aliases[lower])
    known_names = sorted({**shipped, **own})
    raise unknown_name(
        "device", name, [*known_names, *aliases], fix=f"known: {', '.join(known_names)}; or a file: ./{name}.toml"
    )
