"""What is installed and usable, found by trying."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from netweight.sources.extras import OLDEST_TORCH, cure, first_line, install, root_of

State = Literal["usable", "missing", "broken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """State of one thing netweight can use.

    Attributes:
        name: What it is.
        state: Usable, not there, or there and not working.
        required: Whether netweight needs it.
        detail: Version, or why not and what to do.
    """

    name: str
    state: State
    required: bool
    detail: str


_REQUIRED = ("numpy", "click", "rich")
_MODELS = {
    "onnx": "FILE.onnx",
    "onnxruntime": "engine onnxruntime",
    "openvino": "engine openvino",
    "ai_edge_litert": "engine litert",
    "torch": "PyTorch modules",
    "torchvision": "torchvision:NAME",
    "sklearn": "netweight train --data digits",
    "PIL": "pictures as input and data",
    "safetensors": "checkpoints of netweight train",
    "numba": "faster depthwise convolutions and plans",
    "timm": "timm:NAME",
    "transformers": "hf:PATH_TO_config.json",
}
_PROBE = """
import importlib, sys
for name in sys.argv[1:]:
    try:
        package = importlib.import_module(name)
        if name == "transformers":
            package.PreTrainedModel  # imported when it is first asked for
        line = "usable\\t" + str(getattr(package, "__version__", ""))
        if name == "torch":
            cuda, hip = package.version.cuda, getattr(package.version, "hip", None)
            line += f", for CUDA {cuda}" if cuda else f", for ROCm {hip}" if hip else ", for CPU"
    except BaseException as error:
        while error.__cause__ is not None:
            error = error.__cause__
        said = str(error).strip().splitlines()
        line = f"broken\\t{type(error).__name__}: {said[0]}" if said else f"broken\\t{type(error).__name__}"
    print(f"\\n@\\t{name}\\t{line}", flush=True)
"""


def doctor() -> tuple[Check, ...]:
    """What is installed and usable, and why not: Python, the packages netweight needs, those it can use."""
    import platform

    python = Check(name="python", state="usable", required=True, detail=platform.python_version())
    needed = (_package(name, "needed", install("netweight"), required=True) for name in _REQUIRED)
    pandas = _package("pandas", "for Profile.to_pandas", install("pandas"), required=False)
    return (python, *needed, pandas, *_model_packages())


def _package(name: str, use: str, fix: str, *, required: bool) -> Check:
    import importlib.metadata

    if not _is_installed(name):
        return Check(name=name, state="missing", required=required, detail=f"{use}; {fix}")
    try:
        importlib.import_module(name)
    except Exception as error:
        reason = first_line(root_of(error))
        return Check(name=name, state="broken", required=required, detail=f"installed, does not import: {reason}")
    return Check(name=name, state="usable", required=required, detail=importlib.metadata.version(name))


def _is_installed(name: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(name) is not None


def _model_packages() -> Iterator[Check]:
    """Packages that have or make models; imported in a process of their own, which a broken build may take down."""
    states = _probed([name for name in _MODELS if _is_installed(name)])
    for name, use in _MODELS.items():
        state, said = states.get(name, ("missing", f"for {use}; {install(name)}"))
        if state == "usable" and name == "torch" and _release(said) < OLDEST_TORCH:
            oldest = ".".join(map(str, OLDEST_TORCH))
            state, said = "broken", f"{said}; expected {oldest} or newer: pip install --upgrade torch"
        elif state == "broken":
            said = f"installed, does not import: {said}; {cure(name, said)}"
        yield Check(name=name, state=state, required=False, detail=said)


def _probed(names: Sequence[str]) -> dict[str, tuple[State, str]]:
    """Whether each package imports, and its version or what it says instead."""
    import subprocess
    import sys

    found: dict[str, tuple[State, str]] = {}
    while len(found) < len(names):
        left = [name for name in names if name not in found]
        done = subprocess.run([sys.executable, "-P", "-c", _PROBE, *left], capture_output=True, text=True, check=False)
        for line in done.stdout.splitlines():
            if line.startswith("@\t"):
                _, name, state, said = line.split("\t", 3)
                found[name] = ("usable" if state == "usable" else "broken", said)
        died = next((name for name in left if name not in found), None)
        if died is not None:
            found[died] = ("broken", f"its import ends the process with code {done.returncode}")
    return found


def _release(version: str) -> tuple[int, ...]:
    """Major and minor number: (2, 13) for ``2.13.0+cpu, for CPU``."""
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
