"""Which counter of energy this machine has."""

from __future__ import annotations

from pathlib import Path

from netweight.metering.meter import Meter, Missing
from netweight.metering.nvml import nvml
from netweight.metering.rapl import rapl


def meter(which: str = "cpu", root: Path = Path("/")) -> Meter | Missing:
    """The counter of the processors or of the GPUs.

    Args:
        which: ``"cpu"`` or ``"gpu"``.
        root: Folder that has ``sys``.
    """
    return nvml() if which == "gpu" else rapl(root)
