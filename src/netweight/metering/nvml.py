"""The energy of NVIDIA's GPUs, as their driver counts it.

Source: nvmlDeviceGetTotalEnergyConsumption, millijoules since the driver was loaded; Volta and later.
"""

from __future__ import annotations

import importlib

from netweight.metering.meter import Meter, Missing

_MILLI = 1e-3


def nvml() -> Meter | Missing:
    """The sum of all GPUs."""
    try:
        library = importlib.import_module("pynvml")
    except ImportError:
        return Missing(reason="NVML needs a package: pip install 'netweight[hw]'")
    try:
        library.nvmlInit()
        handles = [library.nvmlDeviceGetHandleByIndex(at) for at in range(library.nvmlDeviceGetCount())]
        for handle in handles:
            library.nvmlDeviceGetTotalEnergyConsumption(handle)
    except library.NVMLError as error:
        return Missing(reason=f"no GPU whose energy NVML counts: {error}")
    if not handles:
        return Missing(reason="no GPU whose energy NVML counts: NVML finds none")

    def read() -> float:
        try:
            return sum(library.nvmlDeviceGetTotalEnergyConsumption(handle) for handle in handles) * _MILLI
        except library.NVMLError as error:
            raise OSError(str(error)) from error

    return Meter(name=f"NVML, {len(handles)} GPU{'s' * (len(handles) != 1)}", read_j=read)
