"""PyTorch's calls: histogram."""

from __future__ import annotations

import torch

CALLS = {"histc": lambda attrs, x: torch.histc(x, attrs.bins, attrs.min, attrs.max)}
