"""Weigh a neural network: parameters, MACs, memory, receptive field, layer by layer, and why."""

from __future__ import annotations

import importlib

from netweight.version import __version__ as __version__

TYPE_CHECKING = False  # that of typing would be imported before the command hears of signals
if TYPE_CHECKING:
    from typing import Any

    from netweight import build
    from netweight.app.bench import bench
    from netweight.app.calibrate import calibrate
    from netweight.app.compare import compare
    from netweight.app.devices import devices
    from netweight.app.doctor import doctor
    from netweight.app.energy import energy
    from netweight.app.evaluate import evaluate
    from netweight.app.explain import explain
    from netweight.app.export import export
    from netweight.app.fit import fit
    from netweight.app.gradcheck import gradcheck
    from netweight.app.gradients import gradients
    from netweight.app.latency import latency
    from netweight.app.load import capture
    from netweight.app.memory import memory
    from netweight.app.models import models
    from netweight.app.plan import plan
    from netweight.app.profile import Profile
    from netweight.app.run import run
    from netweight.app.throughput import throughput
    from netweight.app.train import train
    from netweight.app.weigh import weigh
    from netweight.errors import (
        CaptureError,
        DivergedError,
        EngineError,
        FormatError,
        GraphError,
        LimitError,
        MissingExtraError,
        NetweightError,
        RuleError,
        ShapeError,
        UnknownNameError,
        UnsupportedOpError,
        UsageError,
    )
    from netweight.ir import Graph, TensorSpec
    from netweight.ops.table import Cost
    from netweight.own_rules.answer import Counted
    from netweight.own_rules.table import rule, rules
    from netweight.runtime.backward import backward
    from netweight.runtime.weights import initialize

__all__ = [
    "CaptureError",
    "Cost",
    "Counted",
    "DivergedError",
    "EngineError",
    "FormatError",
    "Graph",
    "GraphError",
    "LimitError",
    "MissingExtraError",
    "NetweightError",
    "Profile",
    "RuleError",
    "ShapeError",
    "TensorSpec",
    "UnknownNameError",
    "UnsupportedOpError",
    "UsageError",
    "backward",
    "bench",
    "build",
    "calibrate",
    "capture",
    "compare",
    "devices",
    "doctor",
    "energy",
    "evaluate",
    "explain",
    "export",
    "fit",
    "gradcheck",
    "gradients",
    "initialize",
    "latency",
    "memory",
    "models",
    "plan",
    "rule",
    "rules",
    "run",
    "throughput",
    "train",
    "weigh",
]

_ERRORS = (
    "CaptureError",
    "FormatError",
    "GraphError",
    "LimitError",
    "MissingExtraError",
    "NetweightError",
    "DivergedError",
    "EngineError",
    "RuleError",
    "ShapeError",
    "UnknownNameError",
    "UnsupportedOpError",
    "UsageError",
)
# A name is imported when it is first used: the command starts in the time that its own job needs.
_HOMES = {
    "Profile": "app.profile",
    "capture": "app.load",
    **{
        verb: f"app.{verb}"
        for verb in (
            "bench",
            "calibrate",
            "compare",
            "devices",
            "doctor",
            "energy",
            "evaluate",
            "explain",
            "export",
            "fit",
            "gradcheck",
            "gradients",
            "latency",
            "memory",
            "models",
            "plan",
            "run",
            "throughput",
            "train",
            "weigh",
        )
    },
    **dict.fromkeys(_ERRORS, "errors"),
    **dict.fromkeys(("Graph", "TensorSpec"), "ir"),
    "Cost": "ops.table",
    "Counted": "own_rules.answer",
    **dict.fromkeys(("rule", "rules"), "own_rules.table"),
    "backward": "runtime.backward",
    "initialize": "runtime.weights",
}


def __getattr__(name: str) -> Any:
    if name == "build":
        return importlib.import_module("netweight.build")
    if name not in _HOMES:
        raise AttributeError(f"module 'netweight' has no attribute {name!r}")
    return getattr(importlib.import_module(f"netweight.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
