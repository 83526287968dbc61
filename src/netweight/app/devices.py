"""The devices that bounds are for."""

from __future__ import annotations

from datetime import UTC, datetime

from netweight.analysis.devices.detect import machine
from netweight.analysis.devices.detected import detected
from netweight.analysis.devices.table import device as device_of
from netweight.analysis.devices.table import devices as all_devices
from netweight.app.arguments import text
from netweight.results.device import Device

DETECT = "detect"
"""What this machine is called."""


def devices(name: str | None = None) -> tuple[Device, ...]:
    """Devices with their peak rates, memories and bandwidths, each figure with its source.

    >>> import netweight
    >>> [device.title for device in netweight.devices("stm32h743")]
    ['STM32H743']

    Args:
        name: One of them alone, by its name, another name that it has, or its file; ``"detect"`` for this machine as
            its operating system describes it. All of them by default.

    Raises:
        NetweightError: If there is no such device, or its file is none of a device; the error says what does.
    """
    return tuple(all_devices().values()) if name is None else (find(name),)


def find(name: str) -> Device:
    """The device of a name, or this machine.

    Raises:
        NetweightError: As ``devices`` does.
    """
    if text("device", name) == DETECT:
        return detected(machine(), today=datetime.now(tz=UTC).date())
    return device_of(name)
