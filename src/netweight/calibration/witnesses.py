"""Whole networks that say how far sums of laws are off; no law is fitted to them, and all of them are small."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from netweight import zoo
from netweight.ir import Graph

WITNESSES: Mapping[str, Mapping[str, Any]] = {
    "resnet34": {"resolution": 128},
    "mobilenet_v2": {"width": 0.5, "resolution": 160},
    "googlenet-3x3": {"resolution": 128},
    "densenet169": {"resolution": 96},
    "nin": {},
    "transformer_encoder": {"depth": 2},
    "vit_b_32": {"depth": 3, "embed_dim": 384, "num_heads": 6, "mlp_dim": 1536},
}
"""Names of built-in networks, with options that make them small."""


def witnesses() -> Iterator[Graph]:
    """Each of them, under a name that says its options."""
    for name, options in WITNESSES.items():
        said = ",".join(f"{key}={value}" for key, value in options.items())
        yield replace(zoo.make(name, **options), name=f"{name}:{said}" if said else name)
