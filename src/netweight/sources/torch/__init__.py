"""PyTorch modules: what a forward does, recorded without running it."""

import importlib
import pkgutil

from netweight.sources.torch import lower
from netweight.sources.torch.module import Capture, capture_module

for _file in pkgutil.walk_packages(lower.__path__, f"{lower.__name__}."):
    importlib.import_module(_file.name)

__all__ = ["Capture", "capture_module"]
