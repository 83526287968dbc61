"""PyTorch modules: what a forward does, recorded without running it."""

import importlib
import pkgutil

from netweight.sources.torch import lower
from netweight.sources.torch.module import Capture, capture_module

for _family in pkgutil.iter_modules(lower.__path__):
    importlib.import_module(f"{lower.__name__}.{_family.name}")

__all__ = ["Capture", "capture_module"]
